"""Balanced accuracy (Brodersen et al., ICPR 2010, doi:10.1109/ICPR.2010.764): the mean recall of the classes.

A class without items in a resample is left out of that resample's mean, as scikit-learn does for a test set.
"""

from __future__ import annotations

from typing import ClassVar

from jeoni.evaluation.metrics.counts import class_counts, mean_of_defined, ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["BalancedAccuracy"]


class BalancedAccuracy:
    """The mean over classes of the share of their items that were found.

    Example:
        >>> import numpy as np
        >>> probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
        >>> BalancedAccuracy()(np.array([0, 0, 1]), probs, np.ones((1, 3)))
        array([0.5])
    """

    title: ClassVar[str] = "Balanced accuracy"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "%"

    def __call__(self, labels: IntArray, probs: FloatArray, weights: Array) -> FloatArray:
        """Balanced accuracy of each resample, ``(B,)``; labels ``(n,)``, probs ``(n, K)``, weights ``(B, n)``."""
        counts = class_counts(labels, probs, weights)
        return mean_of_defined(ratio(counts.hits, counts.support), axis=1)
