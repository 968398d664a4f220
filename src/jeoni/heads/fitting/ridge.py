"""Ridge regression (Hoerl & Kennard 1970) on standardised features, all strengths of a fold from one decomposition.

With fewer rows than features the dual form is solved (Saunders, Gammerman & Vovk 1998): its matrix has a row for each
example. With more, rows are read block by block into second moments, one set for each fold: what a fit without a fold
is, and how far off it is on that fold, follow from these alone, so memory does not grow with the number of rows.
Features are standardised and divided by the root of their number, as for the logistic probe, and the penalty is
``1 / (strength · n)`` beside the mean squared error's ``1 / n``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["fit_ridge"]

BLOCK = 4096


def fit_ridge(
    features: RowsLike, targets: FloatArray, folds: IntArray, strengths: Sequence[float]
) -> tuple[Tensor, Tensor, list[dict[str, Any]], list[float]]:
    """Choose a strength for each column of targets on the folds, then fit on all rows.

    Args:
        features: ``(n, d)``.
        targets: ``(n, k)``, NaN where there is none.
        folds: ``(repeats, n)``.
        strengths: to choose from.

    Returns:
        Weight ``(k, d)`` and bias ``(k,)`` for the raw features, one record per column and strength with its mean
        squared error on the folds, and the chosen strengths ``(k,)``.
    """
    mean, scale = _mean_and_scale(features)
    weights, biases, chosen = [], [], []
    candidates: list[dict[str, Any]] = []
    for column, values in enumerate(targets.T):
        known = np.flatnonzero(~np.isnan(values))
        rows = _Standardised(features, known, values[known], mean, scale)
        errors, solve = (_dual if len(known) <= len(mean) else _primal)(rows, folds[:, known], strengths)
        best = int(errors.argmin())
        solution, offset = solve(strengths[best])
        weight = solution / scale
        weights.append(weight)
        biases.append(offset - weight @ mean)
        chosen.append(float(strengths[best]))
        candidates += [
            {"column": column, "strength": s, "mean_squared_error": float(e)}
            for s, e in zip(strengths, errors, strict=True)
        ]
    stacked = torch.from_numpy(np.stack(weights).astype(np.float32))
    return stacked, torch.from_numpy(np.array(biases, dtype=np.float32)), candidates, chosen


@dataclass(frozen=True)
class _Standardised:
    """Rows that are read and standardised when they are asked for, and their targets ``(m,)``."""

    features: RowsLike
    index: IntArray
    y: FloatArray
    mean: FloatArray
    scale: FloatArray

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Where a block is, and its rows."""
        for at in range(0, len(self.index), BLOCK):
            place = slice(at, min(at + BLOCK, len(self.index)))
            raw = np.asarray(self.features[self.index[place]], dtype=np.float64)
            yield place, (raw - self.mean) / self.scale


def _mean_and_scale(features: RowsLike) -> tuple[FloatArray, FloatArray]:
    """``(d,)`` each, in two passes."""
    n, d = features.shape[0], features.shape[1]
    places = [slice(at, min(at + BLOCK, n)) for at in range(0, n, BLOCK)]
    mean, variance = np.zeros(d), np.zeros(d)
    for place in places:
        mean += np.asarray(features[place], dtype=np.float64).sum(0) / n
    for place in places:
        variance += ((np.asarray(features[place], dtype=np.float64) - mean) ** 2).sum(0) / n
    spread = np.sqrt(variance)
    return mean, np.where(spread > 1e-12, spread, 1.0) * np.sqrt(d)


def _dual(rows: _Standardised, folds: IntArray, strengths: Sequence[float]) -> tuple[FloatArray, Any]:
    """Errors ``(strengths,)`` on the folds, and the fit on all rows for one strength; all rows are held."""
    X, y = np.concatenate([block for _, block in rows.blocks()]), rows.y
    total, count = np.zeros(len(strengths)), 0
    for fold in folds:
        parts = np.unique(fold)
        for f in parts if len(parts) > 1 else []:
            seen, held = fold != f, fold == f
            solution, offset = _solve_dual(X[seen], y[seen], strengths)
            total += ((X[held] @ solution + offset - y[held, None]) ** 2).sum(0)
            count += int(held.sum())

    def fit(strength: float) -> tuple[FloatArray, float]:
        solution, offset = _solve_dual(X, y, [strength])
        return solution[:, 0], float(offset[0])

    return total / max(1, count), fit


def _solve_dual(X: FloatArray, y: FloatArray, strengths: Sequence[float]) -> tuple[FloatArray, Array]:
    """Coefficients ``(d, strengths)`` and offsets ``(strengths,)``."""
    middle, level = X.mean(0), y.mean()
    Z, z = X - middle, y - level
    penalties = 1.0 / np.asarray(strengths, dtype=np.float64)
    values, vectors = np.linalg.eigh(Z @ Z.T)
    shrunk = (vectors.T @ z)[:, None] / (np.maximum(values, 0)[:, None] + penalties)
    solution = Z.T @ (vectors @ shrunk)
    return solution, level - middle @ solution


@dataclass(frozen=True)
class _Moments:
    """Sums over rows: their number, ``x xᵀ``, ``x``, ``x y``, ``y`` and ``y²``."""

    n: float
    xx: FloatArray
    x: FloatArray
    xy: FloatArray
    y: float
    yy: float

    @classmethod
    def of(cls, X: FloatArray, y: FloatArray) -> _Moments:
        return cls(len(y), X.T @ X, X.sum(0), X.T @ y, float(y.sum()), float(y @ y))

    def plus(self, other: _Moments, sign: float = 1.0) -> _Moments:
        """The sums over both, or without the other."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Moments(*(a + sign * b for a, b in pairs))

    def solve(self, strengths: Sequence[float]) -> tuple[FloatArray, Array]:
        """Coefficients ``(d, strengths)`` and offsets ``(strengths,)``."""
        middle, level = self.x / self.n, self.y / self.n
        values, vectors = np.linalg.eigh(self.xx - self.n * np.outer(middle, middle))
        penalties = 1.0 / np.asarray(strengths, dtype=np.float64)
        right = vectors.T @ (self.xy - self.n * middle * level)
        solution = vectors @ (right[:, None] / (np.maximum(values, 0)[:, None] + penalties))
        return solution, level - middle @ solution

    def errors(self, solution: FloatArray, offset: Array) -> FloatArray:
        """``(strengths,)``: the sum of squared errors of these rows."""
        squares = (solution * (self.xx @ solution)).sum(0) + 2 * offset * (self.x @ solution) + self.n * offset**2
        found: FloatArray = self.yy - 2 * (self.xy @ solution + offset * self.y) + squares
        return np.maximum(found, 0.0)


def _primal(rows: _Standardised, folds: IntArray, strengths: Sequence[float]) -> tuple[FloatArray, Any]:
    """As :func:`_dual`, from second moments."""
    total, count = np.zeros(len(strengths)), 0
    whole: _Moments | None = None
    for fold in folds:
        parts = _by_fold(rows, fold)
        everything = _summed(list(parts.values()))
        whole = whole or everything
        for held in parts.values() if len(parts) > 1 else []:
            solution, offset = everything.plus(held, -1.0).solve(strengths)
            total += held.errors(solution, offset)
            count += int(held.n)
    everything = whole or _summed(list(_by_fold(rows, np.zeros(len(rows.y), dtype=np.int64)).values()))

    def fit(strength: float) -> tuple[FloatArray, float]:
        solution, offset = everything.solve([strength])
        return solution[:, 0], float(offset[0])

    return total / max(1, count), fit


def _by_fold(rows: _Standardised, fold: IntArray) -> dict[int, _Moments]:
    found: dict[int, _Moments] = {}
    for place, X in rows.blocks():
        for f in np.unique(fold[place]).tolist():
            inside = fold[place] == f
            part = _Moments.of(X[inside], rows.y[place][inside])
            found[f] = found[f].plus(part) if f in found else part
    return found


def _summed(parts: Sequence[_Moments]) -> _Moments:
    first, *others = parts
    for other in others:
        first = first.plus(other)
    return first
