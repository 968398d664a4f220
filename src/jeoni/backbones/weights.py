"""Weights from disk, without running anything that is in them, and names for their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from jeoni.errors import WeightsError

__all__ = ["file_sha256", "fingerprint", "first_line", "read_state"]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values of a state dict, in its order."""
    content = hashlib.sha256()
    for name, tensor in state.items():
        content.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        content.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return content.hexdigest()


def first_line(error: Exception) -> str:
    """The first line of another library's error; its class where it is empty."""
    said = (line.strip() for line in str(error).splitlines())
    return next((line for line in said if line), type(error).__name__)[:160]


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file or of a plain state dict; nothing else is accepted.

    Raises:
        WeightsError: missing, damaged, or holding more than tensors.
    """
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}.")
    try:
        if path.suffix == ".safetensors":
            return dict(safetensors.torch.load_file(path))
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling foreign bytes can fail in any way
        raise WeightsError(
            f"{path} holds no plain tensors ({first_line(error)}). "
            "Needed: a safetensors file, or a state dict that torch.load(weights_only=True) accepts."
        ) from error
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise WeightsError(f"{path} holds no state dict of tensors but {type(state).__name__}.")
    return {str(k).removeprefix("module."): v for k, v in state.items()}
