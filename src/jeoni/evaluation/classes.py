"""Scores of predicted classes beside the metrics: those of each class, confusion matrix, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.evaluation.metrics.counts import class_counts, mean_of_defined, ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["class_scores", "confusion", "reliability", "thresholds"]

BINS = 10
LEAST_IN_BIN = 10
MOST_THRESHOLDS = 200


def class_scores(labels: IntArray, probs: FloatArray, weights: Array) -> dict[str, FloatArray]:
    """Precision, recall and F1, ``(B, K)`` each, the mean over the repeats that define them.

    Args:
        labels: ``(n,)``.
        probs: ``(R, n, K)``.
        weights: ``(B, n)``.
    """
    counts = [class_counts(labels, p, weights) for p in probs]
    every = {
        "precision": [ratio(c.hits, c.predicted) for c in counts],
        "recall": [ratio(c.hits, c.support) for c in counts],
        "f1": [ratio(2 * c.hits, c.support + c.predicted) for c in counts],
    }
    return {name: mean_of_defined(np.stack(values), axis=0) for name, values in every.items()}


def confusion(labels: IntArray, probs: FloatArray) -> list[list[float]]:
    """``K x K`` counts, rows true, columns predicted; of ``probs (R, n, K)`` the mean over repeats."""
    repeats, _, classes = probs.shape
    pairs = labels * classes + probs.argmax(axis=2)
    counts = np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)
    mean: Array = counts if repeats == 1 else counts / repeats
    table: list[list[float]] = mean.tolist()
    return table


def reliability(labels: IntArray, probs: FloatArray) -> list[dict[str, float]]:
    """Bins of equal mass: ``low``, ``high``, ``count``, ``confidence`` and ``accuracy`` of each, confidence rising.

    Ten at most, of ten items at least where there are so many; items of one confidence are never parted, so that a bin
    may hold more. Of repeats, counts are means.

    Args:
        labels: ``(n,)``.
        probs: ``(R, n, K)``.
    """
    repeats, n, _ = probs.shape
    confidence = probs.max(axis=2).ravel()
    right = (probs.argmax(axis=2) == labels).ravel()
    bins = max(1, min(BINS, n // LEAST_IN_BIN))
    edges = np.unique(np.quantile(confidence, np.arange(1, bins) / bins, method="lower"))
    place = np.searchsorted(edges, confidence, side="left")
    rows = []
    for b in np.unique(place):
        inside = place == b
        count = int(inside.sum())
        rows.append(
            {
                "low": float(confidence[inside].min()),
                "high": float(confidence[inside].max()),
                "count": count if repeats == 1 else count / repeats,
                "confidence": float(confidence[inside].mean()),
                "accuracy": float(right[inside].mean()),
            }
        )
    return rows


def thresholds(labels: IntArray, probs: FloatArray, names: Sequence[str]) -> dict[str, Any] | None:
    """Counts of right and wrong decisions between two classes by the threshold on the rarer one's probability.

    None for more than two classes. Of repeats, counts are means.

    Args:
        labels: ``(n,)``.
        probs: ``(R, n, K)``.
        names: of the classes.
    """
    if probs.shape[2] != 2:
        return None
    repeats = len(probs)
    positive = int(np.bincount(labels, minlength=2).argmin())
    if (labels == 0).sum() == (labels == 1).sum():
        positive = 1  # as scikit-learn has it
    scores = probs[:, :, positive].ravel()
    true = np.tile(labels == positive, repeats)
    cuts = np.unique(np.append(scores, 0.5))
    if len(cuts) > MOST_THRESHOLDS:
        cuts = np.unique(np.append(np.quantile(cuts, np.linspace(0, 1, MOST_THRESHOLDS - 1), method="nearest"), 0.5))
    hits, false_alarms = _at_least(scores[true], cuts), _at_least(scores[~true], cuts)
    points = [
        {
            "threshold": float(np.clip(cut, 0, 1)),
            "hits": hit / repeats,
            "false_alarms": alarm / repeats,
            "misses": (int(true.sum()) - hit) / repeats,
            "rejections": (int((~true).sum()) - alarm) / repeats,
        }
        for cut, hit, alarm in zip(cuts, hits, false_alarms, strict=True)
    ]
    return {"positive": names[positive], "points": points}


def _at_least(scores: FloatArray, cuts: FloatArray) -> list[int]:
    """How many scores reach each cut."""
    below = np.searchsorted(np.sort(scores), cuts, side="left")
    return [int(len(scores) - count) for count in below]
