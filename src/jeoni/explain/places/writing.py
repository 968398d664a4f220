"""Write the pictures of a dense task: the worst, typical and best held-out ones, chosen by their scores alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from jeoni.data.annotations import Boxes, Condition, Detections, Heat, Keypoints, LabelMap, Mask, Prediction, Skeleton
from jeoni.data.annotations.palette import distinct_colours
from jeoni.dense.protocol import DenseTask
from jeoni.dense.shown import SIDE, Choice, choose_shown
from jeoni.explain.places.boxes import draw_boxes
from jeoni.explain.places.canvas import Canvas
from jeoni.explain.places.heat import draw_heat, heat_scale
from jeoni.explain.places.masks import draw_masks
from jeoni.explain.places.points import draw_points
from jeoni.modalities.image.images import thumbnail
from jeoni.modalities.inputs import Input
from jeoni.runs import RunFolder
from jeoni.runs.records import PlacesRecord
from jeoni.types import Dataset, FloatArray

__all__ = ["write_places"]

FOLDER = "places"
TOLD = ("boxes", "heat")  # kinds of which a line says what is there
KINDS = {Detections: "boxes", LabelMap: "masks", Skeleton: "points", Heat: "heat"}


def write_places(
    run: RunFolder,
    held: Dataset,
    fold: Sequence[str],
    task: DenseTask,
    scores: FloatArray,
    shown: Mapping[int, Prediction],
    spec: Input,
    threshold: float | None = None,
) -> None:
    """Write ``figures/places.json`` and the pictures in it; nothing where no picture has a score.

    Args:
        run: where to.
        held: the held-out pictures.
        fold: ``test``, or the number of its fold, of each.
        task: what was predicted.
        scores: ``(n,)`` how well each picture was done, higher is better.
        shown: predictions of some of them, by their numbers.
        spec: opens a picture.
        threshold: the score from which on detections are shown, or a picture is unusual; None: all, or 1.
    """
    choice = choose_shown(scores, shown)
    if not choice.all:
        return
    drawing = _Drawing(held, fold, task, scores, shown, spec, choice, threshold)
    (run.path / "figures" / FOLDER).mkdir(parents=True, exist_ok=True)
    drawn = {i: drawing.record(run, i) for i in choice.all}
    content = {name: [drawn[i] for i in numbers] for name, numbers in vars(choice).items()}
    run.write_record("figures/places.json", PlacesRecord, {**drawing.head(), **content})


class _Drawing:
    """What all pictures of a run share."""

    def __init__(
        self,
        held: Dataset,
        fold: Sequence[str],
        task: DenseTask,
        scores: FloatArray,
        shown: Mapping[int, Prediction],
        spec: Input,
        choice: Choice,
        threshold: float | None,
    ) -> None:
        self.held, self.fold, self.task, self.scores = held, fold, task, scores
        self.shown, self.spec, self.threshold = shown, spec, threshold
        self.kind = KINDS[type(shown[choice.all[0]])]
        self.labels = task.named_targets(held.targets)
        self.heat_threshold = 1.0 if threshold is None else threshold
        heats = [cast(Heat, shown[i]) for i in choice.all] if self.kind == "heat" else []
        self.scale = heat_scale(heats, self.heat_threshold)

    def head(self) -> dict[str, Any]:
        """The fields of the record that are no pictures."""
        low, high = self.scale or (None, None)
        named = self.kind != "heat"
        names = self.task.names if named else ()
        legend = [{"name": n, "colour": c} for n, c in zip(names, distinct_colours(len(names)), strict=True)]
        least = self.heat_threshold if self.kind == "heat" else self.threshold
        edges = [list(pair) for pair in self.task.edges] if self.kind == "points" else []
        return {"kind": self.kind, "legend": legend, "edges": edges, "least": least, "low": low, "high": high}

    def record(self, run: RunFolder, index: int) -> dict[str, Any]:
        """The record of one picture, whose files are written."""
        items, score = self.held.items, float(self.scores[index])
        name, raw = items.name(index), items.read(index)
        extent = self.spec.extent(raw, name)
        opened = self.spec.picture(self.spec.open(raw, name))
        assert extent is not None
        assert opened is not None
        small = thumbnail(opened, SIDE).convert("RGB")
        canvas = Canvas(opened, extent, small, run.path / "figures" / FOLDER, f"{index:05d}")
        return {
            "path": name,
            "label": str(self.labels[index]) if self.kind in TOLD else "",
            "score": score if np.isfinite(score) else None,
            "fold": self.fold[index],
            "picture": canvas.save(small, ""),
            "width": small.width,
            "height": small.height,
            **self._places(canvas, self.held.targets[index], self.shown[index]),
        }

    def _places(self, canvas: Canvas, annotation: Any, prediction: Any) -> dict[str, Any]:
        names = self.task.names
        if self.kind == "boxes":
            return draw_boxes(canvas, cast(Boxes, annotation), _kept(prediction, self.threshold), names)
        if self.kind == "masks":
            return draw_masks(canvas, cast(Mask, annotation), prediction, names)
        if self.kind == "points":
            return draw_points(canvas, cast(Keypoints, annotation), prediction)
        return draw_heat(canvas, cast(Condition, annotation), prediction, self.scale, self.heat_threshold)


def _kept(prediction: Detections, threshold: float | None) -> Detections:
    """The detections from a score on."""
    if threshold is None:
        return prediction
    kept = prediction.scores >= threshold
    return Detections(prediction.boxes[kept], prediction.labels[kept], prediction.scores[kept])
