"""Mean absolute error (Willmott & Matsuura 2005, doi:10.3354/cr030079), in the unit of the target."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray

__all__ = ["MAE"]


class MAE:
    """The mean distance between predicted and true.

    Example:
        >>> MAE()(np.array([1.0, 2.0]), np.array([1.5, 2.0]), np.ones((1, 2)))
        array([0.25])
    """

    title: ClassVar[str] = "Mean absolute error"
    higher_is_better: ClassVar[bool] = False
    unit: ClassVar[str] = "target"

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """Of each resample, ``(B,)``, for targets ``(n,)``, predictions ``(n,)``, weights ``(B, n)``."""
        return ratio(weights @ np.abs(predictions - targets), weights.sum(axis=1).astype(float))
