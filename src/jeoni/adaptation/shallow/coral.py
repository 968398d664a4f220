"""CORAL (Sun, Feng & Saenko AAAI 2016, arXiv:1511.05547): whitens the source and gives it the target's covariance.

The paper adds the identity to both covariances of features scaled per domain, and moves no means: ``reg=1``,
``center=False``. Ours offers besides to match the means, and Ledoit and Wolf's shrinkage in the constant's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from jeoni.adaptation.adapter import Adapter, Remedy
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
    remedies: ClassVar[tuple[Remedy, ...]] = (Remedy("subspace", rank=2), Remedy("label and subspace", rank=1))

    def __init__(self, reg: float | str = 1.0, *, center: bool = False) -> None:
        self.reg = reg
        self.center = center

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        ms, Cs = self._moments(Xs, "source")
        mt, Ct = self._moments(Xt, "target")
        if self.reg == 0:  # the paper's optimum has the lower of both ranks
            Ct = Ct.largest(len(Cs.values))
        self.matrix_ = Cs.power(-0.5).times(Ct.power(0.5)).astype(Xs.dtype)
        self.shift_ = (mt - ms @ self.matrix_ if self.center else np.zeros_like(mt)).astype(Xs.dtype)

    def _map(self, X: Array, source: bool) -> Array:
        return X @ self.matrix_ + self.shift_ if source else X

    def _moments(self, X: Array, domain: str) -> tuple[FloatArray, _Spectrum]:
        """Mean ``(d,)`` and regularised covariance."""
        mean = X.mean(0, dtype=np.float64)
        centred = X - mean.astype(X.dtype)
        if self.reg in (0, "shrink") and np.abs(centred).max() <= 10 * np.finfo(X.dtype).eps * np.abs(X).max():
            raise ValueError(
                f"CORAL with reg={self.reg!r} needs at least 2 rows that differ in each domain; the {domain} has "
                f"{len(X)} that do not. Give more rows, or take reg=1.0, which needs none."
            )
        if self.reg == "shrink":
            share = ledoit_wolf_shrinkage(centred, assume_centered=True)
            level = float((centred**2).sum(dtype=np.float64)) / max(1, len(X) - 1) / X.shape[1]
            return mean, _spectrum(centred, share * level, 1 - share)
        if isinstance(self.reg, str) or self.reg < 0:
            raise ValueError(f"reg is {self.reg!r}; a number from 0, or 'shrink'.")
        return mean, _spectrum(centred, float(self.reg), 1.0)


@dataclass(frozen=True)
class _Spectrum:
    """A symmetric matrix ``rest · I + V diag(values - rest) V'``: fewer axes than columns, where rows are few."""

    axes: FloatArray
    values: FloatArray
    rest: float

    def power(self, exponent: float) -> _Spectrum:
        """Directions without variance stay out, as in the paper's low-rank optimum."""
        top = max(float(self.values.max(initial=0)), self.rest, np.finfo(np.float64).tiny)
        there = self.values > SMALLEST * top
        rest = self.rest**exponent if self.rest > SMALLEST * top else 0.0
        return _Spectrum(self.axes[:, there], self.values[there] ** exponent, rest)

    def largest(self, most: int) -> _Spectrum:
        """The axes of the largest values, ``most`` of them."""
        order = np.argsort(-self.values)[:most]
        return _Spectrum(self.axes[:, order], self.values[order], self.rest)

    def times(self, other: _Spectrum) -> FloatArray:
        """The product, ``(d, d)``."""
        a, b = self.values - self.rest, other.values - other.rest
        found: FloatArray = (self.axes * a) @ ((self.axes.T @ other.axes) * b) @ other.axes.T
        found += other.rest * (self.axes * a) @ self.axes.T
        found += self.rest * (other.axes * b) @ other.axes.T
        found[np.diag_indices(len(found))] += self.rest * other.rest
        return found


def _spectrum(centred: Array, added: float, share: float) -> _Spectrum:
    """Of ``share`` times the covariance of centred rows, plus ``added`` on the diagonal."""
    n, d = centred.shape
    if n >= d:
        values, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64) / max(1, n - 1))
    else:
        values, left = np.linalg.eigh((centred @ centred.T).astype(np.float64) / max(1, n - 1))
        there = values > SMALLEST * max(float(values[-1]), np.finfo(np.float64).tiny)
        values, left = values[there], left[:, there]
        axes = centred.T.astype(np.float64) @ (left / np.sqrt(values * max(1, n - 1)))
    if not added:  # what is left of directions without variance is as large as the rows are exact
        there = values > 10 * np.finfo(centred.dtype).eps * max(float(values[-1]), np.finfo(np.float64).tiny)
        values, axes = values[there], axes[:, there]
    return _Spectrum(axes, share * np.maximum(values, 0) + added, added)
