"""How sure a mean is whose items come in groups: the items of one speaker or patient are no separate evidence.

The error is that of a ratio of sums over groups (Cochran 1977, chapter 6), and Student's t with one degree of freedom
less than there are groups stands for the normal distribution. With few groups a bootstrap of them is too sure: two
groups have three different resamples (Cameron, Gelbach & Miller 2008).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

from jeoni.evaluation.intervals import t_interval
from jeoni.types import FloatArray, IntArray, Interval

__all__ = ["ClusteredMean", "clustered_interval", "clustered_mean"]


class ClusteredMean(NamedTuple):
    """A mean and its error.

    Attributes:
        value: the mean of all items.
        error: its standard error; NaN where there is one group.
        groups: how many there are.
    """

    value: float
    error: float
    groups: int

    def is_above(self, errors: float) -> bool:
        """Whether the mean is larger than zero by more than so many standard errors of a normal distribution.

        Few groups need more: of two it takes 14 errors to be as sure as 2 are of many.

        Example:
            >>> gains, groups = np.array([0.1, 0.3, 0.3, 0.5]), np.array([0, 0, 1, 1])
            >>> [clustered_mean(gains, given).is_above(2.0) for given in (None, groups)]
            [True, False]
        """
        if self.groups < 2:
            return False
        return bool(self.value > stdtrit(self.groups - 1, ndtr(errors)) * self.error)


def clustered_mean(values: FloatArray, groups: IntArray | None) -> ClusteredMean:
    """The mean of ``values (n,)``; ``groups (n,)`` tell which belong together, None that each stands alone."""
    names, member = (None, None) if groups is None else np.unique(groups, return_inverse=True)
    away = values - values.mean()
    count = len(values) if names is None else len(names)
    sums = away if member is None else np.bincount(member, away)
    error = float(np.sqrt((sums**2).sum() * count / (count - 1)) / len(values)) if count > 1 else float("nan")
    return ClusteredMean(float(values.mean()), error, count)


def clustered_interval(values: FloatArray, groups: IntArray | None, level: float = 0.95) -> Interval:
    """The mean of ``values (n,)`` with its t-interval, within their range; without bounds where there is one group.

    Example:
        >>> clustered_interval(np.array([0.0, 0.6, 0.6, 0.8]), np.array([0, 0, 1, 1])).points()
        (50.0, 0.0, 80.0)
    """
    mean = clustered_mean(values, groups)
    found = t_interval(mean.value, mean.error, mean.groups, level)
    if mean.groups < 2:
        return found
    return Interval(found.value, max(float(values.min()), found.low), min(float(values.max()), found.high))
