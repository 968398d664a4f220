"""The state of a training, in one file of plain tensors: written beside its place, then moved there.

It carries a SHA-256 of its content: a flipped byte would be trained on, and end in a loss that is not finite or, worse,
in other weights.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from jeoni.backbones.weights import fingerprint
from jeoni.errors import StorageError
from jeoni.files.regular import is_regular

__all__ = ["DamagedState", "load_state", "pack_optimizer", "save_state", "unpack_optimizer"]


class DamagedState(Exception):  # noqa: N818 - says what it is
    """A file that is not what :func:`save_state` wrote."""


def save_state(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and JSON facts to one safetensors file, whole or not at all.

    Raises:
        StorageError: the disk is full or may not be written.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
        said = json.dumps(dict(facts))
        safetensors.torch.save_file(plain, part, metadata={"facts": said, "sha256": _digest(plain, said)})
        part.replace(path)
    except (OSError, safetensors.SafetensorError) as error:  # the latter where the disk is full
        part.unlink(missing_ok=True)
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise StorageError(f"The checkpoint {path} cannot be written: {why}.") from error


def load_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Read what :func:`save_state` wrote; None where there is nothing.

    Raises:
        DamagedState: there is something else, or it was changed since.
    """
    if not path.exists() and not path.is_symlink():
        return None
    if not is_regular(path):
        raise DamagedState(f"{path} is not a regular file")
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        said = metadata["facts"]
        if metadata["sha256"] != _digest(tensors, said):
            raise DamagedState(f"{path} is not what was written")
        facts: dict[str, Any] = json.loads(said)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise DamagedState(f"{path} is not what was written") from error
    return tensors, facts


def _digest(tensors: Mapping[str, Tensor], facts: str) -> str:
    """SHA-256 over tensors, in the order of their names, and facts."""
    content = hashlib.sha256(fingerprint({name: tensors[name] for name in sorted(tensors)}).encode())
    content.update(facts.encode())
    return content.hexdigest()


def pack_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's tensors by parameter number: ``optimizer.3.exp_avg``."""
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{k}.{name}": torch.as_tensor(v) for k, kept in state.items() for name, v in kept.items()}


def unpack_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser of the same parameters the tensors that :func:`pack_optimizer` took."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, number, what = name.split(".")
            state.setdefault(int(number), {})[what] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
