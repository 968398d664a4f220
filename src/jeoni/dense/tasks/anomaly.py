"""Anomaly detection: whether a picture looks like normal ones, and where it does not; learned from these alone.

A prediction's score has 1 as its threshold (see the heads), so that alarms need no further number. Scores of pictures
are ROC-AUC and average precision of defective against normal ones, the share of defects that raise an alarm, and the
share of false alarms. Where masks say which pixels are defective, ROC-AUC of all pixels together is told as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from jeoni.data.annotations import Annotation, Condition, Heat, Prediction
from jeoni.dense.merging.maps import merged_heat
from jeoni.dense.merging.tile import Tile
from jeoni.dense.protocol import DenseTask, Row
from jeoni.dense.tasks.scoring.pixels import PixelSketch, pixel_auroc, pixel_sketch
from jeoni.errors import DataError
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.classification.roc_auc import RocAuc
from jeoni.evaluation.metrics.columns import average_precision
from jeoni.evaluation.metrics.counts import ratio
from jeoni.locale import Said
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Unreadable
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Anomaly"]

LEAST = 4  # normal pictures to learn from
FEW = 20  # of which the 95th percentile is but the largest score
THRESHOLD = 1.0


@dataclass(frozen=True)
class _Evidence:
    """What is kept of one picture: its score, its condition, and a sketch of its heat by the mask."""

    score: float
    condition: Condition
    pixels: PixelSketch | None


@dataclass(frozen=True)
class Anomaly(DenseTask):
    """Normal or defective. Targets are conditions.

    Attributes:
        kinds: names of the kinds of defects that were seen in the data, for tables; nothing is learned from them.

    Example:
        >>> task, findings = Anomaly.read([Condition(False), Condition(True, kind="scratch")])
        >>> task.kinds
        ('scratch',)
    """

    id: ClassVar[str] = "anomaly"
    family: ClassVar[str] = "anomaly"
    headline: ClassVar[str] = "image_auroc"
    head: ClassVar[str] = "patchcore"
    augment: ClassVar[str] = "none"
    strides: ClassVar[tuple[int, ...]] = (8, 16, 32)
    longest: ClassVar[int] = 256

    kinds: tuple[str, ...] = ()

    @classmethod
    def takes(cls, annotation: Annotation) -> bool:
        """Conditions."""
        return isinstance(annotation, Condition)

    @classmethod
    def read(cls, annotations: Sequence[Annotation | None]) -> tuple[Self, list[Finding]]:
        """The kinds of defects.

        Raises:
            Unreadable: annotations of another kind, or no normal example among them.
        """
        given = _conditions(annotations)
        if not any(not one.defective for one in given):
            raise Unreadable(Said("dense.no_normal", n=f"{len(given)}"))
        return cls(tuple(sorted({one.kind for one in given if one.defective and one.kind}))), []

    def reread(self, annotations: Sequence[Annotation | None]) -> None:
        """Other kinds of defects are welcome: nothing was learned of any.

        Raises:
            Unreadable: annotations of another kind.
        """
        _conditions(annotations)

    def known(self, targets: Array) -> Array:
        """See :class:`DenseTask`."""
        return np.array([one is not None for one in targets], dtype=bool)

    def learns_from(self, targets: Array) -> Array:
        """Normal examples only."""
        return np.array([one is not None and not one.defective for one in targets], dtype=bool)

    def strata(self, targets: Array) -> IntArray:
        """0 of normal pictures, then a number for each kind of defect."""
        numbers = {kind: k + 2 for k, kind in enumerate(self.kinds)}
        found = [-1 if one is None else numbers.get(one.kind, 1) if one.defective else 0 for one in targets]
        return np.array(found, dtype=np.int64)

    def check(self, data: Dataset) -> list[Finding]:
        """See :class:`DenseTask`."""
        training = data.part != "test"
        normal, known = self.learns_from(data.targets), self.known(data.targets)
        learned, defective = int((normal & training).sum()), known & ~normal
        if learned < LEAST:
            where = data.origin or data.name
            raise DataError(Said("dense.few_normal_needed", data=where, n=f"{learned}", least=f"{LEAST}"))
        found = []
        if learned < FEW:
            told = Said("dense.few_normal", n=f"{learned}", few=f"{FEW}")
            found.append(Finding("few_normal", "", told, "kept"))
        if (defective & training).any():
            told = Said("dense.defective_left", n=f"{int((defective & training).sum())}")
            found.append(Finding("defective", "", told, "only scored"))
        if not defective.any():
            told = Said("dense.no_defects")
            found.append(Finding("no_defects", "", told, "kept"))
        return found

    def named_targets(self, targets: Array) -> list[Any]:
        """``normal``, or the kind of defect."""
        return ["" if one is None else (one.kind or "defective") if one.defective else "normal" for one in targets]

    def counted(self, targets: Array) -> Mapping[str, int]:
        """Normal pictures, and those of each kind of defect."""
        return dict(Counter(self.named_targets(targets)))

    def moved(self, annotation: Annotation, geometry: Geometry) -> Annotation:
        """As it is: no head is trained on it."""
        return annotation

    def returned(self, prediction: Prediction, geometry: Geometry, extent: tuple[int, int]) -> Heat:
        """The part of the heat map that shows the picture, at the row's resolution."""
        assert isinstance(prediction, Heat)
        if prediction.heat is None:
            return prediction
        left, top, right, bottom = geometry.boxes(np.array([[0.0, 0.0, *extent]]))[0]
        rows, columns = prediction.heat.shape
        across, down = columns / geometry.size[0], rows / geometry.size[1]
        first_row, first_column = round(top * down), round(left * across)
        part = prediction.heat[
            first_row : max(first_row + 1, round(bottom * down)),
            first_column : max(first_column + 1, round(right * across)),
        ]
        return Heat(prediction.score, part)

    def merged(self, parts: Iterable[tuple[Prediction, Tile]], extent: tuple[int, int]) -> Prediction:
        """A picture is as unusual as its least usual part; heat maps are blended."""
        return merged_heat(((one, tile) for one, tile in parts if isinstance(one, Heat)), extent)

    def evidence(self, prediction: Prediction, annotation: Annotation) -> _Evidence:
        """See :class:`DenseTask`."""
        assert isinstance(prediction, Heat) and isinstance(annotation, Condition)
        return _Evidence(prediction.score, annotation, pixel_sketch(prediction.heat, annotation))

    def scores(self, evidence: Sequence[_Evidence], weights: FloatArray) -> dict[str, FloatArray]:
        """See :class:`DenseTask`."""
        score, defective = _of_pictures(evidence)
        alarm = score > THRESHOLD
        return {
            "image_auroc": _area(defective, score, weights),
            "average_precision": average_precision(defective.astype(np.float64), score, weights),
            "recall": _share(alarm, defective, weights),
            "false_alarms": _share(alarm, ~defective, weights),
            "pixel_auroc": pixel_auroc([one.pixels for one in evidence], weights),
        }

    def metrics(self) -> Mapping[str, Measure]:
        """See :class:`DenseTask`."""
        return {
            "image_auroc": Measure("image_auroc", "ROC-AUC of pictures"),
            "average_precision": Measure("average_precision", "Average precision"),
            "recall": Measure("recall", "Defects found at the threshold"),
            "false_alarms": Measure("false_alarms", "False alarms at the threshold", higher_is_better=False),
            "pixel_auroc": Measure("pixel_auroc", "ROC-AUC of pixels"),
        }

    def rows(self, evidence: Sequence[_Evidence], weights: FloatArray) -> list[Row]:
        """Each kind of defect against all normal pictures."""
        score, defective = _of_pictures(evidence)
        kinds = np.array([one.condition.kind if one.condition.defective else "" for one in evidence])
        found = []
        for kind in sorted(set(kinds[defective].tolist())):
            members = defective & (kinds == kind)
            some = members | ~defective
            figures = {
                "image_auroc": _area(members[some], score[some], weights[:, some]),
                "recall": _share(score > THRESHOLD, members, weights),
            }
            found.append(Row(kind or "defective", int(members.sum()), figures))
        return found

    def item_scores(self, evidence: Sequence[_Evidence]) -> FloatArray:
        """How far each picture lies on its own side of the threshold."""
        score, defective = _of_pictures(evidence)
        return np.where(defective, score - THRESHOLD, THRESHOLD - score)

    def shares(self, evidence: Sequence[_Evidence]) -> Mapping[str, int]:
        """See :class:`DenseTask`."""
        _, defective = _of_pictures(evidence)
        return {"recall": int(defective.sum()), "false_alarms": int((~defective).sum())}

    def columns(self, evidence: Sequence[_Evidence]) -> dict[str, Sequence[Any]]:
        """Normal or defective, as predicted, and how unusual: from 1 on it is an alarm."""
        score, _ = _of_pictures(evidence)
        predicted = ["defective" if alarm else "normal" for alarm in score > THRESHOLD]
        return {"predicted": predicted, "anomaly_score": score.round(6).tolist()}

    def details(self, evidence: Sequence[_Evidence]) -> dict[str, Any]:
        """The scores of all pictures, for a histogram."""
        score, defective = _of_pictures(evidence)
        return {
            "threshold": THRESHOLD,
            "normal": [round(float(v), 4) for v in np.sort(score[~defective])],
            "defective": [round(float(v), 4) for v in np.sort(score[defective])],
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Of the two conditions."""
        return ("normal", "defective")

    def describe(self) -> dict[str, Any]:
        """See :class:`DenseTask`."""
        return {"kinds": list(self.kinds)}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """See :class:`DenseTask`."""
        kinds = described["kinds"]
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise ValueError("kinds must be a list of names")
        return cls(tuple(kind[:200] for kind in kinds))


def _conditions(annotations: Sequence[Annotation | None]) -> list[Condition]:
    given = [one for one in annotations if one is not None]
    conditions = [one for one in given if isinstance(one, Condition)]
    if len(conditions) < len(given):
        other = next(type(one).__name__.lower() for one in given if not isinstance(one, Condition))
        raise Unreadable(Said("dense.no_conditions", other=other))
    return conditions


def _of_pictures(evidence: Sequence[_Evidence]) -> tuple[FloatArray, Array]:
    """Scores ``(n,)``, and which are defective ``(n,)`` bool."""
    score = np.array([one.score for one in evidence], dtype=np.float64)
    return score, np.array([one.condition.defective for one in evidence], dtype=bool)


def _area(positive: Array, score: FloatArray, weights: FloatArray) -> FloatArray:
    """``(B,)`` ROC-AUC; ties count half."""
    if not positive.any() or positive.all():
        return np.full(len(weights), np.nan)
    return RocAuc()(positive.astype(np.int64), np.stack([-score, score], axis=1), weights)


def _share(found: Array, among: Array, weights: FloatArray) -> FloatArray:
    """``(B,)`` the weighted share of some pictures that raise an alarm."""
    return ratio(weights @ (found & among).astype(np.float64), weights @ among.astype(np.float64))
