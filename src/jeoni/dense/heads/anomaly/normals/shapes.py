"""Buffers whose shape is only known once something was learned: a saved one gives its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["take_shapes"]


def take_shapes(module: nn.Module, state: dict[str, Any], prefix: str, names: Sequence[str]) -> None:
    """Give buffers the shapes that they have in a state, before it is loaded; of as many dimensions as they have.

    Args:
        module: owns the buffers.
        state: by name.
        prefix: of the module's names in the state.
        names: of the buffers.
    """
    for name in names:
        saved, own = state.get(prefix + name), getattr(module, name)
        if isinstance(saved, Tensor) and saved.ndim == own.ndim:
            setattr(module, name, torch.zeros(saved.shape, dtype=own.dtype))
