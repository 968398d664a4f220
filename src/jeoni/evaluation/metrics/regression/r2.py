"""Coefficient of determination (Wright 1921): the share of the targets' variance that the predictions explain.

Zero is what the mean of the scored targets would reach; it can be negative. NaN where the targets do not vary.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray

__all__ = ["R2"]


class R2:
    """One minus the squared error over the targets' variance.

    Example:
        >>> R2()(np.array([0.0, 2.0]), np.array([0.0, 1.0]), np.ones((1, 2)))
        array([0.5])
    """

    title: ClassVar[str] = "R²"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = ""

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """Of each resample, ``(B,)``, for targets ``(n,)``, predictions ``(n,)``, weights ``(B, n)``."""
        share = weights.astype(np.float64)
        total = share.sum(axis=1)
        # around a fixed centre, so that the difference of squares keeps its digits
        centred = targets - targets.mean() if len(targets) else targets
        mean = ratio(share @ centred, total)
        variance = share @ centred**2 - total * mean**2
        error = share @ (predictions - targets) ** 2
        return 1 - ratio(error, np.where(variance > 1e-12 * (share @ centred**2), variance, 0.0))
