"""ROC-AUC (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747): how often a positive outranks a negative.

Two classes: the probability of class 1. More: each class against the rest, mean over the classes that have both
positives and negatives in the resample (scikit-learn refuses a set in which a class is missing). Ties count half.
NaN where only one class is present.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.counts import mean_of_defined, ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["RocAuc"]


class RocAuc:
    """The chance that an item of a class gets a higher probability of it than an item of another class.

    Example:
        >>> import numpy as np
        >>> probs = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4]])
        >>> RocAuc()(np.array([0, 0, 1]), probs, np.ones((1, 3)))
        array([0.5])
    """

    title: ClassVar[str] = "ROC-AUC"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = ""

    def __call__(self, labels: IntArray, probs: FloatArray, weights: Array) -> FloatArray:
        """ROC-AUC of each resample, ``(B,)``, for labels ``(n,)``, probs ``(n, K)``, weights ``(B, n)``."""
        by_item = np.ascontiguousarray(weights.T)
        asked = [1] if probs.shape[1] == 2 else range(probs.shape[1])
        areas = [_area(labels == k, probs[:, k], by_item) for k in asked]
        return mean_of_defined(np.stack(areas), axis=0)


def _area(positive: Array, scores: FloatArray, by_item: Array) -> FloatArray:
    """Area under one curve for weights ``(n, B)``: the mean over positives of the share of negatives below them."""
    order = np.argsort(scores, kind="stable")
    is_positive, ranked = positive[order], scores[order]
    places = np.flatnonzero(is_positive)
    drawn = by_item[order]
    wins = drawn[places]
    drawn[places] = 0
    below = np.cumsum(drawn, axis=0)
    # a tie's items lie side by side: half of its negatives count as below
    first = np.searchsorted(ranked, ranked[places], side="left")
    last = np.searchsorted(ranked, ranked[places], side="right") - 1
    under = below[first - 1]
    under[first == 0] = 0
    under += below[last]
    won = np.einsum("ib,ib->b", wins, under, dtype=np.float64) / 2
    return ratio(won, wins.sum(axis=0, dtype=np.float64) * below[-1])
