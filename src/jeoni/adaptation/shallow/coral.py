"""CORAL (Sun, Feng & Saenko AAAI 2016, arXiv:1511.05547): whitens the source and gives it the target's covariance.

The paper adds the identity to both covariances of features scaled per domain, and moves no means: ``reg=1``,
``center=False``. Ours offers besides to match the means, and Ledoit and Wolf's shrinkage in the constant's place.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from jeoni.adaptation.shallow._adapter import Adapter
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["CORAL"]

SMALLEST = 1e-12


class CORAL(Adapter):
    """Moves the source; the target stays as it is.

    Args:
        reg: added to the diagonal of both covariances, in squared units of the features; ``"shrink"`` takes Ledoit and
            Wolf's share of the mean variance instead.
        center: give the source the target's means too.

    Attributes:
        matrix_: ``(d, d)``: source rows are multiplied by it.
        shift_: ``(d,)``: and then moved by it.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(500, 2)), 3 * rng.normal(size=(500, 2))
        >>> CORAL(reg=0.0).fit(Xs, None, Xt).transform(Xs, source=True).std(0).round()
        array([3., 3.])
    """

    scaled: ClassVar[bool] = True

    def __init__(self, reg: float | str = 1.0, *, center: bool = False) -> None:
        self.reg = reg
        self.center = center

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        ms, Cs = self._moments(Xs)
        mt, Ct = self._moments(Xt)
        self.matrix_ = (_power(Cs, -0.5) @ _power(Ct, 0.5)).astype(Xs.dtype)
        self.shift_ = (mt - ms @ self.matrix_ if self.center else np.zeros_like(mt)).astype(Xs.dtype)

    def _map(self, X: Array, source: bool) -> Array:
        return X @ self.matrix_ + self.shift_ if source else X

    def _moments(self, X: Array) -> tuple[FloatArray, FloatArray]:
        """Mean ``(d,)`` and regularised covariance ``(d, d)``."""
        mean = X.mean(0, dtype=np.float64)
        centred = X - mean.astype(X.dtype)
        cov = (centred.T @ centred).astype(np.float64) / max(1, len(X) - 1)
        if self.reg == "shrink":
            share = ledoit_wolf_shrinkage(centred, assume_centered=True)
            return mean, (1 - share) * cov + share * np.trace(cov) / len(cov) * np.eye(len(cov))
        if isinstance(self.reg, str) or self.reg < 0:
            raise ValueError(f"reg is {self.reg!r}; a number from 0, or 'shrink'.")
        return mean, cov + self.reg * np.eye(len(cov))


def _power(C: FloatArray, exponent: float) -> FloatArray:
    """A power of a symmetric matrix; directions without variance stay out, as in the paper's low-rank optimum."""
    values, vectors = np.linalg.eigh(C)
    there = values > SMALLEST * max(float(values[-1]), np.finfo(np.float64).tiny)
    found: FloatArray = (vectors[:, there] * values[there] ** exponent) @ vectors[:, there].T
    return found
