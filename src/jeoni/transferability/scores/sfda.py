"""SFDA (Shao et al. ECCV 2022, arXiv:2207.03036): Fisher discriminants of features that were made hard to tell apart.

Regularised discriminant analysis gives each example's probability of its class; each example is then mixed with the
mean of the other classes, the more the less probable, and the discriminants are fitted again: the score is the mean
probability of the right class. Ours differs in the exact largest eigenvalue, where the code takes three steps of power
iteration, and leaves the caller's features as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.special import softmax

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, class_means
from jeoni.types import FloatArray, IntArray

__all__ = ["SFDA"]

LEAST_SHRINKAGE = 1e-10


@dataclass(frozen=True)
class SFDA:
    """A mean probability, between 0 and 1.

    Attributes:
        decay: how fast the shrinkage ``exp(-decay largest eigenvalue)`` falls with the spread within classes.
    """

    decay: float = 5.0

    title: ClassVar[str] = "SFDA"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        X, y, classes = checked(features, labels)
        shrinkage = self.shrinkage(X, y, classes)
        right = softmax(discriminant_posteriors(X, y, classes, shrinkage), axis=1)[np.arange(len(y)), y, None]
        means = class_means(X, y, classes)
        others = (means.sum(0) - means) / (classes - 1)
        mixed = right * X + (1 - right) * others[y]
        return float(discriminant_posteriors(mixed, y, classes, shrinkage)[np.arange(len(y)), y].mean())

    def shrinkage(self, X: FloatArray, y: IntArray, classes: int) -> float:
        """The share of the identity in the covariance within classes: much where these are narrow."""
        rows = X - class_means(X, y, classes)[y]
        gram = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
        largest = eigh(gram / len(rows), eigvals_only=True, subset_by_index=[len(gram) - 1, len(gram) - 1])[0]
        return float(max(np.exp(-self.decay * largest), LEAST_SHRINKAGE))


def discriminant_posteriors(X: FloatArray, y: IntArray, classes: int, shrinkage: float) -> FloatArray:
    """``(n, C)`` probabilities by linear discriminant analysis with a shrunk covariance.

    Args:
        X: ``(n, d)``, to fit on and to predict.
        y: ``(n,)`` of 0 … C-1.
        classes: C.
        shrinkage: share of the identity, scaled to the mean variance.
    """
    means = class_means(X, y, classes)
    rows = X - means[y]
    within = rows.T @ rows / len(X)
    scale = np.trace(within) / len(within) or 1.0
    within *= 1 - shrinkage
    within.flat[:: len(within) + 1] += shrinkage * scale
    weights = _solved(within, means, scale)
    offsets = -np.einsum("cd,dc->c", means, weights) / 2 + np.log(np.bincount(y, minlength=classes) / len(y))
    found: FloatArray = softmax(X @ weights + offsets, axis=1)
    return found


def _solved(within: FloatArray, means: FloatArray, scale: float) -> FloatArray:
    """``(d, C)``: the covariance's inverse times the means."""
    try:
        solved: FloatArray = cho_solve(cho_factor(within), means.T)
    except np.linalg.LinAlgError:  # nearly singular and hardly shrunk
        within.flat[:: len(within) + 1] += 1e-8 * scale
        solved = cho_solve(cho_factor(within), means.T)
    return solved
