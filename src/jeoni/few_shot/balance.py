"""Whether the classes of unlabelled items may be equally frequent.

The likelihood of class frequencies given the posteriors of a classifier, maximised by EM (Saerens, Latinne &
Decaestecker 2002), against that of equal frequencies: twice the difference of the logarithms is compared with
chi-squared of ``classes - 1`` degrees (Wilks 1938). It is as good as the posteriors are calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from jeoni.types import FloatArray

__all__ = ["BalanceTest", "balance_test"]

STEPS = 200


@dataclass(frozen=True)
class BalanceTest:
    """The outcome.

    Attributes:
        shares: ``(classes,)`` estimated frequencies.
        p: of the hypothesis that all are equal.
    """

    shares: FloatArray
    p: float


def balance_test(posteriors: FloatArray) -> BalanceTest:
    """Estimate the frequencies, and test whether they may be equal.

    Args:
        posteriors: ``(m, classes)`` probabilities by a classifier that took all classes for equally frequent.

    Example:
        >>> balance_test(np.eye(2)[[0] * 30 + [1] * 2]).p < 0.001
        True
    """
    classes = posteriors.shape[1]
    shares = np.full(classes, 1 / classes)
    ratios = np.maximum(posteriors, 1e-12) * classes
    for _ in range(STEPS):
        weighted = ratios * shares
        updated = (weighted / weighted.sum(1, keepdims=True)).mean(0)
        if np.abs(updated - shares).max() < 1e-8:
            break
        shares = updated
    gain = float(np.log((ratios * shares).sum(1)).sum() - np.log(ratios.mean(1)).sum())
    return BalanceTest(shares, float(chi2.sf(max(0.0, 2 * gain), classes - 1)))
