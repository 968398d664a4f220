"""Several subjects of one picture: the boxes that they have, or are given, and all of them as one annotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from jeoni.data.annotations.kinds import Keypoints, Subjects
from jeoni.types import FloatArray

__all__ = ["as_subjects", "subject_box", "subjects_from"]

Box = tuple[float, float, float, float]
FEWEST = 2  # visible points that span a box


def subject_box(points: FloatArray, box: Box | None, size: tuple[int, int] | None = None) -> Box | None:
    """The box of a subject: the one that was drawn, or the smallest around its visible points.

    Args:
        points: ``(k, 2)``; NaN where a point was not annotated.
        box: left, top, right, bottom, if there is one.
        size: width and height of the picture; boxes are clipped to it.

    Returns:
        None: there is no box of any size.

    Example:
        >>> subject_box(np.array([[1.0, 2.0], [5.0, 9.0], [np.nan, np.nan]]), None)
        (1.0, 2.0, 5.0, 9.0)
    """
    visible = points[~np.isnan(points).any(axis=1)]
    if box is None and len(visible) >= FEWEST:
        (left, top), (right, bottom) = visible.min(axis=0).tolist(), visible.max(axis=0).tolist()
        box = left, top, right, bottom
    if box is None:
        return None
    if size is not None:
        left, top, right, bottom = np.clip(box, 0, np.tile(np.array(size, dtype=np.float64), 2)).tolist()
        box = left, top, right, bottom
    return box if box[2] > box[0] and box[3] > box[1] else None


def subjects_from(names: tuple[str, ...], found: Sequence[tuple[FloatArray, Box, float, bool]]) -> Subjects:
    """Subjects of one picture.

    Args:
        names: of the keypoints.
        found: of each its points ``(k, 2)``, its box, the pixels that it covers (0: those of its box), and whether it
            is ignored.
    """
    boxes = np.array([box for _, box, _, _ in found], dtype=np.float64).reshape(-1, 4)
    stated = np.array([area for _, _, area, _ in found], dtype=np.float64)
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return Subjects(
        points=np.array([points for points, _, _, _ in found], dtype=np.float64).reshape(-1, len(names), 2),
        names=names,
        boxes=boxes,
        areas=np.where(stated > 0, stated, whole),
        ignored=np.array([ignored for _, _, _, ignored in found], dtype=bool),
    )


def as_subjects(one: Keypoints | Subjects) -> Subjects:
    """The one subject of a picture as the only one of several; none where it has no box.

    Example:
        >>> len(as_subjects(Keypoints(np.array([[1.0, 2.0], [5.0, 9.0]]), ("a", "b"))))
        1
    """
    if isinstance(one, Subjects):
        return one
    box = subject_box(one.points, one.box)
    found = subjects_from(one.names, [] if box is None else [(one.points, box, 0.0, False)])
    return replace(found, partners=one.partners)
