"""Predictions as COCO's JSON has annotations: boxes, runs of pixels or keypoints, each with how sure it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from jeoni.data.annotations.kinds import Detections, LabelMap, Skeleton, Skeletons
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.runs import Runs
from jeoni.types import FloatArray

__all__ = ["MIDDLE", "written_coco"]

MIDDLE = 0.5  # of a pixel, which COCO's keypoints are numbers of


def written_coco(predicted: Predicted) -> dict[str, Any]:
    """Images, annotations and categories; ids begin with 1.

    Raises:
        TypeError: predictions that COCO has no annotations for.
    """
    images = [
        {"id": k, "file_name": name, "width": width, "height": height}
        for k, (name, (width, height)) in enumerate(zip(predicted.names, predicted.sizes, strict=True), start=1)
    ]
    annotations: list[dict[str, Any]] = []
    for k, prediction in enumerate(predicted.predictions, start=1):
        for written in _written(prediction):
            annotations.append({"id": len(annotations) + 1, "image_id": k, "iscrowd": 0, **written})
    return {"images": images, "annotations": annotations, "categories": _categories(predicted)}


def _categories(predicted: Predicted) -> list[dict[str, Any]]:
    names = list(predicted.vocabulary)
    if any(isinstance(one, (Skeleton, Skeletons)) for one in predicted.predictions):
        return [{"id": 1, "name": "subject", "keypoints": names, "skeleton": []}]
    return [{"id": k, "name": name} for k, name in enumerate(names, start=1)]


def _written(prediction: Any) -> list[dict[str, Any]]:
    """What stands in an annotation besides its ids."""
    if isinstance(prediction, Detections):
        return [_written_box(*one) for one in zip(prediction.boxes, prediction.labels, prediction.scores, strict=True)]
    if isinstance(prediction, Skeleton):
        return [_written_points(prediction)]
    if isinstance(prediction, Skeletons):
        return [_written_subject(prediction, k) for k in range(len(prediction))]
    if isinstance(prediction, LabelMap):
        return [_written_region(prediction, int(label)) for label in np.unique(prediction.labels) if label >= 0]
    raise TypeError(f"COCO has no {type(prediction).__name__}")


def _written_box(box: FloatArray, label: int, score: float) -> dict[str, Any]:
    left, top, right, bottom = (float(value) for value in box)
    extent = [right - left, bottom - top]
    return {
        "category_id": int(label) + 1,
        "bbox": [left, top, *extent],
        "area": extent[0] * extent[1],
        "segmentation": [],
        "score": float(score),
    }


def _written_points(skeleton: Skeleton) -> dict[str, Any]:
    there = np.isfinite(skeleton.points[:, 0]) & np.isfinite(skeleton.points[:, 1])
    places = np.where(there[:, None], skeleton.points - MIDDLE, 0.0)
    triples = np.concatenate([places, np.where(there, 2.0, 0.0)[:, None]], axis=1)
    low = skeleton.points[there].min(axis=0, initial=np.inf) if there.any() else np.zeros(2)
    high = skeleton.points[there].max(axis=0, initial=-np.inf) if there.any() else np.zeros(2)
    return {
        "category_id": 1,
        "keypoints": triples.ravel().tolist(),
        "num_keypoints": int(there.sum()),
        "bbox": [*low.tolist(), *(high - low).tolist()],
        "area": float((high - low).prod()),
        "score": float(np.mean(skeleton.scores)) if len(skeleton.scores) else 0.0,
    }


def _written_subject(found: Skeletons, k: int) -> dict[str, Any]:
    """The box is the one that was given; the score as is usual: that of the box times the mean of the points'."""
    left, top, right, bottom = found.boxes[k].tolist()
    return {
        **_written_points(Skeleton(found.points[k], found.scores[k])),
        "bbox": [left, top, right - left, bottom - top],
        "area": (right - left) * (bottom - top),
        "score": float(found.sure[k] * found.scores[k].mean()),
    }


def _written_region(prediction: LabelMap, label: int) -> dict[str, Any]:
    covered = prediction.labels == label
    runs = Runs.of(covered)
    left, top, right, bottom = runs.bounds or (0.0, 0.0, 0.0, 0.0)
    sure = 1.0 if prediction.certainty is None else float(prediction.certainty[covered].mean())
    return {
        "category_id": label + 1,
        "segmentation": {"size": list(prediction.labels.shape), "counts": runs.encoded()},
        "bbox": [left, top, right - left, bottom - top],
        "area": runs.area,
        "score": sure,
    }
