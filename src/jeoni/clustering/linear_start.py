"""Where methods that learn a linear labelling begin: at the clusters of k-means, as a linear map gives them."""

from __future__ import annotations

import numpy as np

from jeoni.types import FloatArray, IntArray

__all__ = ["linear_start", "scaled"]

STRENGTH = 1e-2  # of the penalty, for rows with a mean square of 1


def scaled(rows: FloatArray) -> FloatArray:
    """Rows ``(n, d)`` with a mean square of 1, whatever the backbone's scale: penalties and rates are made for such."""
    size = float(np.sqrt(np.mean(np.square(rows))))
    return rows / size if size else rows


def linear_start(rows: FloatArray, clusters: IntArray, number: int) -> FloatArray:
    """Weights ``(d, k)`` of the ridge regression from rows ``(n, d)`` to the clusters' indicators, times ``k``.

    So that what is right of a cluster has a logit of about ``k - 1``, and what is not one of about -1.
    """
    indicators = np.eye(number)[clusters]
    penalty = STRENGTH * len(rows) * np.eye(rows.shape[1])
    solved: FloatArray = np.linalg.solve(rows.T @ rows + penalty, rows.T @ (indicators - indicators.mean(0)))
    return number * solved
