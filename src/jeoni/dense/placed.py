"""Annotations in the coordinates of a row: what heads take for their loss."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.types import Array, FloatArray

__all__ = ["PlacedBoxes", "PlacedPoints"]


@dataclass(frozen=True, eq=False)
class PlacedBoxes:
    """Objects in a row.

    Attributes:
        boxes: ``(k, 4)`` left, top, right, bottom, pixels of the row.
        labels: ``(k,)`` numbers of the task's classes.
        ignored: ``(k,)`` bool: neither to be found nor a false alarm.
    """

    boxes: FloatArray
    labels: Array
    ignored: Array


@dataclass(frozen=True, eq=False)
class PlacedPoints:
    """Keypoints in a row.

    Attributes:
        points: ``(k, 2)`` x and y, pixels of the row; NaN where a point is not visible, or lies outside.
    """

    points: FloatArray
