"""Rows of several tables side by side, read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jeoni.features.store import Features
from jeoni.types import Array, IntArray

__all__ = ["Beside"]


class Beside(Features):
    """``(n, a)``, ``(n, b)`` … as ``(n, a + b + …)``; the same row of each is of one example."""

    def __init__(self, parts: Sequence[Features]) -> None:
        self._parts = tuple(parts)
        self.shape: tuple[int, ...] = (len(parts[0]), sum(part.shape[1] for part in parts))
        self.lengths, self.dtype = None, np.result_type(*(part.dtype for part in parts))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: slice | IntArray) -> Array:
        return np.concatenate([part[index] for part in self._parts], axis=1)

    @property
    def nbytes(self) -> int:
        """Their size on the disk, in bytes."""
        return sum(part.nbytes for part in self._parts)

    def select(self, index: IntArray) -> Features:
        """Some of the rows."""
        return Beside([part.select(index) for part in self._parts])
