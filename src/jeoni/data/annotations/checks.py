"""Checks on boxes and keypoints of one picture: what cannot be is clipped or left out, and told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jeoni.data.annotations.kinds import Boxes
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.types import Array, FloatArray

__all__ = ["BAD_SIZE", "checked_boxes", "checked_points", "same_size"]

SLACK = 1.0  # pixels that a box may reach out without a word: formats count pixels from 0 or from 1
ALIKE = 0.95  # of intersection over union, above which two boxes of a class are probably one object
OUTSIDE = Fault(
    "box_outside", "a box reaches outside the picture", "{n} boxes reach outside the picture", "clipped to the picture"
)
NO_SIZE = Fault("box_of_no_size", "a box has no size", "{n} boxes have no size", "left out")
NO_PART = Fault("box_beside", "a box lies beside the picture", "{n} boxes lie beside the picture", "left out")
TWIN = Fault(
    "duplicate_box",
    "a box is there twice, with the same class",
    "{n} boxes are there twice, with the same class",
    "left out",
)
NEAR_TWIN = Fault(
    "near_duplicate_box",
    "a box covers nearly the same as another of its class",
    "{n} boxes cover nearly the same as another of their class",
    "kept",
)
POINT_OUTSIDE = Fault(
    "keypoint_outside",
    "a keypoint lies outside the picture",
    "{n} keypoints lie outside the picture",
    "taken as not visible",
)
BAD_SIZE = Fault(
    "size_mismatch",
    "the annotation is of a picture of another size",
    "the annotations are of a picture of another size",
    "left out",
)


def same_size(stated: tuple[float, float], actual: tuple[int, int] | None) -> bool:
    """Whether the size that an annotation states is the picture's; one of zero, or none that is known, says nothing."""
    if actual is None or not all(stated):
        return True
    return (round(stated[0]), round(stated[1])) == actual


def checked_boxes(
    boxes: FloatArray,
    names: Sequence[str],
    ignored: Sequence[bool],
    size: tuple[int, int] | None,
    notes: Notes,
    picture: str,
    places: Sequence[str],
) -> Boxes:
    """Boxes of a picture, clipped to it; those of no size, beside it, or twice there are left out.

    Args:
        boxes: ``(k, 4)`` left, top, right, bottom, pixels.
        names: ``(k,)`` of their classes.
        ignored: ``(k,)``.
        size: width and height of the picture; None where it cannot be read.
        notes: is told of each fault.
        picture: its name.
        places: ``(k,)`` where each box stands: a line or an id.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    clipped = boxes if size is None else np.clip(boxes, 0, np.tile(np.array(size, dtype=np.float64), 2))
    keep: list[int] = []
    seen: set[tuple[object, ...]] = set()
    for k, box in enumerate(boxes):
        if box[2] <= box[0] or box[3] <= box[1]:
            notes.add(NO_SIZE, picture, places[k])
        elif clipped[k, 2] <= clipped[k, 0] or clipped[k, 3] <= clipped[k, 1]:
            notes.add(NO_PART, picture, places[k])
        elif (*box.tolist(), names[k]) in seen:
            notes.add(TWIN, picture, places[k])
        else:
            seen.add((*box.tolist(), names[k]))
            keep.append(k)
            if np.abs(clipped[k] - box).max() > SLACK:
                notes.add(OUTSIDE, picture, places[k])
    kept = Boxes(clipped[keep], tuple(names[k] for k in keep), np.array([ignored[k] for k in keep], dtype=bool))
    for k in _near_twins(kept):
        notes.add(NEAR_TWIN, picture, places[keep[k]])
    return kept


def _near_twins(boxes: Boxes) -> list[int]:
    """The numbers of boxes that nearly equal an earlier one of their class."""
    overlap = _overlaps(boxes.boxes)
    classes = np.unique(np.array(boxes.names, dtype=str), return_inverse=True)[1]
    alike = (overlap > ALIKE) & (classes[:, None] == classes[None, :])
    later = np.tril(alike, -1).any(axis=1)
    return [int(k) for k in np.flatnonzero(later)]


def _overlaps(boxes: FloatArray) -> Array:
    """``(k, k)`` intersection over union."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    overlap: Array = shared / (area[:, None] + area[None, :] - shared)
    return overlap


def checked_points(
    points: FloatArray, names: Sequence[str], size: tuple[int, int] | None, notes: Notes, picture: str
) -> FloatArray:
    """Keypoints ``(k, 2)``; those outside the picture become NaN, as those that are not visible are."""
    points = np.array(points, dtype=np.float64).reshape(-1, 2)
    points[~np.isfinite(points).all(axis=1)] = np.nan
    if size is None:
        return points
    outside = (points < -SLACK).any(axis=1) | (points > np.array(size) + SLACK).any(axis=1)
    for k in np.flatnonzero(outside):
        notes.add(POINT_OUTSIDE, picture, names[int(k)])
    points[outside] = np.nan
    return points
