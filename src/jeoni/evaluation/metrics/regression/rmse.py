"""Root mean squared error (Gauss 1809), in the unit of the target: large misses count more than in the mean error."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray

__all__ = ["RMSE"]


class RMSE:
    """The root of the mean squared distance between predicted and true.

    Example:
        >>> RMSE()(np.array([1.0, 2.0]), np.array([4.0, 6.0]), np.ones((1, 2))).round(3)
        array([3.536])
    """

    title: ClassVar[str] = "Root mean squared error"
    higher_is_better: ClassVar[bool] = False
    unit: ClassVar[str] = "target"

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """Of each resample, ``(B,)``, for targets ``(n,)``, predictions ``(n,)``, weights ``(B, n)``."""
        return np.sqrt(ratio(weights @ (predictions - targets) ** 2, weights.sum(axis=1).astype(float)))
