"""Predictions of places as tables: a row for each object, point or picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jeoni.data.annotations import Detections, Heat, LabelMap, Prediction, Skeleton, Skeletons

__all__ = ["columns_of", "rows_of"]


def columns_of(task: str, several: bool = False) -> list[str]:
    """The columns of predictions of a task, behind the picture's own.

    Args:
        task: its family.
        several: whether keypoints are of several subjects in a picture.

    Example:
        >>> columns_of("pose")
        ['point', 'x', 'y', 'score']
    """
    if several:
        return ["subject", "point", "x", "y", "score"]
    return {
        "detection": ["class", "score", "left", "top", "right", "bottom"],
        "pose": ["point", "x", "y", "score"],
        "segmentation": ["class", "share"],
        "anomaly": ["condition", "score"],
    }.get(task, ["score"])


def rows_of(prediction: Prediction, names: tuple[str, ...]) -> Iterator[list[str]]:
    """The rows of one picture; coordinates are pixels, the first one reaching from 0 to 1.

    Args:
        prediction: of the picture.
        names: of the classes or keypoints.
    """
    if isinstance(prediction, Detections):
        for box, label, score in zip(prediction.boxes, prediction.labels, prediction.scores, strict=True):
            yield [names[int(label)], f"{score:.4f}", *(f"{v:.1f}" for v in box)]
    elif isinstance(prediction, Skeleton):
        for name, (x, y), score in zip(names, prediction.points, prediction.scores, strict=True):
            yield [name, f"{x:.2f}", f"{y:.2f}", f"{score:.4f}"]
    elif isinstance(prediction, Skeletons):
        for number, (points, scores) in enumerate(zip(prediction.points, prediction.scores, strict=True), start=1):
            for row in rows_of(Skeleton(points, scores), names):
                yield [f"{number}", *row]
    elif isinstance(prediction, LabelMap):
        counts = np.bincount(prediction.labels.ravel(), minlength=len(names))
        for name, count in zip(names, counts, strict=True):
            if count:
                yield [name, f"{count / prediction.labels.size:.4f}"]
    elif isinstance(prediction, Heat):
        yield [names[int(prediction.score > 1)], f"{prediction.score:.6g}"]
