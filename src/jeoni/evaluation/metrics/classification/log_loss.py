"""Log-loss (Good 1952): the mean of minus the logarithm of the probability given to the true class.

A probability below 2.2e-16 counts as that, as in scikit-learn, so that one certain mistake costs 36 and not infinity.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["LogLoss"]


class LogLoss:
    """The mean surprise at the true class, in nats.

    Example:
        >>> import numpy as np
        >>> LogLoss()(np.array([0]), np.array([[0.5, 0.5]]), np.ones((1, 1))).round(3)
        array([0.693])
    """

    title: ClassVar[str] = "Log-loss"
    higher_is_better: ClassVar[bool] = False
    unit: ClassVar[str] = ""

    def __call__(self, labels: IntArray, probs: FloatArray, weights: Array) -> FloatArray:
        """Log-loss of each resample, ``(B,)``, for labels ``(n,)``, probs ``(n, K)``, weights ``(B, n)``."""
        true = probs[np.arange(len(labels)), labels].astype(np.float64)
        tiny = np.finfo(np.float64).eps
        surprise = -np.log(np.clip(true, tiny, 1 - tiny))
        return ratio(weights @ surprise, weights.sum(axis=1).astype(float))
