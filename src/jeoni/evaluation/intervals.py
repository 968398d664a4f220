"""Intervals from the bootstrap (Efron 1979; of whole groups: Davison and Hinkley 1997, section 3.8).

Of few items or groups the percentiles are too narrow (Cameron, Gelbach & Miller 2008: two groups have three different
resamples); there the resamples give the standard error, and Student's t the interval (Hesterberg 2015, The American
Statistician 69(4), section 4).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from jeoni.errors import ConfigError
from jeoni.types import FloatArray, IntArray, Interval

__all__ = [
    "FEW_UNITS",
    "Weights",
    "bootstrap_interval",
    "not_too_certain",
    "resample_weights",
    "t_interval",
    "units_of",
]

FEW_UNITS = 10  # fewer items or groups are too few for percentiles

_Z2 = 1.959964**2

Weights = npt.NDArray[np.float32]

# the numbers of one chunk: small enough for a laptop's cache and for flat memory, large enough for few Python steps
_CHUNK = 1_000_000


def resample_weights(n: int, groups: IntArray | None, resamples: int, seed: int) -> Iterator[Weights]:
    """How often each item is drawn in each resample, a chunk of resamples at a time.

    Args:
        n: number of items.
        groups: ``(n,)`` group of each item: whole groups are drawn, as many as there are. None draws items.
        resamples: how many resamples all chunks hold together.
        seed: the same seed always gives the same resamples.

    Yields:
        ``(chunk, n)`` whole numbers as float32. All are zero where there is a single item or group: one says
        nothing about how much others would differ, so every metric is undefined (NaN) and no interval is made up.

    Raises:
        ConfigError: no items, no resamples, or groups of another length.

    Example:
        >>> [chunk.shape for chunk in resample_weights(5, None, 100, seed=0)]
        [(100, 5)]
    """
    if n < 1 or resamples < 1:
        raise ConfigError(f"There are {n} items and {resamples} resamples; at least one of each is needed.")
    if groups is not None and np.shape(groups) != (n,):
        raise ConfigError(f"groups has shape {np.shape(groups)}; one group for each of the {n} items is needed.")
    return _chunks(n, groups, resamples, seed)


def _chunks(n: int, groups: IntArray | None, resamples: int, seed: int) -> Iterator[Weights]:
    rng = np.random.default_rng(seed)
    units, member = n, None
    if groups is not None:
        names, member = np.unique(groups, return_inverse=True)
        units = len(names)
    if units == 1:
        yield np.zeros((resamples, n), dtype=np.float32)
        return
    rows = max(1, _CHUNK // n)
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        drawn = rng.integers(0, units, size=(size, units))
        drawn += units * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units).astype(np.float32)
        yield counts if member is None else counts[:, member]


def units_of(n: int, groups: IntArray | None) -> int:
    """How many are drawn in each resample: groups where there are any, else the ``n`` items."""
    return n if groups is None else len(np.unique(groups))


def bootstrap_interval(
    value: float,
    samples: FloatArray,
    units: int | None = None,
    level: float = 0.95,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Interval:
    """The middle of the resampled values, around the measured one; of few items or groups, Student's t around it.

    Resamples in which the metric is undefined (NaN) are left out. Where the measured value lies outside the
    percentiles, as it can for a biased measure, the interval is widened to hold it.

    Args:
        value: the metric on all items, in its own unit.
        samples: ``(B,)`` the metric on each resample.
        units: how many items or groups each resample draws; None: enough for percentiles.
        level: how sure the interval is.
        limits: the least and the largest value that there can be.

    Returns:
        Low and high are NaN where the value or all resamples are undefined.

    Example:
        >>> samples = np.arange(101.0)
        >>> [round(bootstrap_interval(50.0, samples, units).low, 1) for units in (None, 100, 5)]
        [2.5, 2.5, -40.5]
    """
    known = samples[~np.isnan(samples)]
    if np.isnan(value) or known.size == 0:
        return Interval(float(value), float("nan"), float("nan"))
    if units is not None and 1 < units < FEW_UNITS:
        # a resample of g varies by (g - 1) / g of what it stands for
        error = float(known.std() * np.sqrt(units / (units - 1)))
        found = t_interval(float(value), error, units, level)
        return Interval(found.value, max(limits[0], found.low), min(limits[1], found.high))
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(value), float(min(low, value)), float(max(high, value)))


def t_interval(value: float, error: float, units: int, level: float = 0.95) -> Interval:
    """Around a mean of so many independent values, by Student's t; without bounds where there is one value.

    Args:
        value: the mean.
        error: its standard error.
        units: how many values the error was told from.
        level: how sure the interval is.

    Example:
        >>> t_interval(2.0, 1 / np.sqrt(3), 3).points()
        (200.0, -48.4, 448.4)
    """
    if units < 2:
        return Interval(value, float("nan"), float("nan"))
    far = float(stdtrit(units - 1, (1 + level) / 2) * error)
    return Interval(value, value - far, value + far)


def not_too_certain(interval: Interval, n: int) -> Interval:
    """A share of none or all has no spread to resample: then its bound is Wilson's (1927) for ``n`` items.

    Ten of ten right does not show that all are always right:

        >>> round(not_too_certain(Interval(1.0, 1.0, 1.0), 10).low, 3)
        0.722
    """
    if n < 1 or interval.low != interval.high or interval.value not in (0.0, 1.0):
        return interval
    far = _Z2 / (n + _Z2)
    return Interval(1.0, 1.0 - far, 1.0) if interval.value == 1.0 else Interval(0.0, 0.0, far)
