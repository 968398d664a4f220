"""Macro F1 over labels (van Rijsbergen 1979): the labels' mean harmonic mean of precision and recall."""

from __future__ import annotations

from typing import ClassVar

from jeoni.evaluation.metrics.columns import label_counts
from jeoni.evaluation.metrics.counts import mean_of_defined, ratio
from jeoni.types import Array, FloatArray

__all__ = ["MacroF1"]


class MacroF1:
    """The mean over labels of F1; a label that a resample neither holds nor predicts is left out of its mean.

    Example:
        >>> import numpy as np
        >>> MacroF1()(np.array([[1.0, 0.0]]), np.array([[0.9, 0.1, 1.0, 0.0]]), np.ones((1, 1)))
        array([1.])
    """

    title: ClassVar[str] = "Macro F1"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "%"

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """Of each resample, ``(B,)``, for targets ``(n, L)``, predictions ``(n, 2 L)``, weights ``(B, n)``."""
        counts = label_counts(targets, predictions, weights)
        return mean_of_defined(ratio(2 * counts.hits, counts.support + counts.predicted), axis=1)
