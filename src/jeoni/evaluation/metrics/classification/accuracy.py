"""Accuracy (as in Fawcett 2006, doi:10.1016/j.patrec.2005.10.010): the share of right predictions.

The prediction is the most probable class, the first of equals.
"""

from __future__ import annotations

from typing import ClassVar

from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Accuracy"]


class Accuracy:
    """The share of right predictions.

    Example:
        >>> import numpy as np
        >>> Accuracy()(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]), np.ones((1, 2)))
        array([0.5])
    """

    title: ClassVar[str] = "Accuracy"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "%"

    def __call__(self, labels: IntArray, probs: FloatArray, weights: Array) -> FloatArray:
        """Accuracy of each resample, ``(B,)``, for labels ``(n,)``, probs ``(n, K)``, weights ``(B, n)``."""
        right = (probs.argmax(axis=1) == labels).astype(weights.dtype)
        return ratio((weights @ right).astype(float), weights.sum(axis=1).astype(float))
