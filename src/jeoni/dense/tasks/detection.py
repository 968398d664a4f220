"""Detection: boxes with classes; scored by COCO's average precision (Lin et al. ECCV 2014, arXiv:1405.0312)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from jeoni.data.annotations import Annotation, Boxes, Detections, Prediction
from jeoni.data.annotations.numbering import in_order
from jeoni.dense.merging.boxes import merged_boxes
from jeoni.dense.merging.tile import Tile
from jeoni.dense.placed import PlacedBoxes
from jeoni.dense.protocol import DenseTask, Row
from jeoni.errors import DataError, did_you_mean
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.detection.average_precision import average_precision
from jeoni.evaluation.metrics.detection.curves import Outcomes, best_threshold, outcomes_at, precision_recall
from jeoni.evaluation.metrics.detection.matching import Matches, match
from jeoni.locale import Said
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Unreadable, distinct_names
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Detection"]

VISIBLE = 0.3  # share of a box's area that a random view must show
FEW = 10  # objects of a class
POINTS = 100  # of a curve, for the report
SIZES = (0, 16, 32, 64, 96, 128, 192, 256, 512)  # edges of the histogram, pixels


@dataclass(frozen=True)
class Detection(DenseTask):
    """Boxes with classes.

    Attributes:
        classes: their names.

    Example:
        >>> one = Boxes(np.array([[0.0, 0.0, 5.0, 5.0]]), ("cell",))
        >>> Detection.read([one, None])[0].names
        ('cell',)
    """

    id: ClassVar[str] = "detection"
    family: ClassVar[str] = "detection"
    headline: ClassVar[str] = "ap50"
    head: ClassVar[str] = "fcos"
    augment: ClassVar[str] = "scale"
    strides: ClassVar[tuple[int, ...]] = (8, 16, 32)
    recipe: ClassVar[Mapping[str, Any]] = {
        "batch_size": 8,
        "views": 6,
        "length": 1.5,
        "head_learning_rate": 2e-3,
        "weight_decay": 0.05,
    }

    classes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        return self.classes

    @classmethod
    def takes(cls, annotation: Annotation) -> bool:
        """Boxes."""
        return isinstance(annotation, Boxes)

    @classmethod
    def read(cls, annotations: Sequence[Annotation | None]) -> tuple[Self, list[Finding]]:
        """The classes are the names of the boxes, in alphabetical order; see also :meth:`informed_by`.

        Raises:
            Unreadable: no picture has a box.
        """
        found = sorted({name for one in annotations if isinstance(one, Boxes) for name in one.names})
        if not found:
            raise Unreadable(Said("dense.no_boxes"))
        return cls(tuple(found)), []

    def informed_by(self, data: Dataset) -> Self:
        """Classes in the order of their table, of which those without an object are left out; others follow."""
        first = [name for name in in_order(data.class_numbers) if name in self.classes]
        return replace(self, classes=tuple(dict.fromkeys((*first, *self.classes))))

    def reread(self, annotations: Sequence[Annotation | None]) -> None:
        """See :class:`~jeoni.dense.protocol.DenseTask`."""
        for name in sorted({name for one in annotations if isinstance(one, Boxes) for name in one.names}):
            if name not in self.classes:
                near, known = did_you_mean(name, self.classes), ", ".join(self.classes)
                raise Unreadable(Said("dense.unknown_box", name=repr(name), known=known, near=near))

    def known(self, targets: Array) -> Array:
        """A picture without any object is known too."""
        return np.array([isinstance(one, Boxes) for one in targets], dtype=bool)

    def strata(self, targets: Array) -> IntArray:
        """The class of each picture's objects that is rarest in the whole; one more for pictures without any."""
        counts = Counter(name for one in targets if isinstance(one, Boxes) for name in one.names)
        return np.array([self._stratum(one, counts) for one in targets], dtype=np.int64)

    def _stratum(self, one: Any, counts: Counter[str]) -> int:
        if not isinstance(one, Boxes):
            return -1
        if not one.names:
            return len(self.classes)
        return self.classes.index(min(one.names, key=lambda name: (counts[name], name)))

    def check(self, data: Dataset) -> list[Finding]:
        """Pictures without an object, and classes that are rare.

        Raises:
            DataError: no box to learn from.
        """
        training = np.flatnonzero((data.part != "test") & self.known(data.targets))
        counts = Counter(name for i in training for name in self._usable_names(data.targets[i]))
        if not counts:
            where, n = data.origin or data.name, f"{len(training)}"
            raise DataError(Said("dense.no_box_to_learn", data=where, n=n, few=f"{FEW}"))
        findings = []
        empty = sum(not data.targets[i].names for i in training)
        if empty:
            findings.append(Finding("empty_picture", "", Said("dense.empty_pictures", n=f"{empty}"), "kept"))
        for name in self.classes:
            if counts[name] < FEW:
                told = Said("dense.few_objects", name=name, n=f"{counts[name]}")
                findings.append(Finding("small_class", "", told, "kept"))
        return findings

    def _usable_names(self, boxes: Boxes) -> list[str]:
        usable = _sized(boxes.boxes) & ~boxes.ignored
        return [name for name, good in zip(boxes.names, usable, strict=True) if good]

    def named_targets(self, targets: Array) -> list[Any]:
        """How many objects of each class, such as ``2 RBC, 1 WBC``; empty where nothing is known."""
        return [_in_words(one) if isinstance(one, Boxes) else "" for one in targets]

    def counted(self, targets: Array) -> Mapping[str, int]:
        """Objects of each class."""
        counts = Counter(name for one in targets for name in self._usable_names(one))
        return {name: counts[name] for name in self.classes}

    def object_sides(self, targets: Array) -> FloatArray:
        """Of the objects that are to be found."""
        areas = [_areas(one.boxes)[~one.ignored] for one in targets]
        every = np.concatenate([np.zeros(0), *areas])
        sides: FloatArray = np.sqrt(every[every > 0])
        return sides

    def moved(self, annotation: Annotation, geometry: Geometry) -> PlacedBoxes:
        """Boxes in a row; one of which too little is left, is ignored, so that its rest is no false alarm."""
        assert isinstance(annotation, Boxes)
        boxes = geometry.boxes(annotation.boxes)
        scale = abs(float(np.linalg.det(geometry.matrix[:2, :2])))
        whole = _areas(annotation.boxes) * scale
        share = np.divide(_areas(boxes), whole, out=np.zeros(len(whole)), where=whole > 0)
        there = share > 0
        ignored = annotation.ignored | (share < VISIBLE)
        return PlacedBoxes(boxes[there], self._labels(annotation)[there], ignored[there])

    def composed(self, parts: Sequence[tuple[Annotation, Geometry, tuple[int, int]]]) -> Boxes:
        """Boxes of all parts; one of which too little is left, is ignored, so that its rest is no false alarm."""
        placed = [(self.moved(annotation, geometry), corner) for annotation, geometry, corner in parts]
        boxes = [one.boxes + np.array([*corner, *corner], dtype=np.float64) for one, corner in placed]
        names = [self.classes[int(label)] for one, _ in placed for label in one.labels]
        return Boxes(np.concatenate(boxes), tuple(names), np.concatenate([one.ignored for one, _ in placed]))

    def _labels(self, annotation: Boxes) -> IntArray:
        return np.array([self.classes.index(name) for name in annotation.names], dtype=np.int64)

    def returned(self, prediction: Prediction, geometry: Geometry, extent: tuple[int, int]) -> Prediction:
        """Boxes in the picture's coordinates, clipped to it."""
        assert isinstance(prediction, Detections)
        back = Geometry(np.linalg.inv(geometry.matrix), extent)
        return Detections(back.boxes(prediction.boxes), prediction.labels, prediction.scores)

    def merged(self, parts: Iterable[tuple[Prediction, Tile]], extent: tuple[int, int]) -> Prediction:
        """An object at an edge is found once; see :mod:`jeoni.dense.merging.boxes`."""
        return merged_boxes((one, tile) for one, tile in parts if isinstance(one, Detections))

    def evidence(self, prediction: Prediction, annotation: Annotation) -> Matches:
        """Which detection found which object; boxes of no size are not asked for."""
        assert isinstance(prediction, Detections)
        assert isinstance(annotation, Boxes)
        sized = _sized(annotation.boxes)
        return match(
            prediction.boxes,
            prediction.labels,
            prediction.scores,
            annotation.boxes[sized],
            self._labels(annotation)[sized],
            annotation.ignored[sized],
            len(self.classes),
        )

    def scores(self, evidence: Sequence[Any], weights: FloatArray) -> dict[str, FloatArray]:
        """Means over the classes; see :mod:`~jeoni.evaluation.metrics.detection.average_precision`."""
        return average_precision(evidence, weights).scores()

    def metrics(self) -> Mapping[str, Measure]:
        """AP50 first."""
        return {
            "ap50": Measure("ap50", "Average precision at an overlap of 0.5 (AP50)"),
            "ap": Measure("ap", "Average precision over overlaps of 0.5 to 0.95 (AP)"),
            "ap75": Measure("ap75", "Average precision at an overlap of 0.75 (AP75)"),
            "ar100": Measure("ar100", "Average recall among 100 detections (AR100)"),
        }

    def rows(self, evidence: Sequence[Any], weights: FloatArray) -> list[Row]:
        """AP50 and AP of each class, and how many objects of it there are."""
        return self._rows(average_precision(evidence, weights).by_class(), evidence)

    def scored(self, evidence: Sequence[Any], weights: FloatArray) -> tuple[dict[str, FloatArray], list[Row]]:
        """Both from one pass over the detections."""
        found = average_precision(evidence, weights)
        return found.scores(), self._rows(found.by_class(), evidence)

    def _rows(self, found: Mapping[str, FloatArray], evidence: Sequence[Any]) -> list[Row]:
        counts = np.sum([one.counts for one in evidence], axis=0)
        return [
            Row(name, int(counts[k]), {metric: found[metric][:, k] for metric in ("ap50", "ap")})
            for k, name in enumerate(self.classes)
        ]

    def item_scores(self, evidence: Sequence[Any]) -> FloatArray:
        """F1 of each picture, of detections from the score on at which F1 of all pictures together is best."""
        return _kept(evidence).f1()

    def columns(self, evidence: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """Objects, and what is right, wrong and missed where detections are kept as :meth:`item_scores` keeps them."""
        kept = _kept(evidence)
        parts = {"right": kept.right, "wrong": kept.wrong, "missed": kept.missed}
        counted = {name: part.sum(axis=1).astype(int).tolist() for name, part in parts.items()}
        return {"objects": [int(one.counts.sum()) for one in evidence], **counted}

    def details(self, evidence: Sequence[Any]) -> dict[str, Any]:
        """Precision-recall curves at an overlap of 0.5, the best score to keep detections from, and sizes of objects.

        That score is the best one on these very pictures: it describes them, and nothing is chosen by it.
        """
        threshold = best_threshold(evidence)
        sizes = np.concatenate([one.sizes for one in evidence])
        kept = _kept(evidence)
        return {
            "curves": [self._curve(evidence, k) for k in range(len(self.classes))],
            "threshold": None if np.isnan(threshold) else threshold,
            "at_threshold": [
                {"name": name, "right": int(right), "wrong": int(wrong), "missed": int(missed)}
                for name, right, wrong, missed in zip(
                    self.classes, kept.right.sum(0), kept.wrong.sum(0), kept.missed.sum(0), strict=True
                )
            ],
            "sizes": {
                "edges": list(SIZES),
                "counts": np.histogram(sizes, [*SIZES[:-1], np.inf])[0].tolist(),
            },
        }

    def _curve(self, evidence: Sequence[Any], label: int) -> dict[str, Any]:
        curve = precision_recall(evidence, label)
        some = np.unique(np.linspace(0, len(curve.scores) - 1, min(POINTS, len(curve.scores))).astype(np.int64))
        return {
            "name": self.classes[label],
            "scores": curve.scores[some].tolist(),
            "precision": curve.precision[some].tolist(),
            "recall": [None if value != value else value for value in curve.recall[some].tolist()],
        }

    def describe(self) -> dict[str, Any]:
        """See :class:`~jeoni.dense.protocol.DenseTask`."""
        return {"classes": list(self.classes)}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave."""
        return cls(tuple(distinct_names(described["classes"])))


def _areas(boxes: FloatArray) -> FloatArray:
    found: FloatArray = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(1)
    return found


def _sized(boxes: FloatArray) -> Array:
    return _areas(boxes) > 0


def _kept(evidence: Sequence[Any]) -> Outcomes:
    """Where detections are kept from the score on at which F1 is best; none, where none is right."""
    threshold = best_threshold(evidence)
    return outcomes_at(evidence, np.inf if np.isnan(threshold) else threshold)


def _in_words(one: Boxes) -> str:
    counts = Counter(one.names)
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
