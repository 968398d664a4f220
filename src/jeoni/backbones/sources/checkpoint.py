"""A model folder that jeoni saved: its backbone, to transfer from again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import safetensors.torch

from jeoni._version import __version__
from jeoni.backbones.architectures import build_architecture
from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.cut import shorten
from jeoni.backbones.sources.timm import fill
from jeoni.backbones.weights import file_sha256, fingerprint
from jeoni.data.inputs import load_input
from jeoni.errors import WeightsError
from jeoni.runs import sealed

__all__ = ["Checkpoint"]

FORMAT = 1


class Checkpoint:
    """``checkpoint:runs/latest/model``."""

    def names(self) -> list[str]:
        """None in advance: any model folder will do."""
        return []

    def load(self, name: str, weights: str) -> Backbone:
        """Load from a model folder, hashes checked.

        Raises:
            WeightsError: not a model folder, or one with a changed byte.
        """
        if weights:
            raise WeightsError(f"{name} is a model folder with its own weights; it takes no weights file ({weights}).")
        folder = Path(name)
        if not (folder / "config.json").exists() and (folder / "model" / "config.json").exists():
            folder = folder / "model"
        config = read_config(folder)
        kept = config["backbone"]
        library = kept.get("library", "timm")
        network = build_architecture(library, kept["architecture"], kept["arguments"])
        tensors = safetensors.torch.load_file(folder / config["weights"]["file"])
        state = {k.removeprefix("backbone."): v for k, v in tensors.items() if k.startswith("backbone.")}
        whole = build_backbone(
            network,
            name=kept["name"],
            architecture=kept["architecture"],
            arguments=kept["arguments"],
            input=load_input(kept.get("kind", "image"), kept["input"], folder),
            provenance=Provenance(**kept["provenance"]),
            library=library,
            preferred=kept.get("preferred", {}),
        )
        backbone = shorten(whole, whole.n - config["cut"].get("dropped", 0))
        fill(backbone.network, state, str(folder))
        return replace(backbone, fingerprint=fingerprint(backbone.network.state_dict()))


def read_config(folder: Path) -> dict[str, Any]:
    """A model folder's ``config.json``, having checked it and the weights against their checksums.

    Raises:
        WeightsError: files missing, a changed byte, or a format newer than this jeoni.
    """
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(
            f"{folder} is not a model folder: config.json is missing. Needed: the `model` folder of a run."
        ) from None
    except ValueError as error:
        raise WeightsError(f"{folder / 'config.json'} was changed or damaged: {error}.") from error
    if not isinstance(config, dict) or not isinstance(config.get("format"), int):
        raise WeightsError(
            f"{folder / 'config.json'} is not one that jeoni wrote. Needed: the `model` folder of a run."
        )
    if config["format"] > FORMAT:
        raise WeightsError(
            f"{folder} was written by jeoni {config.get('jeoni')}, in a newer format than {__version__} reads. "
            "Upgrade with: pip install --upgrade jeoni"
        )
    if not sealed(config):
        raise WeightsError(f"{folder / 'config.json'} was changed since it was saved; its checksum no longer fits.")
    weights = folder / config["weights"]["file"]
    if not weights.exists():
        raise WeightsError(f"{folder} is incomplete: {weights.name} is missing.")
    if file_sha256(weights) != config["weights"]["sha256"]:
        raise WeightsError(
            f"{weights} was changed since it was saved: its SHA-256 is not the one in config.json. Copy it anew."
        )
    return config
