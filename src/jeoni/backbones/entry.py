"""Backbones on rows: the module that an input puts before a network, and made-up rows to try it on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jeoni.modalities.inputs import Input

__all__ = ["entry", "example", "rows_like"]


def entry(module: nn.Module, spec: Input) -> nn.Module:
    """A module that takes rows as ``spec`` makes them, around one that takes what the network takes."""
    return spec.entry(module)


def rows_like(spec: Input, n: int, seed: int = 0) -> Tensor:
    """``n`` made-up rows as ``spec`` makes them; where rows are ragged, the last one is shorter."""
    return torch.from_numpy(spec.example_rows(n, seed))


def example(spec: Input, n: int, seed: int = 0) -> Tensor:
    """``n`` made-up inputs of the network itself."""
    taken: Tensor = entry(nn.Identity(), spec)(rows_like(spec, n, seed))
    return taken
