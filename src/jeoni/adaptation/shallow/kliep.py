"""KLIEP (Sugiyama et al. NIPS 2007, doi.org/10.1007/s10463-008-0197-x): a density ratio that makes the target likely.

The ratio is a sum of at most 100 kernels on target rows; its width is the one under which held-out target rows are most
likely. Ours reads the problem as the shares of a mixture, whose optimum L-BFGS finds, where the paper takes
projected gradient steps; and a held-out row is never a kernel's centre in its own fold.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.kernels import median_distance, spread
from jeoni.transferability.samples import line_up, squared_distances
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["KLIEP"]

CENTRES = 100
FOLDS = 5
WIDTHS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5)  # in median distances


class KLIEP(Adapter):
    """Weights the source by an estimate of ``p_target(x) / p_source(x)``.

    Args:
        width: of the kernels ``exp(-|x - c|² / (2 width²))``, in units of the features; None chooses among 0.1 to 2.5
            median distances by the likelihood of held-out target rows.
        centres: how many target rows carry a kernel.
        seed: of the choice of these rows, and of the folds.
        least_effective: the smallest share of the source that the weights may rest on.

    Attributes:
        width_: the kernels' width.
        centres_: ``(centres, d)``.
        alpha_: ``(centres,)``: the kernels' factors; the ratio is ``sum_l alpha_l k(x, c_l)``.

    Raises:
        ValueError: in ``fit``, if the weights rest on too few examples.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(300, 1)), rng.normal(1, 0.5, size=(200, 1))
        >>> weights = KLIEP().fit(Xs, None, Xt).weights_
        >>> bool(weights[Xs[:, 0] > 0].mean() > 1.5)
        True
    """

    def __init__(
        self, width: float | None = None, *, centres: int = CENTRES, seed: int = 0, least_effective: float = 0.05
    ) -> None:
        self.width = width
        self.centres = centres
        self.seed = seed
        self.least_effective = least_effective

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        chosen = spread(Xt, self.centres, self.seed)
        self.centres_ = Xt[chosen]
        far_s, far_t = _halves(Xs, self.centres_), _halves(Xt, self.centres_)
        self.width_ = self.width if self.width is not None else self._width(Xs, Xt, far_s, far_t, chosen)
        log_mass = _log_mass(far_s, self.width_)
        share = _shares(-far_t / self.width_**2 - log_mass)
        used = share > 0
        self.alpha_ = np.zeros(len(share))
        self.alpha_[used] = np.exp(np.minimum(np.log(share[used]) - log_mass[used], 700.0))
        self._weigh(np.exp(-far_s[:, used] / self.width_**2 - log_mass[used]) @ share[used], self.least_effective)

    def _width(self, Xs: Array, Xt: Array, far_s: FloatArray, far_t: FloatArray, chosen: IntArray) -> float:
        """The width whose ratio, learned without a fifth of the target, makes that fifth most likely."""
        widths = median_distance(Xs, Xt) * np.array(WIDTHS)
        if len(Xt) < 2:
            return float(widths[-1])
        fold = np.empty(len(Xt), dtype=np.int64)
        shuffled = np.random.default_rng(self.seed).permutation(len(Xt))
        fold[line_up(Xt, self.seed)] = shuffled % min(FOLDS, len(Xt))
        return float(max(widths, key=lambda width: _likelihood(far_s, far_t, fold, fold[chosen], width)))


def _halves(X: Array, centres: Array) -> FloatArray:
    """Half the squared distances ``(n, centres)``."""
    return 0.5 * squared_distances(X, centres)


def _log_mass(far_s: FloatArray, width: float) -> FloatArray:
    """Of each kernel, the logarithm of its mean over the source."""
    found: FloatArray = logsumexp(-far_s / width**2, axis=0) - np.log(len(far_s))
    return found


def _likelihood(far_s: FloatArray, far_t: FloatArray, fold: IntArray, of_centre: IntArray, width: float) -> float:
    """Mean log-ratio of held-out target rows."""
    log_f = -far_t / width**2 - _log_mass(far_s, width)
    total = 0.0
    for k in range(fold.max() + 1):
        held, known = fold == k, of_centre != k
        share = _shares(log_f[np.ix_(~held, known)])
        with np.errstate(divide="ignore"):
            total += float(logsumexp(log_f[np.ix_(held, known)], b=share, axis=1).sum())
    return total / len(fold)


def _shares(log_f: FloatArray) -> FloatArray:
    """The mixture of densities ``exp(log_f)`` ``(n, k)`` under which the rows are most likely: shares ``(k,)``.

    The shares' sum is bound to 1 by a multiplier, which at the optimum is 1 itself.
    """
    f = np.exp(log_f - log_f.max(1, keepdims=True))
    n, k = f.shape

    def surprise(share: FloatArray) -> tuple[float, FloatArray]:
        likely = np.maximum(f @ share, 1e-300)
        return float(share.sum() - np.log(likely).mean()), 1 - (1 / likely) @ f / n

    found = minimize(surprise, np.full(k, 1 / k), jac=True, method="L-BFGS-B", bounds=[(0, None)] * k)
    share: FloatArray = found.x / found.x.sum()
    return share
