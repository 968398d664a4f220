"""Expected calibration error (Naeini et al., AAAI 2015; as in Guo et al., arXiv:1706.04599): confidence against truth.

Fifteen bins of equal width of the predicted class's probability, as in Guo et al. It is biased upwards on few items,
and more so in resamples: intervals reach further up than down.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.counts import confidence_bins, ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["CalibrationError"]


class CalibrationError:
    """The mean distance of confidence from accuracy over bins, weighted by their share of items.

    Example:
        >>> import numpy as np
        >>> CalibrationError()(np.array([0]), np.array([[0.75, 0.25]]), np.ones((1, 1)))
        array([0.25])
    """

    title: ClassVar[str] = "Calibration error"
    higher_is_better: ClassVar[bool] = False
    unit: ClassVar[str] = "%"
    bins: ClassVar[int] = 15

    def __call__(self, labels: IntArray, probs: FloatArray, weights: Array) -> FloatArray:
        """Calibration error of each resample, ``(B,)``; labels ``(n,)``, probs ``(n, K)``, weights ``(B, n)``."""
        place, confidence, right = confidence_bins(labels, probs, self.bins)
        gaps = np.zeros((len(labels), self.bins))
        gaps[np.arange(len(labels)), place] = right - confidence
        return ratio(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1).astype(float))
