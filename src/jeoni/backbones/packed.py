"""Networks of sequences: between stages goes one tensor, ``(n, t, c + 1)``, whose last channel is 0 for padding.

Rows of a batch are padded to the longest; which places are real must reach every stage. Packed with the activation,
it is cached, cut and resumed with it, and whatever handles one tensor handles a sequence.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.stages import Stage

__all__ = ["Packed", "average", "pack", "unpack"]


def pack(hidden: Tensor, mask: Tensor) -> Tensor:
    """``(n, t, c)`` and ``(n, t)`` to ``(n, t, c + 1)``; padding is zero.

    Example:
        >>> pack(torch.ones(1, 2, 1), torch.tensor([[True, False]])).tolist()
        [[[1.0, 1.0], [0.0, 0.0]]]
    """
    real = mask.unsqueeze(-1).to(hidden.dtype)
    return torch.cat([hidden * real, real], -1)


def unpack(packed: Tensor) -> tuple[Tensor, Tensor]:
    """``(n, t, c + 1)`` to ``(n, t, c)`` and ``(n, t)`` bool."""
    return packed[..., :-1], packed[..., -1] > 0


def average(packed: Tensor) -> Tensor:
    """``(n, t, c + 1)`` to the mean over real places, ``(n, c)``."""
    total = packed.sum(1)
    return total[:, :-1] / total[:, -1:].clamp_min(1e-6)


class Packed(nn.Module):
    """A network of sequences that can be cut between its stages."""

    @abstractmethod
    def stages(self) -> tuple[Stage, ...]:
        """In the order they run; the last module of each gives the activation behind it."""

    @abstractmethod
    def packed(self, value: Any, rows: Tensor) -> Tensor:
        """The packed activation for the next stage, from the output of a stage's last module and the rows."""

    @abstractmethod
    def above(self, frozen: int) -> Packed:
        """A copy that takes the packed activation behind ``frozen`` stages; its parts keep their names."""

    @abstractmethod
    def shortened(self, reuse: int) -> Packed:
        """A copy of the lower ``reuse`` stages that ends with an average; its parts keep their names."""
