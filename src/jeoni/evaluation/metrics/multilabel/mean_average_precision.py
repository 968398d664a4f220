"""Mean average precision (as in scikit-learn's average_precision_score, macro): the labels' mean area of precision."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.columns import average_precision, halves
from jeoni.evaluation.metrics.counts import mean_of_defined
from jeoni.types import Array, FloatArray

__all__ = ["MeanAveragePrecision"]


class MeanAveragePrecision:
    """How far up each label's items stand in the order of its probability, the mean over labels that some item has.

    Example:
        >>> targets, scores = np.array([[1.0], [0.0], [1.0]]), np.array([[0.9], [0.8], [0.7]])
        >>> MeanAveragePrecision()(targets, np.hstack([scores, scores]), np.ones((1, 3))).round(3)
        array([0.833])
    """

    title: ClassVar[str] = "Mean average precision"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "%"

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """Of each resample, ``(B,)``, for targets ``(n, L)``, predictions ``(n, 2 L)``, weights ``(B, n)``."""
        probs, _ = halves(predictions)
        each = [average_precision(targets[:, k], probs[:, k], weights) for k in range(probs.shape[1])]
        return mean_of_defined(np.stack(each), axis=0)
