"""COCO's average precision of weighted pictures (Lin et al. ECCV 2014), for many resamples at once.

Precision is made to fall with recall and read at 101 recalls, as ``pycocotools`` does. A picture of weight 2 counts as
if it were there twice. Detections are sorted once; each resample takes cumulative sums of its weights. Between two
detections that hit, precision only falls, so that the curve is followed at the hits alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.evaluation.metrics.counts import mean_of_defined
from jeoni.evaluation.metrics.detection.matching import IOUS, Matches
from jeoni.types import Array, FloatArray

__all__ = ["RECALLS", "Precision", "average_precision", "ranked"]

RECALLS = np.linspace(0.0, 1.0, 101)
AT_50, AT_75 = 0, 5
_CHUNK = 2_000_000  # numbers of one step: flat memory
_TINY = 1e-12  # no weight so far: then nothing is right either


@dataclass(frozen=True)
class Precision:
    """Of each class, ``(B, classes, 10)`` by overlap of :data:`IOUS`; NaN where there is no object of a class.

    Attributes:
        precision: average precision.
        recall: share of the objects that were found at all, among at most 100 detections of a class in a picture.
    """

    precision: FloatArray
    recall: FloatArray

    def scores(self) -> dict[str, FloatArray]:
        """``(B,)`` by metric id: means over the classes of which there are objects."""
        return {name: mean_of_defined(values, axis=1) for name, values in self.by_class().items()}

    def by_class(self) -> dict[str, FloatArray]:
        """``(B, classes)`` by metric id."""
        return {
            "ap50": self.precision[:, :, AT_50],
            "ap": self.precision.mean(axis=2),
            "ap75": self.precision[:, :, AT_75],
            "ar100": self.recall.mean(axis=2),
        }


@dataclass(frozen=True, eq=False)
class _Ranked:
    """All detections of one class, the surest first.

    Attributes:
        scores: ``(d,)``.
        picture: ``(d,)`` the picture that each is of.
        hits: ``(10, d)`` bool.
        ignored: ``(10, d)`` bool.
        objects: ``(n,)`` in each picture, that were to be found.
    """

    scores: FloatArray
    picture: Array
    hits: Array
    ignored: Array
    objects: FloatArray


def average_precision(matches: Sequence[Matches], weights: FloatArray) -> Precision:
    """Average precision and recall of each class at each overlap.

    Args:
        matches: ``(n,)`` one of each picture.
        weights: ``(B, n)`` how often each picture counts.

    Example:
        >>> from jeoni.evaluation.metrics.detection.matching import match
        >>> true, wrong = np.array([[0.0, 0, 10, 10]]), np.array([[50.0, 50, 60, 60]])
        >>> both = np.concatenate([wrong, true])
        >>> one = match(both, np.zeros(2, int), np.array([0.9, 0.8]), true, np.zeros(1, int), np.zeros(1, bool), 1)
        >>> average_precision([one], np.ones((1, 1))).scores()["ap50"].tolist()
        [0.5]
    """
    classes = len(matches[0].counts) if matches else 0
    precision = np.full((len(weights), classes, len(IOUS)), np.nan)
    recall = np.full_like(precision, np.nan)
    for k in range(classes):
        one = ranked(matches, k)
        for rows in _chunks(len(weights), len(one.scores)):
            precision[rows, k], recall[rows, k] = _of_class(one, np.asarray(weights[rows], dtype=np.float64))
    return Precision(precision, recall)


def ranked(matches: Sequence[Matches], label: int) -> _Ranked:
    """The detections of a class in all pictures, the surest first; equals in the order of the pictures."""
    mine = [m.labels == label for m in matches]
    scores = np.concatenate([m.scores[own] for m, own in zip(matches, mine, strict=True)])
    order = np.argsort(-scores, kind="stable")
    picture = np.repeat(np.arange(len(matches)), [int(own.sum()) for own in mine])
    return _Ranked(
        scores=scores[order],
        picture=picture[order],
        hits=np.concatenate([m.hits[:, own] for m, own in zip(matches, mine, strict=True)], axis=1)[:, order],
        ignored=np.concatenate([m.ignored[:, own] for m, own in zip(matches, mine, strict=True)], axis=1)[:, order],
        objects=np.array([m.counts[label] for m in matches], dtype=np.float64),
    )


def _chunks(rows: int, columns: int) -> Iterator[slice]:
    size = max(1, _CHUNK // max(1, columns))
    for start in range(0, rows, size):
        yield slice(start, start + size)


def _of_class(one: _Ranked, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Average precision and recall ``(B, 10)`` of one class."""
    objects = weights @ one.objects
    some = objects > 0
    precision = np.full((len(weights), len(IOUS)), np.nan)
    recall = np.full_like(precision, np.nan)
    by_detection = weights[some][:, one.picture]
    counted = None if one.ignored.any() else by_detection.cumsum(axis=1)
    for t in range(len(IOUS)):
        if one.ignored.any():
            counted = (by_detection * ~one.ignored[t]).cumsum(axis=1)
        assert counted is not None
        hits = np.flatnonzero(one.hits[t])
        right = by_detection[:, hits].cumsum(axis=1)
        found = right / objects[some, None]
        precision[some, t] = _area(right / np.maximum(counted[:, hits], _TINY), found)
        recall[some, t] = found[:, -1] if len(hits) else 0.0
    return precision, recall


def _area(precision: FloatArray, recall: FloatArray) -> FloatArray:
    """``(B,)`` means over :data:`RECALLS` of precision that is made to fall; curves are ``(B, hits)``."""
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # how many of the recalls a hit is the first to reach
    reached = np.searchsorted(RECALLS, recall, side="right")
    first = np.diff(reached, axis=1, prepend=0)
    area: FloatArray = np.einsum("bh,bh->b", falling, first) / len(RECALLS)
    return area
