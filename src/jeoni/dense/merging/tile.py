"""A part of a picture at its own resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.types import Array

__all__ = ["Tile"]


@dataclass(frozen=True)
class Tile:
    """Where a part lies.

    Attributes:
        left: of the picture, pixels.
        top: of the picture.
        right: of the picture; the part is as wide as the frame, or the picture where that is narrower.
        bottom: of the picture.
        extent: width and height of the picture.
    """

    left: int
    top: int
    right: int
    bottom: int
    extent: tuple[int, int]

    @property
    def inner(self) -> Array:
        """``(4,)`` bool: which of the edges left, top, right and bottom lie within the picture, so that they cut."""
        wide, high = self.extent
        return np.array([self.left > 0, self.top > 0, self.right < wide, self.bottom < high])

    @property
    def corner(self) -> Array:
        """``(4,)`` left and top, twice: what is added to a box in the part's own coordinates."""
        return np.array([self.left, self.top, self.left, self.top], dtype=np.float64)

    def weights(self) -> Array:
        """``(h, w)`` float32: how much each place counts beside other parts that show it: little at edges that cut."""
        across = _ramp(self.right - self.left, bool(self.inner[0]), bool(self.inner[2]))
        down = _ramp(self.bottom - self.top, bool(self.inner[1]), bool(self.inner[3]))
        return down[:, None] * across[None]


def _ramp(length: int, rises: bool, falls: bool) -> Array:
    """``(length,)`` above 0, the distance to an end that cuts; 1 where neither does."""
    at = np.arange(length, dtype=np.float32) + 0.5
    sides = [at] * rises + [length - at] * falls
    return np.minimum.reduce(sides) / length if sides else np.ones(length, dtype=np.float32)
