"""Macro F1 (van Rijsbergen 1979; macro mean as in Opitz and Burst 2019, arXiv:1911.03347): the classes' mean F1.

F1 of a class is 2 hits / (support + predictions). A class that a resample neither holds nor predicts is left out of
its mean, as scikit-learn does for a test set.
"""

from __future__ import annotations

from typing import ClassVar

from jeoni.evaluation.metrics.counts import class_counts, mean_of_defined, ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["MacroF1"]


class MacroF1:
    """The mean over classes of the harmonic mean of precision and recall.

    Example:
        >>> import numpy as np
        >>> MacroF1()(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]), np.ones((1, 2)))
        array([1.])
    """

    title: ClassVar[str] = "Macro F1"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "%"

    def __call__(self, labels: IntArray, probs: FloatArray, weights: Array) -> FloatArray:
        """Macro F1 of each resample, ``(B,)``, for labels ``(n,)``, probs ``(n, K)``, weights ``(B, n)``."""
        counts = class_counts(labels, probs, weights)
        return mean_of_defined(ratio(2 * counts.hits, counts.support + counts.predicted), axis=1)
