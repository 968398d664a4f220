"""Fréchet distance of two Gaussians (Dowson & Landau 1982, doi.org/10.1016/0047-259X(82)90077-X; FID: Heusel 2017).

``|m1 - m2|² + tr(S1 + S2 - 2 (S1^½ S2 S1^½)^½)``. The last trace is the sum of the singular values of ``F1 F2'`` for
any factors ``S = F'F``. Ours takes a root by ``eigh`` where rows outnumber columns, and the centred rows themselves
where they do not: that is exact, and no matrix is larger than the data. It is biased upwards for fewer than about ten
rows a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import svdvals

from jeoni.transferability.samples import lined_up, paired
from jeoni.types import Array, FloatArray

__all__ = ["Frechet"]


@dataclass(frozen=True)
class Frechet:
    """The squared distance of both samples' means and covariances, in squared units of the features; 0 where equal.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(50, 2))
        >>> round(Frechet()(X, X + [3, 4]), 6)
        25.0
    """

    def __call__(self, Xs: Any, Xt: Any) -> float:
        """The distance of samples ``(ns, d)`` and ``(nt, d)``.

        Raises:
            ValueError: not two matrices with the same number of columns and two rows at least, or NaN.
        """
        Xs, Xt = (lined_up(X, 0) for X in paired(Xs, Xt))
        (ms, Fs), (mt, Ft) = _moments(Xs), _moments(Xt)
        shared = svdvals(Fs @ Ft.T, check_finite=False).sum()
        return float(max(0.0, ((ms - mt) ** 2).sum() + (Fs**2).sum() + (Ft**2).sum() - 2 * shared))


def _moments(X: Array) -> tuple[FloatArray, FloatArray]:
    """Mean ``(d,)`` and ``(min(n, d), d)`` factor of the covariance."""
    mean = X.mean(0, dtype=np.float64)
    rows = (X - mean) / np.sqrt(len(X) - 1)
    if len(X) <= X.shape[1]:
        return mean, rows
    values, vectors = np.linalg.eigh(rows.T @ rows)
    return mean, np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
