"""Buffers whose shape is only known once something was learned: a saved file's shapes tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

__all__ = ["take_shapes"]


def take_shapes(module: nn.Module, shapes: Mapping[str, tuple[int, ...]], names: Sequence[str]) -> None:
    """Give buffers the shapes of saved ones, if these have as many dimensions.

    Args:
        module: owns the buffers.
        shapes: of saved tensors, by name.
        names: of the buffers.
    """
    for name in names:
        own, saved = getattr(module, name), shapes.get(name, ())
        if len(saved) == own.ndim:
            setattr(module, name, torch.zeros(saved, dtype=own.dtype))
