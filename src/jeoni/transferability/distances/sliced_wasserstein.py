"""Sliced Wasserstein distance (Bonneel et al. JMIV 2015, doi.org/10.1007/s10851-014-0506-3): seen from many sides.

Along each of many random directions both samples are a row of numbers, whose optimal transport is known from sorting.
Ours is exact for samples of different sizes: both quantile functions are steps, compared between all of their jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.transferability.samples import paired
from jeoni.types import Array, FloatArray

__all__ = ["SlicedWasserstein"]

DIRECTIONS_AT_ONCE = 50


@dataclass(frozen=True)
class SlicedWasserstein:
    """The mean over directions of the one-dimensional distance, in units of the features; 0 where samples are equal.

    Attributes:
        power: of the distances; the mean of these powers is brought back to its root.
        directions: how many, uniformly on the sphere.
        seed: of the directions.

    Example:
        >>> round(SlicedWasserstein()([[0.0], [1.0]], [[2.0], [3.0]]), 6)
        2.0
    """

    power: float = 2.0
    directions: int = 200
    seed: int = 0

    def __call__(self, Xs: Any, Xt: Any) -> float:
        """The distance of samples ``(ns, d)`` and ``(nt, d)``.

        Raises:
            ValueError: not two matrices with the same number of columns and two rows at least, or NaN.
        """
        Xs, Xt = paired(Xs, Xt)
        sphere = np.random.default_rng(self.seed).normal(size=(Xs.shape[1], self.directions))
        sphere /= np.linalg.norm(sphere, axis=0)
        parts = np.array_split(sphere, -(-self.directions // DIRECTIONS_AT_ONCE), axis=1)
        powers = np.concatenate([_transported(Xs @ part, Xt @ part, self.power) for part in parts])
        return float(powers.mean() ** (1 / self.power))


def _transported(S: Array, T: Array, power: float) -> FloatArray:
    """Of each column, the ``power`` of the distance between the samples ``(ns, L)`` and ``(nt, L)``."""
    ns, nt = len(S), len(T)
    ends = np.union1d(np.arange(1, ns + 1) * nt, np.arange(1, nt + 1) * ns)  # jumps, in parts of ns nt
    share = np.diff(ends, prepend=0) / (ns * nt)
    S, T = np.sort(S, axis=0)[(ends - 1) // nt], np.sort(T, axis=0)[(ends - 1) // ns]
    found: FloatArray = share @ np.abs(S - T) ** power
    return found
