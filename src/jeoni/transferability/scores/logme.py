"""LogME (You, Liu, Wang & Long ICML 2021, arXiv:2102.11005; JMLR 2022): evidence of a Bayesian linear model.

For each class a linear regression of its indicator on the features, with Gaussian weights and noise whose precisions
maximise the evidence; the score is the mean log evidence per example. The released code leaves ``(d - k)/2 log alpha``
out where there are fewer examples than features, so that it ranks networks by their width; ours has it, and equals the
closed form. The fixed point is also taken further: to a relative change of 1e-6 where the code stops at 1e-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, indicators
from jeoni.types import FloatArray, IntArray

__all__ = ["LogME"]

KEPT_FROM_ZERO = 1e-5  # as released, in both updates
LEAST_SHARE = 1e-14  # of the largest eigenvalue; smaller ones are 0 to the computer


class Evidence(NamedTuple):
    """Of one class: log evidence per example, precision of the weights, and precision of the noise."""

    value: float
    alpha: float
    beta: float


@dataclass(frozen=True)
class LogME:
    """Mean log evidence per example in nats.

    Attributes:
        steps: of the fixed point at most.
        tolerance: relative change of ``alpha / beta`` at which it stops.
    """

    steps: int = 100
    tolerance: float = 1e-6

    title: ClassVar[str] = "LogME"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        return float(np.mean([one.value for one in self.evidence(features, labels)]))

    def evidence(self, features: Any, labels: Any) -> list[Evidence]:
        """Of each class, in order.

        Raises:
            ValueError: as above.
        """
        X, y, classes = checked(features, labels)
        Y = indicators(y, classes)
        values, squares = _spectrum(X, Y)
        lengths = np.bincount(y, minlength=classes).astype(np.float64)
        return [self._maximised(values, squares[:, c], lengths[c], X.shape) for c in range(classes)]

    def _maximised(self, s: FloatArray, z2: FloatArray, length: float, shape: tuple[int, int]) -> Evidence:
        """The fixed point of both precisions.

        Args:
            s: ``(k,)`` eigenvalues of ``X'X`` above 0.
            z2: ``(k,)`` squares of ``X'y`` along their eigenvectors.
            length: ``|y|²``.
            shape: ``(n, d)``.
        """
        n = shape[0]
        alpha = beta = 1.0
        for _ in range(self.steps):
            ratio = alpha / beta
            weights, residual = _fit(s, z2, length, ratio)
            effective = (s / (s + ratio)).sum()
            alpha = effective / (weights + KEPT_FROM_ZERO)
            beta = (n - effective) / (residual + KEPT_FROM_ZERO)
            if alpha <= 0 or abs(alpha / beta - ratio) <= self.tolerance * ratio:
                break
        alpha = max(alpha, KEPT_FROM_ZERO)  # features that are all 0 explain nothing
        return Evidence(_log_evidence(s, z2, length, shape, alpha, beta) / n, alpha, beta)


def _spectrum(X: FloatArray, Y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues ``(k,)`` of ``X'X`` above 0 and ``(k, C)`` squares of ``X'Y`` along their eigenvectors."""
    n, d = X.shape
    if n < d:
        values, U = np.linalg.eigh(X @ X.T)
        squares = np.maximum(values, 0)[:, None] * (U.T @ Y) ** 2
    else:
        values, V = np.linalg.eigh(X.T @ X)
        squares = (V.T @ (X.T @ Y)) ** 2
    kept = values > LEAST_SHARE * max(n, d) * values.max(initial=0.0)
    return values[kept], squares[kept]


def _fit(s: FloatArray, z2: FloatArray, length: float, ratio: float) -> tuple[float, float]:
    """Squared length of the posterior mean of the weights, and of what it leaves of ``y``."""
    weights = (z2 / (s + ratio) ** 2).sum()
    residual = length - (z2 * (s + 2 * ratio) / (s + ratio) ** 2).sum()
    return float(weights), float(max(residual, 0.0))


def _log_evidence(
    s: FloatArray, z2: FloatArray, length: float, shape: tuple[int, int], alpha: float, beta: float
) -> float:
    """``log N(y; 0, I / beta + X X' / alpha)``."""
    n, d = shape
    weights, residual = _fit(s, z2, length, alpha / beta)
    found = d / 2 * np.log(alpha) + n / 2 * np.log(beta) - n / 2 * np.log(2 * np.pi)
    found -= np.log(alpha + beta * s).sum() / 2 + (d - len(s)) / 2 * np.log(alpha)
    return float(found - beta / 2 * residual - alpha / 2 * weights)
