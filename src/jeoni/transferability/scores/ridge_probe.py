"""Cross-validated ridge probe (Hoerl & Kennard 1970; folds in closed form: Cook 1977): what a linear head gets right.

Ridge regression of the classes' indicators on standardised features; folds keep groups together. What a model without a
fold predicts for it follows exactly from the one that has seen all: ``e / (I - H)``, with the fold's block of the hat
matrix. The strength that a fold is predicted with is the one that errs least on the other folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from jeoni.data.splits import build_folds
from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, indicators, weighted_means
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["RidgeProbe"]


@dataclass(frozen=True)
class RidgeProbe:
    """Accuracy on folds that were held out, between 0 and 1.

    Attributes:
        strengths: penalties to choose from, per example and feature, on standardised features.
        folds: how many.
        seed: of the folds.
    """

    strengths: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    folds: int = 5
    seed: int = 0

    title: ClassVar[str] = "cross-validated ridge probe"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The share of examples that are right while held out.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
            DataError: all examples are of one group, or no class has two.
        """
        return float(self.right(features, labels, groups).mean())

    def resampled(self, rows: Any, labels: Any, groups: IntArray | None, weights: FloatArray) -> FloatArray:
        """See :class:`jeoni.transferability.candidate.Resampled`: who is right stays, who is asked is drawn."""
        return weighted_means(self.right(rows, labels, groups), weights)

    def right(self, features: Any, labels: Any, groups: IntArray | None = None) -> Array:
        """``(n,)`` bool: who is given its class while held out."""
        X, y, classes = checked(features, labels)
        clusters = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
        fold = build_folds(y, clusters, self.folds, 1, self.seed)[0]
        outputs = np.stack(held_out_outputs(X, indicators(y, classes), fold, self.strengths))
        errors = ((outputs - indicators(y, classes)) ** 2).sum(2)
        found = np.zeros(len(y), dtype=np.int64)
        for k in np.unique(fold):
            held = fold == k
            best = int(errors[:, ~held].mean(1).argmin())
            found[held] = outputs[best, held].argmax(1)
        right: Array = found == y
        return right


def held_out_outputs(X: FloatArray, Y: FloatArray, fold: IntArray, strengths: tuple[float, ...]) -> list[FloatArray]:
    """For each strength ``(n, C)`` outputs of ridge regressions that have not seen an example's fold.

    Args:
        X: ``(n, d)``; columns are standardised here, by all rows.
        Y: ``(n, C)`` what is regressed on them.
        fold: ``(n,)``.
        strengths: penalties, times ``n d``.
    """
    n, d = X.shape
    spread = X.std(0)
    rows = (X - X.mean(0)) / np.where(spread > 0, spread, 1.0)
    values, U = _axes(rows)
    found = []
    for strength in strengths:
        # the hat matrix: the intercept, which is not penalised, and the axes of the features
        kept = U * (values / (values + strength * n * d))
        fitted = kept @ (U.T @ Y) + Y.mean(0)
        outputs = np.empty_like(Y)
        for k in np.unique(fold):
            held = np.flatnonzero(fold == k)
            block = kept[held] @ U[held].T + 1 / n
            outputs[held] = Y[held] - np.linalg.solve(np.eye(len(held)) - block, Y[held] - fitted[held])
        found.append(outputs)
    return found


def _axes(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Squared singular values ``(k,)`` above 0 of centred rows, and their left singular vectors ``(n, k)``."""
    n, d = rows.shape
    if n <= d:
        values, U = np.linalg.eigh(rows @ rows.T)
        kept = values > values.max(initial=0) * n * 1e-14
        return values[kept], U[:, kept]
    values, V = np.linalg.eigh(rows.T @ rows)
    kept = values > values.max(initial=0) * n * 1e-14
    return values[kept], rows @ (V[:, kept] / np.sqrt(values[kept]))
