"""KMM (Huang et al. NIPS 2006; Gretton et al. 2009, papers.nips.cc/paper/3075): weights that match the kernel means.

The published quadratic program, bounds and slack, plus a ``ridge`` on the weights' squared distance from 1: without it
(``ridge=0``, as published) a few rows take all the weight wherever columns are few. Ours solves it by an interior-point
method that does not depend on the order of rows, and above ``exact`` rows matches the means of 500 features of the
kernel (Nyström) instead, so that memory grows with the rows and not with their square.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from jeoni.adaptation.adapter import Adapter, Remedy
from jeoni.adaptation.kernels import median_distance, rbf, spread
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["KMM"]

LANDMARKS = 500
LEAST_RIDGE = 1e-9  # equal rows get equal weights
LEAST_THIN_RIDGE = 1e-6  # it is divided by there
ROUNDS = 100
GAP = 1e-9

Solver = Callable[[FloatArray, float], Callable[[FloatArray], FloatArray]]


class KMM(Adapter):
    """Weights the source so that its mean in the kernel's space comes near the target's.

    Args:
        width: of the kernel ``exp(-|x - y|² / (2 width²))``, in units of the features; None takes the median distance.
        bound: the largest weight, before weights are brought to mean 1.
        eps: how far the mean weight may be from 1; None takes the published ``(√ns - 1) / √ns``.
        ridge: pulls weights towards 1, which they all are where the domains are one sample: ``ridge |b - 1|² / 2`` in
            the objective, beside a kernel whose diagonal is 1; 0 is the paper's.
        exact: up to so many source rows the whole ``ns × ns`` kernel is used: 8 ns² bytes, three times.
        least_effective: the smallest share of the source that the weights may rest on.

    Attributes:
        width_: the kernel's width.

    Raises:
        ValueError: in ``fit``, if ``bound`` or ``eps`` leave no weights, or these rest on too few examples.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(200, 1)), rng.normal(1, 0.5, size=(100, 1))
        >>> weights = KMM().fit(Xs, None, Xt).weights_
        >>> bool(weights[Xs[:, 0] > 0].mean() > 1.5)
        True
    """

    remedies: ClassVar[tuple[Remedy, ...]] = (Remedy("covariate", rank=1),)

    def __init__(
        self,
        width: float | None = None,
        *,
        bound: float = 1000.0,
        eps: float | None = None,
        ridge: float = 1.0,
        exact: int = 2000,
        least_effective: float = 0.05,
    ) -> None:
        self.width = width
        self.bound = bound
        self.eps = eps
        self.ridge = ridge
        self.exact = exact
        self.least_effective = least_effective

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if self.bound <= 1 or self.ridge < 0 or (self.eps is not None and self.eps < 0):
            raise ValueError(
                f"bound is {self.bound}, ridge {self.ridge} and eps {self.eps}; bound must be above 1, the others not "
                "below 0."
            )
        self.width_ = self.width if self.width is not None else median_distance(Xs, Xt)
        ns = len(Xs)
        if ns <= self.exact:
            K = rbf(Xs, Xs, self.width_)
            ridge = max(self.ridge, LEAST_RIDGE)
            pull = ns * _mean_kernel(Xs, Xt, self.width_) + ridge
            times, solver = _dense(K, ridge)
        else:
            Fs, mean = _features(Xs, Xt, self.width_)
            ridge = max(self.ridge, LEAST_THIN_RIDGE)
            pull = ns * (Fs @ mean) + ridge
            times, solver = _thin(Fs, ridge)
        eps = self.eps if self.eps is not None else (np.sqrt(ns) - 1) / np.sqrt(ns)
        self._weigh(_solve(times, solver, pull, self.bound, max(float(eps), 1e-6)), self.least_effective)


def _mean_kernel(Xs: Array, Xt: Array, width: float) -> FloatArray:
    """``(ns,)``: of each source row with all target rows, a thousand of these at a time."""
    parts = (rbf(Xs, Xt[k : k + 1000], width).sum(1) for k in range(0, len(Xt), 1000))
    total: FloatArray = sum(parts, np.zeros(len(Xs)))
    return total / len(Xt)


def _features(Xs: Array, Xt: Array, width: float) -> tuple[FloatArray, FloatArray]:
    """Nyström features of the source ``(ns, k)`` and the target's mean of them ``(k,)``; landmarks from both."""
    half = LANDMARKS // 2
    landmarks = np.concatenate([X[spread(X, half)] for X in (Xs, Xt)])
    values, vectors = np.linalg.eigh(rbf(landmarks, landmarks, width))
    there = values > 1e-10 * values[-1]
    root = vectors[:, there] / np.sqrt(values[there])
    return rbf(Xs, landmarks, width) @ root, _mean_kernel(landmarks, Xt, width) @ root


def _dense(K: FloatArray, ridge: float) -> tuple[Callable[[FloatArray], FloatArray], Solver]:
    """The product of ``K + ridge I`` with a vector, and a solver with ``K + ridge I + diag(d) + r 11'``."""

    def solver(d: FloatArray, r: float) -> Callable[[FloatArray], FloatArray]:
        M = K + r
        M[np.diag_indices_from(M)] += d + ridge
        factor = cho_factor(M, lower=True, overwrite_a=True, check_finite=False)
        return lambda v: np.asarray(cho_solve(factor, v, check_finite=False))

    return lambda v: K @ v + ridge * v, solver


def _thin(F: FloatArray, ridge: float) -> tuple[Callable[[FloatArray], FloatArray], Solver]:
    """The same for the kernel ``FF'``, by way of a matrix as small as the features."""

    def solver(d: FloatArray, r: float) -> Callable[[FloatArray], FloatArray]:
        wide = np.column_stack([F, np.full(len(F), np.sqrt(r))])
        heavy = d + ridge
        M = (wide / heavy[:, None]).T @ wide
        M[np.diag_indices_from(M)] += 1
        factor = cho_factor(M, lower=True, overwrite_a=True, check_finite=False)
        return lambda v: (v - wide @ cho_solve(factor, wide.T @ (v / heavy), check_finite=False)) / heavy

    return lambda v: F @ (v @ F) + ridge * v, solver


def _solve(
    times: Callable[[FloatArray], FloatArray], solver: Solver, pull: FloatArray, bound: float, eps: float
) -> FloatArray:
    """``argmin ½ b'Kb - pull'b`` for ``0 <= b <= bound`` and ``|sum b - n| <= n eps`` (Mehrotra's predictor-corrector).

    It starts from equal weights and stays inside the bounds; ``room`` is how far each of the ``2n + 2`` bounds is away
    and ``press`` what it costs.
    """
    n = len(pull)
    b = np.ones(n)
    press = np.full(2 * n + 2, max(1.0, float(np.abs(pull).mean())))
    for _ in range(ROUNDS):
        room = np.concatenate([b, bound - b, [b.sum() - n * (1 - eps), n * (1 + eps) - b.sum()]])
        Kb = times(b)
        off = Kb - pull - _gathered(press)
        gap = float(room @ press) / len(press)
        scale = 1 + abs(float(b @ (0.5 * Kb - pull))) / n
        if gap < GAP * scale and np.abs(off).max() < GAP * scale:
            break
        ratio = press / room
        solve = solver(ratio[:n] + ratio[n : 2 * n], float(ratio[-2] + ratio[-1]))
        aim = -room * press
        for second in (False, True):
            step = solve(_gathered(aim / room) - off)
            moved = np.concatenate([step, -step, [step.sum(), -step.sum()]])
            pressed = (aim - press * moved) / room
            far = min(_reach(room, moved), _reach(press, pressed))
            if not second:
                left = float((room + far * moved) @ (press + far * pressed)) / len(press)
                aim = (left / gap) ** 3 * gap - room * press - moved * pressed
        b = b + 0.995 * far * step
        press = press + 0.995 * far * pressed
    return np.clip(b, 0, bound)


def _gathered(v: FloatArray) -> FloatArray:
    """From the bounds back to the weights."""
    n = (len(v) - 2) // 2
    found: FloatArray = v[:n] - v[n : 2 * n] + (v[-2] - v[-1])
    return found


def _reach(there: FloatArray, change: FloatArray) -> float:
    """The largest step up to 1 that keeps all above 0."""
    falls = change < 0
    return float(min(1.0, (-there[falls] / change[falls]).min())) if falls.any() else 1.0
