"""Made-up predictions of places in pictures, of each kind, with a stand-in for their tasks."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from jeoni.data.annotations import (
    Boxes,
    Condition,
    Detections,
    Heat,
    Keypoints,
    LabelMap,
    Prediction,
    Skeleton,
    annotation_cells,
)
from jeoni.data.items import ArrayItems
from jeoni.dense.protocol import DenseTask
from jeoni.explain.places.writing import write_places
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.runs import RunFolder
from jeoni.types import Array, Dataset, FloatArray
from tests.report.test_report import make_run

WIDTH, HEIGHT = 64, 48
INPUT = FrameInput(WIDTH, HEIGHT, (0.5,) * 3, (0.5,) * 3)
SCORE = {"value": 0.6, "low": 0.5, "high": 0.7}
PIXELS = {"value": 3.2, "low": 2.9, "high": 3.6}
TASKS = {"boxes": "detection", "masks": "segmentation", "points": "pose", "heat": "anomaly"}
NAMES = {
    "boxes": ("cell", "<b>disc"),
    "masks": ("sky", "tree"),
    "points": ("left ear", "tail"),
    "heat": ("normal", "defective"),
}


@dataclass(frozen=True)
class HeldMask:
    """A mask in memory."""

    pixels: Array
    names: tuple[str, ...] = ("sky", "tree")

    def read(self) -> Array:
        return self.pixels

    def size(self) -> tuple[int, int]:
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True)
class StandIn:
    """What the pictures need to know of a task."""

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ((0, 1),)

    def named_targets(self, targets: Array) -> list[Any]:
        return [f"{type(one).__name__} {k}" for k, one in enumerate(targets)]


def a_mask(cut: int) -> Array:
    """Sky above tree; a corner of which nothing is said."""
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.int16)
    pixels[cut:] = 1
    pixels[:6, :6] = -1
    return pixels


def a_pair(kind: str, k: int) -> tuple[Any, Prediction]:
    """What is there and what was predicted in picture ``k``: the higher the number, the worse."""
    if kind == "boxes":
        boxes = np.array([[2.0, 3, 20, 20], [30, 10, 50, 30]])
        found = np.array([[2.0 + k, 3, 20 + k, 20], [40, 30, 60, 44]])
        return Boxes(boxes, ("cell", "<b>disc")), Detections(found, np.array([0, 1]), np.array([0.9, 0.6]))
    if kind == "masks":
        return HeldMask(a_mask(20)), LabelMap(np.where(a_mask(20 + k) == 1, 1, 0))
    if kind == "points":
        points = np.array([[20.0, 20.0], [40.0, 30.0 if k % 2 else np.nan]])
        return Keypoints(points, NAMES[kind]), Skeleton(np.array([[20.0 + k, 20], [41, 31]]), np.array([0.9, 0.5]))
    heat = np.linspace(0, 1.5, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH) / (1 + k)
    defective = k % 2 == 1
    mask = HeldMask((a_mask(30) == 1).astype(np.int16), ("normal", "defect")) if defective else None
    return Condition(defective, mask, "scratch" if defective else ""), Heat(float(heat.max()), heat)


def made_data(kind: str, n: int = 9) -> tuple[Dataset, dict[int, Prediction], FloatArray]:
    """Noise with annotations, predictions by number, and scores."""
    pixels = np.random.default_rng(0).integers(0, 255, (n, HEIGHT, WIDTH, 3), dtype=np.uint8)
    pairs = [a_pair(kind, k) for k in range(n)]
    items = ArrayItems(pixels, [f"p/{k}.png" for k in range(n)])
    data = Dataset("made", items, annotation_cells([one for one, _ in pairs]))
    return data, {k: said for k, (_, said) in enumerate(pairs)}, -np.arange(n, dtype=np.float64)


def draw(folder: Path, kind: str, threshold: float | None = None) -> dict[str, Any]:
    """The record of a run's pictures, which lie below the folder."""
    data, shown, scores = made_data(kind)
    run = RunFolder.create(folder)
    task = cast(DenseTask, StandIn(NAMES[kind]))
    write_places(run, data, ["test"] * len(data), task, scores, shown, INPUT, threshold)
    found: dict[str, Any] = json.loads((run.path / "figures" / "places.json").read_text())
    return found


DETAILS: dict[str, dict[str, Any]] = {
    "boxes": {
        "curves": [{"name": "cell", "scores": [0.9, 0.5], "precision": [1.0, 0.5], "recall": [0.5, None]}],
        "threshold": 0.5,
        "at_threshold": [{"name": "cell", "right": 8, "wrong": 2, "missed": 1}],
        "sizes": {"edges": [0, 16, 32], "counts": [3, 6]},
    },
    "masks": {"confusion": [[900, 20], [30, 400]], "class_names": ["sky", "tree"]},
    "points": {"pixels": [0.0, 5.0, 10.0], "within": [{"name": "tail", "shares": [0.0, 0.5, 1.0]}]},
    "heat": {"threshold": 1.0, "normal": [0.5, 0.7, 1.1], "defective": [0.9, 1.4, 2.0]},
}
MEASURES: dict[str, dict[str, Any]] = {
    "boxes": {
        "ap50": {"title": "Average precision at an overlap of 0.5 (AP50)", "unit": "%", "higher_is_better": True}
    },
    "masks": {"miou": {"title": "Mean IoU", "unit": "%", "higher_is_better": True}},
    "points": {"rmse_px": {"title": "Root mean squared distance", "unit": "pixels", "higher_is_better": False}},
    "heat": {
        "image_auroc": {"title": "ROC-AUC of pictures", "unit": "%", "higher_is_better": True},
        "pixel_auroc": {"title": "ROC-AUC of pixels", "unit": "%", "higher_is_better": True},
    },
}


def make_places_run(folder: Path, kind: str = "boxes", estimate: str = "test") -> Path:
    """A run folder as ``jeoni fit`` writes it of a dense task."""
    run = folder
    shutil.copytree(Path(_template(kind).name) / "run", run)
    lead = next(iter(MEASURES[kind]))
    score = PIXELS if kind == "points" else SCORE
    scores = {name: score if name == lead else {"value": None, "low": None, "high": None} for name in MEASURES[kind]}
    columns = {lead: score} if kind != "masks" else {"iou": SCORE, "dice": SCORE, "recall": SCORE}
    metrics = {
        "task": TASKS[kind], "headline": lead, "estimate": estimate, "n": 9, "names": list(NAMES[kind]),
        "measures": MEASURES[kind], estimate: scores, "summary": "It went well. Transfer helped.",
        "rows": [{"name": name, "count": 400 + 9 * k, "scores": columns} for k, name in enumerate(NAMES[kind])],
        "control": {"untrained": scores, "difference": {lead: {"value": 0.1, "low": 0.05, "high": 0.2}}},
        "details": DETAILS[kind],
    }  # fmt: skip
    (run / "metrics.json").write_text(json.dumps(metrics))
    content = json.loads((run / "run.json").read_text())
    content |= {"kind": "places", "head": {"name": "fcos", "candidates": []}}
    content["data"] |= {"task": TASKS[kind], "classes": {}}
    (run / "run.json").write_text(json.dumps(content))
    return run


@cache
def _template(kind: str) -> TemporaryDirectory[str]:
    """A run with the pictures of a kind, made once."""
    place = TemporaryDirectory()
    drawn = Path(place.name) / "drawn"
    draw(drawn, kind, 0.5 if kind == "boxes" else None)
    (drawn / "figures").rename(make_run(Path(place.name) / "run", pictures=False) / "figures")
    return place
