"""Micro F1 over labels (van Rijsbergen 1979): F1 of all decisions of all labels together."""

from __future__ import annotations

from typing import ClassVar

from jeoni.evaluation.metrics.columns import label_counts
from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray

__all__ = ["MicroF1"]


class MicroF1:
    """Frequent labels count more than rare ones.

    Example:
        >>> import numpy as np
        >>> MicroF1()(np.array([[1.0, 1.0]]), np.array([[0.9, 0.1, 1.0, 0.0]]), np.ones((1, 1))).round(3)
        array([0.667])
    """

    title: ClassVar[str] = "Micro F1"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "%"

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """Of each resample, ``(B,)``, for targets ``(n, L)``, predictions ``(n, 2 L)``, weights ``(B, n)``."""
        counts = label_counts(targets, predictions, weights)
        return ratio(2 * counts.hits.sum(1), (counts.support + counts.predicted).sum(1))
