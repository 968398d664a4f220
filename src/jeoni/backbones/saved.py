"""A model folder on disk: found, checked before anything in it is used, and replaced whole when it is written.

``config.json`` carries digests of the other files, and a checksum of itself under ``seal``. These tell accidents;
against intent stand the bounds of :mod:`jeoni.backbones.schema` and the shapes of :mod:`jeoni.backbones.outline`.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from jeoni._version import __version__
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.outline import Shapes
from jeoni.backbones.schema import HEADLESS, SavedConfig, parse_config
from jeoni.backbones.weights import file_sha256, first_line
from jeoni.errors import ConfigError, StorageError, WeightsError
from jeoni.files.regular import open_regular, read_regular
from jeoni.runs import sealed

__all__ = [
    "CONFIG",
    "FORMAT",
    "OF_ANY_TASK",
    "WEIGHTS",
    "SavedModel",
    "backbone_config",
    "find_folder",
    "library_versions",
    "open_model",
    "read_object",
    "replaced_whole",
    "tensors_of",
    "write_weights",
]

OF_ANY_TASK = 2  # models of classification alone are of format 1, which earlier versions read
FORMAT = HEADLESS
CONFIG, WEIGHTS = "config.json", "model.safetensors"
MOST_CONFIG_BYTES = 32 << 20


@dataclass(frozen=True)
class SavedModel:
    """A model folder whose ``config.json`` was checked.

    Attributes:
        folder: where it is.
        config: what ``config.json`` says.
        raw: the same as it was read, with what this version does not know.
        shapes: of all tensors in the weights file, by their names there.
    """

    folder: Path
    config: SavedConfig
    raw: dict[str, Any]
    shapes: Shapes

    @property
    def weights(self) -> Path:
        """The weights file."""
        return self.folder / self.config.weights.file

    def shapes_of(self, part: str) -> dict[str, tuple[int, ...]]:
        """Of ``backbone`` or ``head``, by their names there."""
        return _below(part, self.shapes)

    def state_of(self, part: str) -> dict[str, Tensor]:
        """The tensors of ``backbone`` or ``head``.

        Raises:
            WeightsError: the file is not the one that was saved, or holds NaN or infinity.
        """
        return _below(part, self._tensors)

    @cached_property
    def _tensors(self) -> dict[str, Tensor]:
        try:
            changed = file_sha256(self.weights) != self.config.weights.sha256
            tensors = {} if changed else safetensors.torch.load_file(self.weights)
        except (OSError, SafetensorError) as error:
            raise WeightsError(f"{self.weights} cannot be read ({first_line(error)}). Copy it anew.") from error
        if changed:
            raise WeightsError(
                f"{self.weights} was changed since it was saved: its SHA-256 is not the one in config.json. "
                "Copy it anew."
            )
        for name, tensor in tensors.items():
            if tensor.is_floating_point() and not torch.isfinite(tensor.float()).all():
                raise WeightsError(
                    f"{self.weights} holds NaN or infinity in {name}: nothing can be predicted with it. "
                    "Train the model again, with a lower learning rate if that is where they come from."
                )
        return dict(tensors)


def _below(part: str, named: Any) -> dict[str, Any]:
    prefix = f"{part}."
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}


def find_folder(path: Path) -> Path | None:
    """The model folder that is meant: the folder itself, the run's around it, or the one that a named file lies in."""
    try:
        around = path.parent if path.suffix in (".json", ".safetensors") and path.is_file() else path
        return next((f for f in (around, around / "model") if (f / CONFIG).exists()), None)
    except (OSError, ValueError):  # a name too long, or a folder that may not be looked into
        return None


def open_model(path: Path) -> SavedModel:
    """Check a model folder's ``config.json`` and the header of its weights file; no tensor is read yet.

    Args:
        path: the folder, the run folder around it, or a file in it.

    Raises:
        WeightsError: not a model folder, files missing, a changed byte, a value out of bounds, or a newer format.
    """
    folder = find_folder(path)
    if folder is None:
        raise WeightsError(
            f"{_shown(path)} is not a model folder: {CONFIG} is missing. Needed: the `model` folder of a run."
        )
    origin = folder / CONFIG
    raw = read_object(origin)
    number = raw.get("format")
    if not isinstance(number, int) or number < 1:
        raise WeightsError(f"{origin} is not one that jeoni wrote. Needed: the `model` folder of a run.")
    if number > FORMAT:
        raise WeightsError(
            f"{folder} was written by jeoni {str(raw.get('jeoni'))[:40]}, in a newer format than {__version__} reads. "
            "Upgrade with: pip install --upgrade jeoni"
        )
    if not sealed(raw):
        raise WeightsError(f"{origin} was changed since it was saved; its checksum no longer fits.")
    config = parse_config(raw, str(origin))
    return SavedModel(folder, config, raw, _shapes_in(folder / config.weights.file))


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a regular file of bounded size.

    Raises:
        WeightsError: a device, a folder or a pipe; too large; or not a JSON object.
    """
    try:
        found = json.loads(read_regular(path, MOST_CONFIG_BYTES, follow=True).decode())
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} was changed or damaged: {first_line(error)}.") from error
    if not isinstance(found, dict):
        raise WeightsError(f"{path} is not one that jeoni wrote. Needed: the `model` folder of a run.")
    return found


def _shapes_in(weights: Path) -> dict[str, tuple[int, ...]]:
    """From the header, which the library holds against the size of the file."""
    if not os.path.lexists(weights):
        raise WeightsError(f"{weights.parent} is incomplete: {weights.name} is missing.")
    try:
        open_regular(weights, follow=True).close()  # the library opens it by its path, and would wait for a pipe
        with safe_open(weights, "pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{weights} was changed or damaged since it was saved ({first_line(error)}). Copy it anew."
        ) from error


def _shown(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:200]} …"


def backbone_config(backbone: Backbone) -> dict[str, Any]:
    """What ``config.json`` says of a backbone."""
    return {
        "name": backbone.name,
        "library": backbone.library,
        "preferred": backbone.preferred,
        "architecture": backbone.architecture,
        "arguments": backbone.arguments,
        "kind": backbone.input.kind,
        "input": backbone.input.describe(),
        "provenance": asdict(backbone.provenance),
    }


def library_versions() -> dict[str, str]:
    """Of the libraries that a saved model depends on."""
    return {name: version(name) for name in ("torch", "timm", "safetensors")}


def tensors_of(backbone: nn.Module, head: nn.Module) -> dict[str, Tensor]:
    """The tensors of both as the weights file names them."""
    return {
        f"{part}.{name}": tensor.detach().cpu().contiguous().clone()
        for part, module in (("backbone", backbone), ("head", head))
        for name, tensor in module.state_dict().items()
    }


def write_weights(tensors: dict[str, Tensor], path: Path) -> None:
    """Write a safetensors file with the rights that other new files get: the library makes it the owner's alone."""
    path.touch()
    rights = stat.S_IMODE(path.stat().st_mode)
    safetensors.torch.save_file(tensors, path)
    path.chmod(rights)


@contextmanager
def replaced_whole(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its place when all is written; until then the old one stays as it is.

    Raises:
        ConfigError: something else than a model folder is in its place.
        StorageError: it cannot be written; the old folder is still there.
    """
    target = folder.resolve()
    if os.path.lexists(target) and not _may_be_replaced(target):
        raise ConfigError(f"{folder} exists and is not a model folder; it is left alone. Choose another folder.")
    mark = uuid.uuid4().hex[:8]
    part, old = (target.with_name(f".{target.name}.{mark}.{kind}") for kind in ("part", "old"))
    try:
        part.mkdir(parents=True)
        yield part
        _swap(part, target, old)
    except (OSError, SafetensorError) as error:  # a full disk is a SafetensorError where tensors are written
        reason = getattr(error, "strerror", None) or first_line(error)
        raise StorageError(f"The model cannot be written to {folder}: {reason}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _may_be_replaced(folder: Path) -> bool:
    return folder.is_dir() and ((folder / CONFIG).is_file() or not any(folder.iterdir()))


def _swap(part: Path, target: Path, old: Path) -> None:
    if not target.exists():
        part.rename(target)
        return
    target.rename(old)
    try:
        part.rename(target)
    except OSError:
        with suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
