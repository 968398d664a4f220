"""The pixels of a polygon: those whose middle lies inside, by the even-odd rule."""

from __future__ import annotations

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = ["area_of", "bounds_of", "ellipse", "filled", "paint"]

CORNERS = 64


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
    inside = np.zeros((height, width), dtype=bool)
    paint(inside, ring, True)
    return inside


def paint(mask: Array, ring: Array, value: int) -> None:
    """Set the pixels of a mask ``(h, w)`` whose middle lies inside a polygon; only the window around it is used."""
    height, width = mask.shape
    left, top = (int(v) for v in np.floor(ring.min(axis=0)).clip(0, (width, height)))
    right, bottom = (int(v) for v in np.ceil(ring.max(axis=0)).clip(0, (width, height)))
    if left < right and top < bottom:
        inside = _inside(ring - np.array([left, top]), (right - left, bottom - top))
        mask[top:bottom, left:right][inside] = value


def _inside(ring: Array, extent: tuple[int, int]) -> Array:
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


def area_of(ring: Array) -> float:
    """The area of a polygon that does not cross itself.

    Example:
        >>> area_of(np.array([[0, 0], [4, 0], [4, 3], [0, 3]]))
        12.0
    """
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def ellipse(middle: Array, across: float, down: float, turned: float = 0.0) -> FloatArray:
    """``(64, 2)`` corners of a polygon in the place of an ellipse.

    Args:
        middle: x and y.
        across: half of its width.
        down: half of its height.
        turned: clockwise, degrees.
    """
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    x, y = across * np.cos(angles), down * np.sin(angles)
    turn = np.deg2rad(turned)
    corners = [x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)]
    return np.stack(corners, axis=1) + middle
