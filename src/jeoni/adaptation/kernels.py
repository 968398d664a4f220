"""Gaussian kernels and the choices around them; none depends on the order of the rows."""

from __future__ import annotations

import numpy as np

from jeoni.transferability.samples import line_up, squared_distances
from jeoni.transferability.samples import median_distance as median_of
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["median_distance", "rbf", "spread"]

ROWS = 1000  # whose half a million pairs tell the median within a percent


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
    return median_of(squared_distances(rows, rows)) if len(rows) > 1 else 1.0


def rbf(X: Array, Y: Array, width: float) -> FloatArray:
    """``exp(-|x - y|² / (2 width²))``, ``(n, m)``."""
    powers = squared_distances(X, Y)
    powers *= -0.5 / width**2
    return np.exp(powers, out=powers)
