"""Average precision beside pycocotools and faster-coco-eval: how far apart, and how long each takes.

    python benchmarks/detection_metrics.py [--keep outcomes of detection.py]

On random boxes with crowds (500 pictures, 5 classes), on BCCD's test pictures with boxes that are moved about, and the
time of 2,000 resamples, for which the others would have to be run 2,000 times. Aim: equal to 1e-6.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from _data import shared

from jeoni.data.annotations.read import read_annotated
from jeoni.dense.tasks.detection import Detection
from jeoni.evaluation.intervals import resample_weights
from jeoni.evaluation.metrics.detection.average_precision import average_precision
from jeoni.evaluation.metrics.detection.matching import match

SHOWN = {"ap": 0, "ap50": 1, "ap75": 2, "ar100": 8}  # their places among the figures that the others print
Picture = tuple[np.ndarray, ...]


def moved_about(
    rng: np.random.Generator, boxes: np.ndarray, labels: np.ndarray, classes: int
) -> tuple[np.ndarray, ...]:
    """Detections: boxes near the true ones, some of them several times, some of a wrong class."""
    source = np.concatenate([np.arange(len(boxes)), rng.integers(0, max(1, len(boxes)), len(boxes) // 2)])[:200]
    source = source[:0] if not len(boxes) else source
    found = boxes[source] + rng.normal(0, 6, (len(source), 4))
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
    said = np.where(rng.random(len(source)) < 0.85, labels[source], rng.integers(0, classes, len(source)))
    return found, said, rng.random(len(source))


def made(pictures: int, classes: int, seed: int = 0) -> list[Picture]:
    rng, found = np.random.default_rng(seed), []
    for _ in range(pictures):
        count = int(rng.integers(0, 20))
        low = rng.uniform(0, 500, (count, 2))
        boxes = np.concatenate([low, low + rng.uniform(5, 150, (count, 2))], axis=1)
        labels = rng.integers(0, classes, count)
        found.append((*moved_about(rng, boxes, labels, classes), boxes, labels, rng.random(count) < 0.1))
    return found


def cells() -> list[Picture]:
    """BCCD's test pictures, their own boxes moved about."""
    data = read_annotated(shared("bccd"), "detection")
    assert data is not None
    task, _ = Detection.read(list(data.targets))
    rng, found = np.random.default_rng(0), []
    for one in data.targets[data.part == "test"]:
        labels = np.array([task.names.index(name) for name in one.names])
        found.append((*moved_about(rng, one.boxes, labels, len(task.names)), one.boxes, labels, one.ignored))
    return found


def as_coco(pictures: list[Picture], classes: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Truth and detections as COCO has them."""
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for i, (boxes, said, scores, true, labels, ignored) in enumerate(pictures):
        for box, label, crowd in zip(true, labels, ignored, strict=True):
            truth.append({"id": len(truth) + 1, "iscrowd": int(crowd), **_entry(i, box, label)})
        for box, label, score in zip(boxes, said, scores, strict=True):
            found.append({"score": float(score), **_entry(i, box, label)})
    names = [{"id": k + 1, "name": str(k)} for k in range(classes)]
    return {"images": [{"id": i} for i in range(len(pictures))], "categories": names, "annotations": truth}, found


def _entry(picture: int, box: np.ndarray, label: int) -> dict[str, Any]:
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    place = {"bbox": [float(box[0]), float(box[1]), width, height], "area": width * height}
    return {"image_id": picture, "category_id": int(label) + 1, **place}


def ours(pictures: list[Picture], classes: int) -> dict[str, float]:
    matches = [match(*one, classes) for one in pictures]
    scores = average_precision(matches, np.ones((1, len(matches)))).scores()
    return {name: float(value[0]) for name, value in scores.items()}


def pycocotools(pictures: list[Picture], classes: int) -> dict[str, float]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return _judged(COCO, COCOeval, pictures, classes)


def faster_coco_eval(pictures: list[Picture], classes: int) -> dict[str, float]:
    from faster_coco_eval import COCO, COCOeval_faster

    return _judged(COCO, COCOeval_faster, pictures, classes)


def _judged(coco: Any, judge: Any, pictures: list[Picture], classes: int) -> dict[str, float]:
    described, found = as_coco(pictures, classes)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco()
        truth.dataset = described
        truth.createIndex()
        judged = judge(truth, truth.loadRes(found), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return {name: float(judged.stats[place]) for name, place in SHOWN.items()}


def main() -> None:
    rivals: list[Callable[..., dict[str, float]]] = [ours, pycocotools, faster_coco_eval]
    for title, pictures, classes in (("random boxes", made(500, 5), 5), ("BCCD's test pictures", cells(), 3)):
        objects, found = sum(len(one[3]) for one in pictures), sum(len(one[0]) for one in pictures)
        print(f"\n{title}: {len(pictures)} pictures, {objects:,} objects, {found:,} detections")
        first: dict[str, float] = {}
        for rival in rivals:
            start = time.perf_counter()
            scores = rival(pictures, classes)
            seconds = time.perf_counter() - start
            first = first or scores
            off = max(abs(scores[name] - first[name]) for name in SHOWN)
            shown = ", ".join(f"{name} {scores[name]:.6f}" for name in SHOWN)
            print(f"{rival.__name__:>18}: {shown}; {seconds:.3f} s; furthest from ours {off:.1e}", flush=True)
        matches = [match(*one, classes) for one in pictures]
        start = time.perf_counter()
        for weights in resample_weights(len(matches), None, 2000, 0):
            average_precision(matches, weights)
        print(f"{'2,000 resamples':>18}: {time.perf_counter() - start:.1f} s, of ours")


if __name__ == "__main__":
    main()
