"""Boxes that are there and boxes that were found, with what became of each at an overlap of one half."""

from __future__ import annotations

from typing import Any

import numpy as np

from jeoni.data.annotations import Boxes, Detections
from jeoni.evaluation.metrics.detection.matching import overlaps
from jeoni.explain.places.canvas import Canvas
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["OVERLAP", "draw_boxes", "outcomes_of"]

OVERLAP = 0.5
MOST = 300  # boxes of a picture


def draw_boxes(canvas: Canvas, annotation: Boxes, prediction: Detections, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields ``true_boxes`` and ``predicted_boxes`` of a :class:`jeoni.runs.records.ShownPicture`.

    Args:
        canvas: of the picture.
        annotation: what is there.
        prediction: what was found, as far as it is shown.
        names: of the classes.
    """
    labels = np.array([names.index(name) for name in annotation.names], dtype=np.int64)
    true, predicted = outcomes_of(annotation, labels, prediction)
    return {
        "true_boxes": _records(canvas.scaled(annotation.boxes), labels, true),
        "predicted_boxes": _records(canvas.scaled(prediction.boxes), prediction.labels, predicted, prediction.scores),
    }


def outcomes_of(annotation: Boxes, labels: IntArray, prediction: Detections) -> tuple[list[str], list[str]]:
    """What became of each object, and of each detection.

    The surest detection chooses first among the free objects of its class, the one that it overlaps most: as
    :func:`jeoni.evaluation.metrics.detection.matching.match` does, which does not say which objects were found.

    Args:
        annotation: the objects.
        labels: ``(k,)`` numbers of their classes.
        prediction: the detections.
    """
    true = ["ignored" if ignored else "missed" for ignored in annotation.ignored]
    predicted = ["false"] * len(prediction.boxes)
    shared = overlaps(prediction.boxes, annotation.boxes, annotation.ignored)
    for d in np.argsort(-prediction.scores, kind="stable"):
        near = (labels == prediction.labels[d]) & (shared[d] >= OVERLAP)
        free = near & np.array([one == "missed" for one in true], dtype=bool)
        if free.any():
            true[int(np.argmax(np.where(free, shared[d], -1)))] = "found"
            predicted[d] = "hit"
        elif (near & annotation.ignored).any():
            predicted[d] = "ignored"
    return true, predicted


def _records(
    boxes: FloatArray, labels: Array, outcomes: list[str], scores: FloatArray | None = None
) -> list[dict[str, Any]]:
    found = []
    for k, (left, top, right, bottom) in enumerate(boxes[:MOST].tolist()):
        place = {"left": left, "top": top, "right": right, "bottom": bottom}
        score = None if scores is None else round(float(np.clip(scores[k], 0, 1)), 4)
        found.append({**place, "number": int(labels[k]), "outcome": outcomes[k], "score": score})
    return found
