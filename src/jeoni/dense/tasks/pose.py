"""Pose: the keypoints of the one subject of a picture (Mathis et al. Nature Neuroscience 2018, DeepLabCut).

Of several subjects in a picture each is cut out by its box, and is a picture of one (top-down; see
:mod:`jeoni.dense.crops`). Those are scored by COCO's average precision too, where sigmas are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from jeoni.data.annotations import Annotation, Keypoints, Prediction, Skeleton, Subjects
from jeoni.dense.crops import Subject, cut_out
from jeoni.dense.placed import PlacedPoints
from jeoni.dense.protocol import DenseTask, Row
from jeoni.dense.sides import partners
from jeoni.errors import DataError
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.pose.distances import Distances, by_point, distances, over_points
from jeoni.evaluation.metrics.pose.similarity import (
    SubjectEvidence,
    TrueSubjects,
    known_sigmas,
    subject_precision,
)
from jeoni.locale import Said
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Unreadable, distinct_names
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Pose"]

FEW = 10  # pictures in which a point is visible
STEPS, MOST_SHOWN = 61, 0.98  # of the curves of distances, and the share of all points that they reach to
PRECISION = {
    "ap": Measure("ap", "Average precision by keypoint similarity (AP)"),
    "ap50": Measure("ap50", "Average precision at a keypoint similarity of 0.5 (AP50)"),
    "ap75": Measure("ap75", "Average precision at a keypoint similarity of 0.75 (AP75)"),
    "ar20": Measure("ar20", "Average recall among 20 predictions (AR20)"),
}
QUANTILES = (0.5, 0.75, 0.9, 0.95, 1.0)


@dataclass(frozen=True)
class Pose(DenseTask):
    """Keypoints by name.

    Attributes:
        points: their names.
        several: whether pictures show several subjects, in boxes that are given.
        sigmas: ``(k,)`` how far annotators differ, in shares of the root of a subject's area; empty: not known.
        edges: numbers of the two points of each line that is drawn between them.
        partners: ``(k,)`` the number of the point that each becomes in a mirrored picture; empty: by their names.

    Example:
        >>> one = Keypoints(np.zeros((2, 2)), ("leftear", "rightear"))
        >>> Pose.read([one, None])[0].names
        ('leftear', 'rightear')
    """

    id: ClassVar[str] = "pose"
    family: ClassVar[str] = "pose"
    head: ClassVar[str] = "heatmap"
    augment: ClassVar[str] = "light"
    strides: ClassVar[tuple[int, ...]] = (4, 8, 16, 32)
    recipe: ClassVar[Mapping[str, Any]] = {
        "batch_size": 8,
        "views": 6,
        "length": 1.0,
        "head_learning_rate": 2e-3,
        "weight_decay": 0.05,
    }

    points: tuple[str, ...]
    several: bool = False
    sigmas: tuple[float, ...] = ()
    partners: tuple[int, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()

    @property
    def mirrored(self) -> IntArray:
        """``(k,)`` the number of the point that each becomes in a mirrored picture."""
        return np.array(self.partners, dtype=np.int64) if self.partners else partners(self.points)

    @property
    def headline(self) -> str:
        """Average precision of several subjects, where it can be told; else the distance."""
        return "ap" if self.precise else "rmse_px"

    @property
    def precise(self) -> bool:
        """Whether average precision is told."""
        return self.several and bool(self.sigmas)

    @property
    def in_boxes(self) -> bool:
        """Of several subjects."""
        return self.several

    @property
    def names(self) -> tuple[str, ...]:
        """Of the keypoints."""
        return self.points

    @classmethod
    def takes(cls, annotation: Annotation) -> bool:
        """Keypoints."""
        return isinstance(annotation, (Keypoints, Subjects))

    @classmethod
    def read(cls, annotations: Sequence[Annotation | None]) -> tuple[Self, list[Finding]]:
        """The points of the pictures, in their order.

        Raises:
            Unreadable: no picture has any, pictures have different ones, or two are called the same.
        """
        given = [one for one in annotations if isinstance(one, (Keypoints, Subjects))]
        orders = list(dict.fromkeys(one.names for one in given))
        if not orders:
            raise Unreadable(Said("dense.no_keypoints"))
        if len(orders) > 1:
            first, second = (", ".join(order) for order in orders[:2])
            raise Unreadable(Said("dense.other_keypoints", first=first, second=second))
        if len(set(orders[0])) < len(orders[0]):
            raise Unreadable(Said("dense.twin_keypoints", names=", ".join(orders[0])))
        several = any(isinstance(one, (Subjects, Subject)) for one in given)
        stated = next((one.partners for one in given if one.partners), ())
        return cls(orders[0], several, known_sigmas(orders[0]) if several else (), stated), []

    def informed_by(self, data: Dataset) -> Self:
        """The lines between points that data draw."""
        return replace(self, edges=data.edges)

    def as_examples(self, data: Dataset) -> Dataset:
        """Of several subjects each is one."""
        return cut_out(data) if self.several else data

    def reread(self, annotations: Sequence[Annotation | None]) -> None:
        """See :class:`~jeoni.dense.protocol.DenseTask`."""
        for one in annotations:
            if isinstance(one, Subjects) and not self.several:
                raise Unreadable(Said("dense.several_subjects"))
            if isinstance(one, (Keypoints, Subjects)) and one.names != self.points:
                there, known = ", ".join(one.names), ", ".join(self.points)
                raise Unreadable(Said("dense.unknown_keypoints", names=there, known=known))

    def known(self, targets: Array) -> Array:
        """At least one point is visible."""
        return np.array([isinstance(one, Keypoints) and bool(_visible(one).any()) for one in targets], dtype=bool)

    def strata(self, targets: Array) -> IntArray:
        """Pictures in which all points are visible, and others."""
        known = self.known(targets)
        whole = [bool(there) and bool(_visible(one).all()) for one, there in zip(targets, known, strict=True)]
        return np.where(known, np.array(whole, dtype=np.int64), -1)

    def check(self, data: Dataset) -> list[Finding]:
        """Points that are hardly ever visible.

        Raises:
            DataError: no point to learn from.
        """
        training = np.flatnonzero((data.part != "test") & self.known(data.targets))
        if not len(training):
            raise DataError(Said("dense.no_point_to_learn", data=data.origin or data.name, few=f"{FEW}"))
        visible = np.sum([_visible(data.targets[i]) for i in training], axis=0)
        return [
            Finding("small_class", "", Said("dense.few_points", name=name, n=f"{count}"), "kept")
            for name, count in zip(self.points, visible.tolist(), strict=True)
            if count < FEW
        ]

    def named_targets(self, targets: Array) -> list[Any]:
        """How many of the points are visible; empty where nothing is known."""
        return [f"{_visible(one).sum()} of {len(self.points)}" if isinstance(one, Keypoints) else "" for one in targets]

    def counted(self, targets: Array) -> Mapping[str, int]:
        """Pictures in which each keypoint is visible."""
        visible = np.sum([_visible(one) for one in targets], axis=0)
        return dict(zip(self.points, visible.tolist(), strict=True)) if len(targets) else {}

    def moved(self, annotation: Annotation, geometry: Geometry) -> PlacedPoints:
        """Points in a row; in a mirrored one left and right are exchanged, and what lies outside is not visible."""
        assert isinstance(annotation, Keypoints)
        points = geometry.points(annotation.points)
        if np.linalg.det(geometry.matrix[:2, :2]) < 0:
            points = points[self.mirrored]
        outside = ((points < 0) | (points >= np.array(geometry.size))).any(axis=1)
        points[outside] = np.nan
        return PlacedPoints(points)

    def returned(self, prediction: Prediction, geometry: Geometry, extent: tuple[int, int]) -> Prediction:
        """Points in the picture's coordinates; of a mirrored row, left and right are exchanged again."""
        assert isinstance(prediction, Skeleton)
        points = Geometry(np.linalg.inv(geometry.matrix), extent).points(prediction.points)
        scores = prediction.scores
        if np.linalg.det(geometry.matrix[:2, :2]) < 0:
            order = self.mirrored
            points, scores = points[order], scores[order]
        return Skeleton(points.clip(0, np.array(extent, dtype=np.float64)), scores)

    def evidence(self, prediction: Prediction, annotation: Annotation) -> Distances:
        """How far each point lies off."""
        assert isinstance(prediction, Skeleton)
        assert isinstance(annotation, Keypoints)
        found = distances(prediction.points, prediction.scores, annotation.points, annotation.box)
        if not isinstance(annotation, Subject):
            return found
        corner = np.array(annotation.corner, dtype=np.float64)
        return self.subject_evidence(annotation, found, prediction.points + corner, float(prediction.scores.mean()))

    def subject_evidence(
        self, of: Subject, found: Distances | None = None, points: FloatArray | None = None, sure: float = 0.0
    ) -> SubjectEvidence:
        """Evidence of one prediction in a picture of several subjects, or of a picture without any prediction.

        Args:
            of: names the picture, and what is there.
            found: how far points lie off; None where a prediction is of no subject that is known before.
            points: ``(k, 2)`` predicted, in the picture's coordinates; None: nothing was.
            sure: how sure the prediction is.
        """
        assert of.whole is not None
        there = TrueSubjects(of.whole.points, of.whole.boxes, of.whole.areas, of.whole.ignored)
        found = found or Distances(np.full(len(self.points), np.nan), float("nan"), np.zeros(len(self.points)))
        return SubjectEvidence(found.errors, found.size, found.scores, of.picture, there, points, sure)

    def scores(self, evidence: Sequence[Any], weights: FloatArray) -> dict[str, FloatArray]:
        """Over all visible points; see :mod:`~jeoni.evaluation.metrics.pose.distances`, and ``similarity`` beside it.

        Evidence of one picture counts alike: what is resampled are pictures.
        """
        found = over_points(evidence, weights)
        if self.precise:
            found |= subject_precision(evidence, self.sigmas, weights)
        return found

    def metrics(self) -> Mapping[str, Measure]:
        """What leads first."""
        return (PRECISION if self.precise else {}) | {
            "rmse_px": Measure("rmse_px", "Root mean squared distance", "pixels", False),
            "pck": Measure("pck", "Points within a tenth of the subject's size (PCK@0.1)"),
            "pck20": Measure("pck20", "Points within a fifth of the subject's size (PCK@0.2)"),
        }

    def rows(self, evidence: Sequence[Any], weights: FloatArray) -> list[Row]:
        """The metrics of each keypoint."""
        found = by_point(evidence, weights)
        counts = np.sum([~np.isnan(one.errors) for one in evidence], axis=0)
        return [
            Row(name, int(counts[k]), {metric: values[:, k] for metric, values in found.items()})
            for k, name in enumerate(self.points)
        ]

    def item_scores(self, evidence: Sequence[Any]) -> FloatArray:
        """Minus the root mean squared distance of each picture, pixels."""
        errors = np.stack([one.errors for one in evidence])
        visible = ~np.isnan(errors)
        count = visible.sum(axis=1)
        total = np.where(visible, errors**2, 0.0).sum(axis=1)
        mean = np.divide(total, count, out=np.full(len(errors), np.nan), where=count > 0)
        found: FloatArray = -np.sqrt(mean)
        return found

    def columns(self, evidence: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """How many points are visible, and how far off each was found, pixels."""
        errors = np.stack([one.errors for one in evidence])
        visible = (~np.isnan(errors)).sum(1).tolist()
        return {"points": visible, **{f"error:{name}": errors[:, k].tolist() for k, name in enumerate(self.points)}}

    def details(self, evidence: Sequence[Any]) -> dict[str, Any]:
        """Quantiles of the distance of each keypoint, pixels, and which share lies within so many pixels."""
        errors = np.stack([one.errors for one in evidence])
        steps = _steps(errors)
        return {
            "pixels": steps.tolist(),
            "within": [
                {"name": name, "shares": _within(errors[:, k], steps)}
                for k, name in enumerate(self.points)
                if not np.isnan(errors[:, k]).all()
            ],
            "quantiles": list(QUANTILES),
            "errors": [_quantiles(name, errors[:, k]) for k, name in enumerate(self.points)],
        }

    def describe(self) -> dict[str, Any]:
        """See :class:`~jeoni.dense.protocol.DenseTask`."""
        several = {"several": True, "sigmas": list(self.sigmas)} if self.several else {}
        edges = {"edges": [list(pair) for pair in self.edges]} if self.edges else {}
        exchanged = {"partners": list(self.partners)} if self.partners else {}
        return {"points": list(self.points), **several, **edges, **exchanged}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave."""
        points, sigmas = tuple(distinct_names(described["points"])), described.get("sigmas", [])
        numbers = all(isinstance(one, float) and 0 < one < np.inf for one in sigmas)
        if not isinstance(sigmas, list) or len(sigmas) not in (0, len(points)) or not numbers:
            raise ValueError("sigmas must be positive numbers, one for each point")
        edges = tuple((int(a), int(b)) for a, b in described.get("edges", []))
        if any(not 0 <= k < len(points) for pair in edges for k in pair):
            raise ValueError("edges must be pairs of numbers of points")
        exchanged = described.get("partners", [])
        if not isinstance(exchanged, list) or (exchanged and sorted(exchanged) != list(range(len(points)))):
            raise ValueError("partners must be the numbers of the points")
        several = described.get("several", False) is True
        return cls(points, several, tuple(sigmas), tuple(exchanged), edges)


def _visible(one: Keypoints) -> Array:
    visible: Array = ~np.isnan(one.points.sum(axis=1))
    return visible


def _steps(errors: FloatArray) -> FloatArray:
    """Distances ``(m,)`` from none to where nearly all points lie, pixels."""
    known = errors[~np.isnan(errors)]
    most = max(1.0, float(np.quantile(known, MOST_SHOWN))) if len(known) else 1.0
    return np.linspace(0.0, most, STEPS)


def _within(errors: FloatArray, steps: FloatArray) -> list[float]:
    """The share of the visible ones within each of the distances."""
    known = np.sort(errors[~np.isnan(errors)])
    found: list[float] = (np.searchsorted(known, steps, side="right") / len(known)).tolist()
    return found


def _quantiles(name: str, errors: FloatArray) -> dict[str, Any]:
    there = errors[~np.isnan(errors)]
    return {"name": name, "values": np.quantile(there, QUANTILES).tolist() if len(there) else []}
