"""The two halves of multi-label predictions, and a score of each label; no metric itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray

__all__ = ["LabelCounts", "average_precision", "halves", "label_counts"]


class LabelCounts(NamedTuple):
    """Weighted counts per resample and label, each ``(B, L)``."""

    hits: FloatArray
    support: FloatArray
    predicted: FloatArray


def halves(predictions: FloatArray) -> tuple[FloatArray, Array]:
    """Probabilities ``(n, L)`` and decisions ``(n, L)`` bool of predictions ``(n, 2 L)``."""
    labels = predictions.shape[1] // 2
    return predictions[:, :labels], predictions[:, labels:] >= 0.5


def label_counts(targets: Array, predictions: FloatArray, weights: Array) -> LabelCounts:
    """Hits, support and decisions of each label, where its target is known.

    Args:
        targets: ``(n, L)`` of 0, 1 and NaN.
        predictions: ``(n, 2 L)``.
        weights: ``(B, n)``.
    """
    known = ~np.isnan(targets)
    true, decided = np.nan_to_num(targets) > 0, halves(predictions)[1] & known
    share = weights.astype(np.float64)
    return LabelCounts(
        hits=share @ (true & decided).astype(float),
        support=share @ true.astype(float),
        predicted=share @ decided.astype(float),
    )


def average_precision(targets: Array, scores: FloatArray, weights: Array) -> FloatArray:
    """``(B,)`` area under the precision-recall steps of one label; NaN where no item has it.

    Args:
        targets: ``(n,)`` of 0, 1 and NaN.
        scores: ``(n,)``.
        weights: ``(B, n)``.
    """
    known = np.flatnonzero(~np.isnan(targets))
    order = known[np.argsort(-scores[known], kind="stable")]
    ranked, true = scores[order], targets[order] > 0
    share = weights[:, order].astype(np.float64)
    # items of one score are one step: its last item holds all that lies at or above that score
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True)) if len(ranked) else np.zeros(0, dtype=int)
    hits = np.cumsum(share * true, axis=1)[:, last]
    seen = np.cumsum(share, axis=1)[:, last]
    gained = np.diff(hits, axis=1, prepend=0.0)
    precision = np.nan_to_num(ratio(hits, seen))
    return ratio((gained * precision).sum(axis=1), hits[:, -1] if len(last) else np.zeros(len(weights)))
