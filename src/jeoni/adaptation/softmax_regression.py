"""Logistic regression with what scikit-learn's lacks: weights to stay near to, and rows to be silent on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from jeoni.adaptation.stacked_rows import Rows
from jeoni.types import FloatArray, IntArray

__all__ = ["Silence", "affine_of", "class_probs", "fit_softmax"]


TOLERANCE = 3e-5  # of the slope by row
STEPS = 200  # a dozen are usual; rounding in single precision may keep it from the tolerance


class Silence(NamedTuple):
    """``strength / 2`` times the sum of the squared scores of ``rows (m, k)`` joins the objective."""

    rows: Rows
    strength: float


def fit_softmax(
    X: Rows,
    y: IntArray,
    classes: int,
    strength: float,
    *,
    towards: FloatArray | None = None,
    silence: Silence | None = None,
    unit: float = 1.0,
) -> FloatArray:
    """The weights of ``sum of log-losses + |W - towards|² / (2 strength)``, and of a silence besides.

    All weights are penalised; a bias is a column of ``X``. Two classes have one column of weights, the score of the
    second, as in scikit-learn.

    Args:
        X: ``(n, k)``, or a linear operator of that shape.
        y: ``(n,)`` from 0 to ``classes - 1``; some classes may be missing.
        classes: how many.
        strength: scikit-learn's ``C``.
        towards: ``(k, scores)``; zeros if left out. Also where the search begins.
        silence: see :class:`Silence`.
        unit: about how long rows are, for the search to be as near to the optimum whatever that is.

    Returns:
        ``(k, scores)``, scores being 1 for two classes.
    """
    scores = 1 if classes == 2 else classes
    centre = np.zeros((X.shape[1], scores)) if towards is None else towards
    problem = _Problem(X, np.eye(classes)[y], strength, centre, silence)
    radius = {"initial_trust_radius": 10.0 / unit, "max_trust_radius": 1e6 / unit}
    options = {"gtol": TOLERANCE * unit, "maxiter": STEPS, **radius}
    found = minimize(problem, centre.ravel(), jac=True, hessp=problem.curved, method="trust-ncg", options=options)
    weights: FloatArray = found.x.reshape(centre.shape)
    return weights


class _Problem:
    """The objective by row, its slope, and its curvature along a direction; weights are flat."""

    def __init__(self, X: Rows, ones: FloatArray, strength: float, centre: FloatArray, silence: Silence | None) -> None:
        self.X, self.ones, self.strength, self.centre, self.silence = X, ones, strength, centre, silence
        self.at, self.probs = np.full(centre.size, np.nan), ones

    def __call__(self, flat: FloatArray) -> tuple[float, FloatArray]:
        full = _all_scores(_times(self.X, flat.reshape(self.centre.shape)))
        log_total = logsumexp(full, axis=1)
        away = flat - self.centre.ravel()
        value = (log_total - (full * self.ones).sum(1)).sum() + away @ away / (2 * self.strength)
        slope = self._back(np.exp(full - log_total[:, None]) - self.ones) + away / self.strength
        if self.silence is not None:
            pull = self._silenced(flat)
            value, slope = value + flat @ pull / 2, slope + pull
        return float(value) / len(full), slope / len(full)

    def curved(self, flat: FloatArray, direction: FloatArray) -> FloatArray:
        """The Hessian at ``flat`` times a direction."""
        if not np.array_equal(self.at, flat):
            self.at, self.probs = flat.copy(), class_probs(self.X, flat.reshape(self.centre.shape))
        along = _all_scores(_times(self.X, direction.reshape(self.centre.shape)))
        found = self._back(self.probs * (along - (self.probs * along).sum(1, keepdims=True)))
        found += direction / self.strength
        return (found if self.silence is None else found + self._silenced(direction)) / len(along)

    def _back(self, by_class: FloatArray) -> FloatArray:
        return _times(self.X.T, by_class[:, -self.centre.shape[1] :]).ravel()

    def _silenced(self, flat: FloatArray) -> FloatArray:
        assert self.silence is not None
        rows, strength = self.silence
        return strength * _times(rows.T, _times(rows, flat.reshape(self.centre.shape))).ravel()


def class_probs(X: Rows, weights: FloatArray) -> FloatArray:
    """``(n, classes)``."""
    found: FloatArray = softmax(_all_scores(_times(X, weights)), axis=1)
    return found


def affine_of(weights: FloatArray, unit: float) -> tuple[FloatArray, FloatArray]:
    """Weights ``(classes, d)`` and biases ``(classes,)``, where the last of ``(d + 1, scores)`` is a constant's."""
    columns = _all_scores(weights)
    return columns[:-1].T, columns[-1] * unit


def _all_scores(scores: FloatArray) -> FloatArray:
    return np.hstack([np.zeros_like(scores), scores]) if scores.shape[1] == 1 else scores


def _times(X: Rows, W: FloatArray) -> FloatArray:
    """``X @ W`` in the precision of ``X``, so that no copy of it is made."""
    # sparse matrices are twice as fast on a vector as on a matrix of one column
    found = X @ W[:, 0].astype(X.dtype) if W.shape[1] == 1 else X @ W.astype(X.dtype)
    wide: FloatArray = found.astype(np.float64).reshape(X.shape[0], -1)
    return wide
