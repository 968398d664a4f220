"""Scores of predicted classes beside the metrics: those of each class, confusion matrix, reliability."""

from __future__ import annotations

import numpy as np

from jeoni.evaluation.metrics.counts import class_counts, confidence_bins, mean_of_defined, ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["class_scores", "confusion", "reliability"]

BINS = 15


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
    """For each bin of confidence that holds items: ``low``, ``high``, ``count``, ``confidence`` and ``accuracy``."""
    repeats, n, classes = probs.shape
    place, confidence, right = confidence_bins(np.tile(labels, repeats), probs.reshape(repeats * n, classes), BINS)
    rows = []
    for b in np.unique(place):
        inside = place == b
        count = int(inside.sum())
        rows.append(
            {
                "low": float(b / BINS),
                "high": float((b + 1) / BINS),
                "count": count if repeats == 1 else count / repeats,
                "confidence": float(confidence[inside].mean()),
                "accuracy": float(right[inside].mean()),
            }
        )
    return rows
