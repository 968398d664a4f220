"""Precision and recall of a class by the score from which detections are kept, and the best score to keep them from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.evaluation.metrics.detection.average_precision import ranked
from jeoni.evaluation.metrics.detection.matching import Matches
from jeoni.types import Array, FloatArray

__all__ = ["Curve", "Outcomes", "best_threshold", "outcomes_at", "precision_recall"]


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of one class at one overlap, the surest detection first.

    Attributes:
        scores: ``(d,)`` from which detections are kept.
        precision: ``(d,)`` share of those kept that are right.
        recall: ``(d,)`` share of the objects that are found; NaN where there is none.
    """

    scores: FloatArray
    precision: FloatArray
    recall: FloatArray


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Detections kept from a score on, ``(n, classes)`` each, by picture and class.

    Attributes:
        right: found an object.
        wrong: found none.
        missed: objects that none found.
    """

    right: FloatArray
    wrong: FloatArray
    missed: FloatArray

    def f1(self) -> FloatArray:
        """``(n,)`` of all classes together; 1 of a picture without any object in which none was found."""
        right, wrong, missed = self.right.sum(1), self.wrong.sum(1), self.missed.sum(1)
        whole = 2 * right + wrong + missed
        found: FloatArray = np.divide(2 * right, whole, out=np.ones_like(right), where=whole > 0)
        return found


def precision_recall(matches: Sequence[Matches], label: int, overlap: int = 0) -> Curve:
    """The curve of one class on all pictures.

    Args:
        matches: one of each picture.
        label: the class.
        overlap: the number of the overlap in :data:`~jeoni.evaluation.metrics.detection.matching.IOUS`.
    """
    one = ranked(matches, label)
    counted = ~one.ignored[overlap]
    right = one.hits[overlap][counted].cumsum()
    objects = one.objects.sum()
    recall = right / objects if objects else np.full(len(right), np.nan)
    return Curve(one.scores[counted], right / np.arange(1, len(right) + 1), recall)


def best_threshold(matches: Sequence[Matches], overlap: int = 0) -> float:
    """The score from which to keep detections so that F1 of all classes together is best; NaN without a hit."""
    scores = np.concatenate([m.scores[~m.ignored[overlap]] for m in matches])
    hits = np.concatenate([m.hits[overlap][~m.ignored[overlap]] for m in matches])
    if not hits.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    right = hits[order].cumsum()
    objects = sum(int(m.counts.sum()) for m in matches)
    f1 = 2 * right / (np.arange(1, len(right) + 1) + objects)
    return float(scores[order][np.argmax(f1)])


def outcomes_at(matches: Sequence[Matches], threshold: float, overlap: int = 0) -> Outcomes:
    """What is right, wrong and missed where detections are kept from a score on."""
    right = np.stack([_counted(m, m.hits[overlap], threshold) for m in matches])
    wrong = np.stack([_counted(m, ~m.hits[overlap] & ~m.ignored[overlap], threshold) for m in matches])
    objects = np.stack([m.counts for m in matches]).astype(np.float64)
    return Outcomes(right, wrong, objects - right)


def _counted(one: Matches, chosen: Array, threshold: float) -> FloatArray:
    kept = chosen & (one.scores >= threshold)
    return np.bincount(one.labels[kept], minlength=len(one.counts)).astype(np.float64)
