"""CORAL distance (Sun & Saenko ECCV-W 2016, arXiv:1607.01719): how far two covariances are apart, entry by entry.

``|Cs - Ct|² / (4 d²)``, the loss of Deep CORAL. It is blind to where the samples lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.transferability.samples import lined_up, paired
from jeoni.types import Array, FloatArray

__all__ = ["CoralDistance"]


@dataclass(frozen=True)
class CoralDistance:
    """The distance of both samples' covariances, in fourth powers of the features' units; 0 where they are equal.

    Example:
        >>> X = np.array([[-1.0], [0.0], [1.0]])
        >>> CoralDistance()(X, 2 * X)
        2.25
    """

    def __call__(self, Xs: Any, Xt: Any) -> float:
        """The distance of samples ``(ns, d)`` and ``(nt, d)``.

        Raises:
            ValueError: not two matrices with the same number of columns and two rows at least, or NaN.
        """
        Cs, Ct = (_covariance(lined_up(X, 0)) for X in paired(Xs, Xt))
        return float(((Cs - Ct) ** 2).sum() / (4 * len(Cs) ** 2))


def _covariance(X: Array) -> FloatArray:
    centred = X - X.mean(0, dtype=np.float64).astype(X.dtype)
    return np.asarray(centred.T @ centred, dtype=np.float64) / (len(X) - 1)
