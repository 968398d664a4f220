"""uLSIF (Kanamori, Hido & Sugiyama JMLR 2009, jmlr.org/papers/v10/kanamori09a.html): a density ratio by least squares.

With ``alpha`` above 0 it is RuLSIF (Yamada et al. NIPS 2011, arXiv:1106.4729), whose ratio stays below ``1 / alpha``.
The leave-one-out error is exact for every ``alpha``, both rows of a pair left out at once; above 2,000 pairs a spread
choice of these stands for all.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.kernels import median_distance, rbf, spread
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["ULSIF"]

CENTRES = 100
PAIRS = 2000
WIDTHS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5)  # in median distances
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)


class ULSIF(Adapter):
    """Weights the source by an estimate of ``p_target / (alpha p_target + (1 - alpha) p_source)``.

    Args:
        alpha: share of the target in the denominator, from 0 to below 1; 0 is the plain ratio.
        width: of the kernels ``exp(-|x - c|² / (2 width²))``, in units of the features; None chooses among 0.1 to 2.5
            median distances by the leave-one-out error.
        strength: of the penalty on the squared factors; None chooses among 0.001 to 10.
        centres: how many target rows carry a kernel.
        seed: of the choice of these rows.
        least_effective: the smallest share of the source that the weights may rest on.

    Attributes:
        width_, strength_: the chosen ones.
        centres_: ``(centres, d)``.
        alpha_: ``(centres,)``: the kernels' factors; the ratio is ``sum_l alpha_l k(x, c_l)``.

    Raises:
        ValueError: in ``fit``, if ``alpha`` is out of range, or the weights rest on too few examples.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(300, 1)), rng.normal(1, 0.5, size=(200, 1))
        >>> weights = ULSIF().fit(Xs, None, Xt).weights_
        >>> bool(weights[Xs[:, 0] > 0].mean() > 1.5)
        True
    """

    def __init__(
        self,
        alpha: float = 0.0,
        *,
        width: float | None = None,
        strength: float | None = None,
        centres: int = CENTRES,
        seed: int = 0,
        least_effective: float = 0.05,
    ) -> None:
        self.alpha = alpha
        self.width = width
        self.strength = strength
        self.centres = centres
        self.seed = seed
        self.least_effective = least_effective

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if not 0 <= self.alpha < 1:
            raise ValueError(f"alpha is {self.alpha}; a share from 0 to below 1 is needed.")
        self.centres_ = Xt[spread(Xt, self.centres, self.seed)]
        self.width_, self.strength_ = self._choose(Xs, Xt)
        S, T = (rbf(X, self.centres_, self.width_) for X in (Xs, Xt))
        H = (1 - self.alpha) * (S.T @ S) / len(S) + self.alpha * (T.T @ T) / len(T)
        H[np.diag_indices_from(H)] += self.strength_
        self.alpha_ = np.maximum(0, cho_solve(cho_factor(H), T.mean(0)))
        self._weigh(S @ self.alpha_, self.least_effective)

    def _choose(self, Xs: Array, Xt: Array) -> tuple[float, float]:
        """Width and strength of the least leave-one-out error."""
        widths = [self.width] if self.width is not None else list(median_distance(Xs, Xt) * np.array(WIDTHS))
        strengths = [self.strength] if self.strength is not None else list(STRENGTHS)
        known = [(float(w), s) for w in widths for s in strengths]
        pairs = min(PAIRS, len(Xs), len(Xt))
        if len(known) == 1 or pairs < 2:
            return known[-1]
        rows_s, rows_t = (spread(X, pairs, k) for k, X in enumerate((Xs, Xt)))  # two directions: pairs are random
        errors = []
        for width in widths:
            S, T = (rbf(X, self.centres_, width) for X in (Xs, Xt))
            errors += [_left_out_error(S, T, rows_s, rows_t, self.alpha, strength) for strength in strengths]
        return known[int(np.argmin(errors))]


def _left_out_error(
    S: FloatArray, T: FloatArray, rows_s: IntArray, rows_t: IntArray, alpha: float, strength: float
) -> float:
    """Mean squared error, up to a constant, of ratios that were learned without the pair they are tried on.

    Leaving a pair out takes two outer products from the matrix: Woodbury's identity, two by two numbers a pair.

    Args:
        S: ``(ns, k)`` kernels of the source.
        T: ``(nt, k)`` of the target.
        rows_s: ``(p,)`` source rows of the pairs.
        rows_t: ``(p,)`` target rows of the pairs.
        alpha: share of the target in the denominator.
        strength: of the penalty.
    """
    ns, nt = len(S), len(T)
    ws, wt = (1 - alpha) / (ns - 1), alpha / (nt - 1)
    C = ws * (S.T @ S) + wt * (T.T @ T)
    C[np.diag_indices_from(C)] += strength
    factor = cho_factor(C)
    s, t = S[rows_s], T[rows_t]
    h = (T.sum(0) - t) / (nt - 1)
    by_s, by_t, by_h = (cho_solve(factor, v.T).T for v in (s, t, h))
    ss, tt, st = (s * by_s).sum(1), (t * by_t).sum(1), (s * by_t).sum(1)
    sh, th = (s * by_h).sum(1), (t * by_h).sum(1)
    a, b, c = 1 - ws * ss, 1 - wt * tt, np.sqrt(ws * wt) * st
    det = a * b - c**2
    on_s = np.sqrt(ws) * (b * np.sqrt(ws) * sh + c * np.sqrt(wt) * th) / det
    on_t = np.sqrt(wt) * (c * np.sqrt(ws) * sh + a * np.sqrt(wt) * th) / det
    theta = np.maximum(0, by_h + by_s * on_s[:, None] + by_t * on_t[:, None])
    ratio_s, ratio_t = (s * theta).sum(1), (t * theta).sum(1)
    return float(((1 - alpha) * ratio_s**2 / 2 + alpha * ratio_t**2 / 2 - ratio_t).mean())
