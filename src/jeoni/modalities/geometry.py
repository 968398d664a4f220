"""Where a place in an example lies in its row: so that boxes, masks and keypoints follow a crop, a flip, a rotation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.types import Array

__all__ = ["Geometry"]


@dataclass(frozen=True, eq=False)
class Geometry:
    """An affine map from an example's coordinates to its row's.

    Coordinates are continuous, ``x`` to the right and ``y`` down: the first pixel reaches from 0 to 1, so that its
    middle is 0.5.

    Attributes:
        matrix: ``(3, 3)`` float64, on homogeneous coordinates ``(x, y, 1)``.
        size: width and height of the row, pixels.

    Example:
        >>> half = Geometry(np.diag([0.5, 0.5, 1.0]), (50, 50))
        >>> half.points(np.array([[10.0, 20.0]])).tolist()
        [[5.0, 10.0]]
        >>> half.boxes(np.array([[90.0, 90.0, 120.0, 120.0]])).tolist()
        [[45.0, 45.0, 50.0, 50.0]]
    """

    matrix: Array
    size: tuple[int, int]

    def points(self, points: Array) -> Array:
        """Places ``(n, 2)`` of the example as places of the row, ``(n, 2)``; they may lie outside."""
        moved: Array = points @ self.matrix[:2, :2].T + self.matrix[:2, 2]
        return moved

    def boxes(self, boxes: Array) -> Array:
        """Boxes ``(n, 4)`` of left, top, right and bottom: upright ones around what they become, clipped to the row.

        A box that lies outside has no width or no height.
        """
        corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
        moved = self.points(corners).reshape(-1, 4, 2)
        limits = np.array(self.size, dtype=np.float64)
        clipped: Array = np.concatenate([moved.min(1), moved.max(1)], axis=1).clip(0, np.tile(limits, 2))
        return clipped
