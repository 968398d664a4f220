"""The state of a training, in one file of plain tensors: written beside its place, then moved there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from jeoni.errors import StorageError

__all__ = ["load_state", "pack_optimizer", "save_state", "unpack_optimizer"]


def save_state(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and JSON facts to one safetensors file, whole or not at all.

    Raises:
        StorageError: the disk is full or may not be written.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
        safetensors.torch.save_file(plain, part, metadata={"facts": json.dumps(dict(facts))})
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"The checkpoint {path} cannot be written: {error.strerror or error}.") from error


def load_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """What :func:`save_state` wrote; None where there is nothing, or nothing that can be read."""
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {})["facts"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118 - not a mapping
    except (OSError, ValueError, KeyError, safetensors.SafetensorError):
        return None


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
