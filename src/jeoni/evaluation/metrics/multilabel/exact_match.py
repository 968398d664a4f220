"""Exact match ratio, or subset accuracy (Zhu et al. SIGIR 2005): the share of examples whose labels are all right."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.columns import halves
from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray

__all__ = ["ExactMatch"]


class ExactMatch:
    """The share of examples of which every known label is decided right.

    Example:
        >>> ExactMatch()(np.array([[1.0, 1.0]]), np.array([[0.9, 0.1, 1.0, 0.0]]), np.ones((1, 1)))
        array([0.])
    """

    title: ClassVar[str] = "Exact match"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "%"

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """Of each resample, ``(B,)``, for targets ``(n, L)``, predictions ``(n, 2 L)``, weights ``(B, n)``."""
        right = ((halves(predictions)[1] == (targets > 0)) | np.isnan(targets)).all(1)
        return ratio(weights @ right.astype(float), weights.sum(axis=1).astype(float))
