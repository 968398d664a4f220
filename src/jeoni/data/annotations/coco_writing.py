"""Predictions as COCO's JSON has annotations: boxes, runs of pixels or keypoints, each with how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jeoni.data.annotations.kinds import Detections, LabelMap, Skeleton, Skeletons
from jeoni.data.annotations.numbering import number_classes, number_pictures
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.runs import Runs
from jeoni.data.annotations.shapes import GROUND
from jeoni.types import FloatArray

__all__ = ["MIDDLE", "written_coco"]

FIRST = 1  # id
MIDDLE = 0.5  # of a pixel, which COCO's keypoints are numbers of


def written_coco(predicted: Predicted) -> dict[str, Any]:
    """Images, annotations and categories, with the ids that the data gave them; others begin with 1.

    Pixels of no category are in no annotation: where the data have a table of categories, those of the background.

    Raises:
        TypeError: predictions that COCO has no annotations for.
    """
    ids = number_pictures(predicted.names, predicted.numbering.pictures)
    images = [
        {"id": id, "file_name": name, "width": width, "height": height}
        for id, name, (width, height) in zip(ids, predicted.names, predicted.sizes, strict=True)
    ]
    annotations: list[dict[str, Any]] = []
    categories = _categories(predicted)
    numbers = _category_ids(predicted, categories)
    for id, prediction in zip(ids, predicted.predictions, strict=True):
        for label, written in _written(prediction):
            if label in numbers:
                own = {"id": len(annotations) + 1, "image_id": id, "category_id": numbers[label], "iscrowd": 0}
                annotations.append(own | written)
    return {"images": images, "annotations": annotations, "categories": categories}


def _categories(predicted: Predicted) -> list[dict[str, Any]]:
    names = list(predicted.vocabulary)
    if _of_points(predicted):
        skeleton = [[a + 1, b + 1] for a, b in predicted.edges]
        subject, id = next(iter(number_classes([], predicted.numbering, "coco", FIRST).items()), ("subject", FIRST))
        return [{"id": id, "name": subject, "keypoints": names, "skeleton": skeleton}]
    if predicted.numbering.classes:
        names = [name for name in names if name != GROUND or name in predicted.numbering.classes]
    numbers = number_classes(names, predicted.numbering, "coco", FIRST)
    return [{"id": id, "name": name} for name, id in numbers.items()]


def _category_ids(predicted: Predicted, categories: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """By the numbers of predictions; of keypoints there is one category."""
    if _of_points(predicted):
        return {0: categories[0]["id"]}
    ids = {one["name"]: one["id"] for one in categories}
    return {label: ids[name] for label, name in enumerate(predicted.vocabulary) if name in ids}


def _of_points(predicted: Predicted) -> bool:
    return any(isinstance(one, (Skeleton, Skeletons)) for one in predicted.predictions)


def _written(prediction: Any) -> list[tuple[int, dict[str, Any]]]:
    """The class of each object, and what stands in its annotation besides ids."""
    if isinstance(prediction, Detections):
        found = zip(prediction.labels, prediction.boxes, prediction.scores, strict=True)
        return [(int(label), _written_box(box, score)) for label, box, score in found]
    if isinstance(prediction, Skeleton):
        return [(0, _written_points(prediction))]
    if isinstance(prediction, Skeletons):
        return [(0, _written_subject(prediction, k)) for k in range(len(prediction))]
    if isinstance(prediction, LabelMap):
        labels = [int(label) for label in np.unique(prediction.labels) if label >= 0]
        return [(label, _written_region(prediction, label)) for label in labels]
    raise TypeError(f"COCO has no {type(prediction).__name__}")


def _written_box(box: FloatArray, score: float) -> dict[str, Any]:
    left, top, right, bottom = (float(value) for value in box)
    extent = [right - left, bottom - top]
    return {
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
        "segmentation": {"size": list(prediction.labels.shape), "counts": runs.encoded()},
        "bbox": [left, top, right - left, bottom - top],
        "area": runs.area,
        "score": sure,
    }
