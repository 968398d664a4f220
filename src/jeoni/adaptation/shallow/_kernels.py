"""Gaussian kernels and the choices around them; none depends on the order of the rows."""

from __future__ import annotations

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["line_up", "median_distance", "rbf", "spread"]

ROWS = 1000  # whose half a million pairs tell the median within a percent


def line_up(X: Array, seed: int = 0) -> IntArray:
    """The rows' numbers along a random direction: the same rows come in the same order, however they were handed over.

    Args:
        X: ``(n, d)``.
        seed: of the direction.
    """
    direction = np.asarray(np.random.default_rng(seed).normal(size=X.shape[1]), dtype=X.dtype)
    return np.argsort(X @ direction, kind="stable").astype(np.int64)


def spread(X: Array, most: int, seed: int = 0) -> IntArray:
    """Numbers of at most ``most`` rows, evenly spread along a random direction; all rows where there are no more.

    Example:
        >>> spread(np.arange(10.0)[:, None], 2).shape
        (2,)
    """
    if len(X) <= most:
        return np.arange(len(X))
    steps = ((np.arange(most) + 0.5) * len(X) / most).astype(np.int64)
    return line_up(X, seed)[steps]


def median_distance(X: Array, *others: Array) -> float:
    """The median Euclidean distance between two rows, of all matrices taken together; above 0.

    Of more than a thousand rows a thousand stand for all. Where half of the pairs are equal rows, the median of the
    pairs that differ; 1 where none do.

    Args:
        X: ``(n, d)`` rows.
        others: ``(m, d)`` more of them.

    Example:
        >>> median_distance(np.array([[0.0], [1.0]]), np.array([[3.0]]))
        2.0
    """
    parts = (X, *others)
    share = ROWS / max(ROWS, sum(map(len, parts)))
    rows = np.concatenate([part[spread(part, max(1, round(share * len(part))))] for part in parts])
    pairs = euclidean_distances(rows)[np.triu_indices(len(rows), 1)]
    if len(pairs) and (found := float(np.median(pairs))) > 0:
        return found
    apart = pairs[pairs > 0]
    return float(np.median(apart)) if len(apart) else 1.0


def rbf(X: Array, Y: Array, width: float) -> FloatArray:
    """``exp(-|x - y|² / (2 width²))``, ``(n, m)``."""
    powers: FloatArray = euclidean_distances(X, Y, squared=True).astype(np.float64, copy=False)
    powers *= -0.5 / width**2
    return np.exp(powers, out=powers)
