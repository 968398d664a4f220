"""The pixels of a polygon: those whose middle lies inside, by the even-odd rule."""

from __future__ import annotations

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = ["bounds_of", "filled"]


def filled(ring: Array, extent: tuple[int, int]) -> Array:
    """``(h, w)`` bool: the pixels whose middle lies inside.

    Args:
        ring: ``(k, 2)`` x and y of the corners in order, closed by itself.
        extent: width and height, pixels.

    Example:
        >>> filled(np.array([[1, 0], [3, 0], [3, 1], [1, 1]]), (4, 2)).astype(int).tolist()
        [[0, 1, 1, 0], [0, 0, 0, 0]]
    """
    width, height = extent
    rows = np.arange(height) + 0.5
    x0, y0 = ring[:, 0, None], ring[:, 1, None]
    x1, y1 = np.roll(x0, -1, axis=0), np.roll(y0, -1, axis=0)
    crosses = (y0 <= rows) != (y1 <= rows)  # (k, h): which edges the middle of a row meets
    edge, row = np.nonzero(crosses)
    share = (rows[row] - y0[edge, 0]) / (y1[edge, 0] - y0[edge, 0])
    at = x0[edge, 0] + share * (x1[edge, 0] - x0[edge, 0])
    first = np.ceil(at - 0.5).clip(0, width).astype(np.int64)  # the first pixel whose middle lies to the right
    borders = np.zeros((height, width + 1), dtype=np.int32)
    np.add.at(borders, (row, first), 1)
    inside: Array = borders[:, :width].cumsum(axis=1) % 2 == 1
    return inside


def bounds_of(rings: tuple[Array, ...]) -> FloatArray:
    """Left, top, right and bottom of polygons together, ``(4,)``."""
    corners = np.concatenate(rings)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])
