"""What transductive methods share: unit features, class means, and means that the queries have rectified."""

from __future__ import annotations

import numpy as np

from jeoni.evaluation.calibration import softmax
from jeoni.heads.fitting.closed_form import class_means, unit_rows
from jeoni.types import FloatArray, IntArray

__all__ = ["centred_unit_rows", "distances", "rectified_means"]

SHARPNESS = 10.0


def centred_unit_rows(support: FloatArray, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both centred by the support's mean and divided by their lengths (CL2N, Wang et al. 2019, arXiv:1911.04623)."""
    center = support.mean(0)
    return unit_rows(support - center), unit_rows(queries - center)


def distances(rows: FloatArray, means: FloatArray) -> FloatArray:
    """``(m, classes)`` squared distances."""
    squares = np.square(rows).sum(1)[:, None] + np.square(means).sum(1) - 2 * rows @ means.T
    found: FloatArray = np.maximum(squares, 0.0)
    return found


def rectified_means(
    support: FloatArray, labels: IntArray, queries: FloatArray, classes: int
) -> tuple[FloatArray, FloatArray]:
    """Class means of the support and of the queries that are nearest to them, and the queries, moved to the support.

    Prototype rectification (Liu, Song & Qin ECCV 2020, arXiv:1911.10713): the queries are shifted by the difference of
    the means; each counts by ``exp(10 cos)`` to the mean of the class it is taken for.

    Args:
        support: ``(n, d)`` unit rows.
        labels: ``(n,)``.
        queries: ``(m, d)`` unit rows.
        classes: how many.
    """
    moved = queries + (support.mean(0) - queries.mean(0))
    everything = np.concatenate([support, moved])
    cosines = unit_rows(everything) @ unit_rows(class_means(support, labels, classes)).T
    taken = cosines.argmax(1)
    weights = np.zeros((len(everything), classes))
    for c in range(classes):
        own = taken == c
        if own.any():
            weights[own, c] = softmax(SHARPNESS * cosines[own, c][None])[0]
        else:
            weights[: len(support), c] = (labels == c) / max(1, (labels == c).sum())
    return weights.T @ everything, moved
