"""Counting for many weighted resamples at once; shared by the metrics, and no metric itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["ClassCounts", "class_counts", "class_sums", "confidence_bins", "mean_of_defined", "ratio"]


class ClassCounts(NamedTuple):
    """Weighted counts per resample and class, each ``(B, K)``.

    Attributes:
        hits: items of the class that were predicted as it.
        support: items of the class.
        predicted: items predicted as the class.
    """

    hits: FloatArray
    support: FloatArray
    predicted: FloatArray


def class_sums(weights: Array, index: IntArray, classes: int) -> FloatArray:
    """The weight that falls on each class.

    Args:
        weights: ``(B, n)``.
        index: ``(n,)`` class of each item; items with -1 are left out.
        classes: how many classes there are.

    Returns:
        ``(B, classes)``; zero for a class that no item has.
    """
    order = np.argsort(index, kind="stable")
    order = order[np.searchsorted(index[order], 0) :]
    sums = np.zeros((len(weights), classes))
    if order.size:
        # sorted runs cost the same for two classes and for a thousand; one-hot products do not
        present, starts = np.unique(index[order], return_index=True)
        sums[:, present] = np.add.reduceat(np.take(weights, order, axis=1), starts, axis=1)
    return sums


def class_counts(labels: IntArray, probs: FloatArray, weights: Array) -> ClassCounts:
    """Hits, support and predictions of each class; the prediction is the most probable class, the first of equals.

    Args:
        labels: ``(n,)``.
        probs: ``(n, K)``.
        weights: ``(B, n)``.
    """
    classes = probs.shape[1]
    predicted = probs.argmax(axis=1)
    return ClassCounts(
        hits=class_sums(weights, np.where(predicted == labels, labels, -1), classes),
        support=class_sums(weights, labels, classes),
        predicted=class_sums(weights, predicted, classes),
    )


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """``part / whole``, NaN where the whole is zero."""
    out: FloatArray = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def mean_of_defined(values: FloatArray, axis: int) -> FloatArray:
    """The mean along ``axis`` over what is not NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=axis), defined.sum(axis=axis).astype(np.float64))


def confidence_bins(labels: IntArray, probs: FloatArray, bins: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Where each item falls in the reliability curve.

    Args:
        labels: ``(n,)``.
        probs: ``(n, K)``.
        bins: number of bins of equal width; each holds its upper edge, the first also 0.

    Returns:
        ``(n,)`` each: the bin, the probability of the predicted class, and 1 where the prediction is right.
    """
    confidence = probs.max(axis=1)
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    place = np.digitize(confidence, edges, right=True).astype(np.int64)
    return place, confidence, (probs.argmax(axis=1) == labels).astype(np.float64)
