"""Optimal transport (Courty et al. TPAMI 2017, doi.org/10.1109/TPAMI.2016.2615921): source rows carried over.

Every source row goes to the mean of the target rows that its mass goes to. ``linear`` is the closed-form map between
Gaussians (Knott & Smith 1984), which needs no plan. Plans are those of the library POT. Ours divides the cost by its
mean, so that ``reg`` means the same at every scale, and shrinks the covariances of the linear map a little. A new
source row moves as the nearest one of the fit.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances_argmin

from jeoni.adaptation.adapter import Adapter, Remedy
from jeoni.adaptation.covariance import axes, moments, power
from jeoni.errors import ConfigError, MissingExtra
from jeoni.imports import require
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["OptimalTransport"]

METHODS = ("sinkhorn", "emd", "class_regularised", "linear")
PAIRS = 40_000_000  # of rows: 320 MB a matrix
WIDE = 2000  # columns above which the linear map, which turns full covariances, takes minutes
ROUNDS = 9  # of class regularisation
PRECISION = 1e-5  # of the plan's margins
STEEP = 300  # cost over entropy from which on plain exponentials overflow
FLOOR = 1e-3  # share of a target row, under the square root of its mass from one class


class OptimalTransport(Adapter):
    """Moves the source; the target stays as it is.

    Args:
        method: ``sinkhorn``, ``emd`` (exact), ``class_regularised`` (a target row takes from one class as far as it
            can; needs labels) or ``linear``.
        reg: entropy of the plan, in mean costs.
        class_reg: strength of the class regularisation, in mean costs: what it costs to take the whole of a target row
            from one class.
        shrink: of the linear map's covariances: this share of their mean variance is added to the diagonal.

    Attributes:
        plan_: ``(ns, nt)``; none for ``linear``.

    Raises:
        MissingExtra: in ``fit``, if POT is not installed and the method needs it.
        ValueError: in ``fit``, for more than 40 million pairs of rows (they take 2 GB): use ``linear``, or fewer rows.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(500, 2)), 4 + 2 * rng.normal(size=(500, 2))
        >>> moved = OptimalTransport("linear").fit(Xs, None, Xt).transform(Xs, source=True)
        >>> np.allclose(moved.mean(0), Xt.mean(0))
        True
    """

    remedies: ClassVar[tuple[Remedy, ...]] = (Remedy("subspace", rank=3, settings={"method": "linear"}),)

    def __init__(
        self, method: str = "sinkhorn", *, reg: float = 0.05, class_reg: float = 0.1, shrink: float = 1e-3
    ) -> None:
        self.method = method
        self.reg = reg
        self.class_reg = class_reg
        self.shrink = shrink

    def check(self) -> None:
        """Look whether what the method needs is there, before anything is read.

        Raises:
            ConfigError: an unknown method.
            MissingExtra: POT is not installed, and the method needs it.
        """
        if self.method not in METHODS:
            raise ConfigError(f"method is {self.method!r}; it can be {', '.join(METHODS)}.")
        if self.method != "linear":
            require("ot", "pot", "transport", self._purpose)

    @property
    def _purpose(self) -> str:
        return f"Optimal transport with method={self.method!r}"

    def too_large(self, ns: int, nt: int, d: int) -> str:
        """See :class:`Adapter`."""
        return f"not tried on more than {WIDE:,} columns" if self.method == "linear" and d > WIDE else ""

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if self.method == "linear":
            self._linear(Xs, Xt)
            return
        if self.method not in METHODS:
            raise ValueError(f"method is {self.method!r}; it can be sinkhorn, emd, class_regularised or linear.")
        if len(Xs) * len(Xt) > PAIRS:
            raise ValueError(
                f"{len(Xs):,} x {len(Xt):,} rows make more than {PAIRS:,} pairs, too many for a plan. Use "
                "method='linear', or fewer rows."
            )
        if self.method == "class_regularised" and ys is None:
            raise ValueError("class_regularised needs the source's labels; ys is None.")
        self.plan_ = self._plan(Xs, ys, Xt)
        mass = self.plan_.sum(1, keepdims=True)
        carried = (self.plan_ / np.maximum(mass, 1e-300)) @ Xt
        self._rows, self._moves = Xs, np.where(mass > 0, carried - Xs, 0.0).astype(Xs.dtype)

    def _plan(self, Xs: Array, ys: IntArray | None, Xt: Array) -> FloatArray:
        try:
            import ot
        except ImportError as error:
            raise MissingExtra("pot", "transport", self._purpose) from error
        cost = ot.dist(Xs.astype(np.float64), Xt.astype(np.float64))
        cost /= max(float(cost.mean()), 1e-300)
        if self.method == "emd":
            return np.asarray(ot.emd(*_margins(cost), cost, numItermax=1_000_000), dtype=np.float64)
        plan = self._entropic(ot, cost)
        if ys is not None and self.method == "class_regularised":
            for _ in range(ROUNDS):
                plan = self._entropic(ot, cost + self.class_reg * _mixing(plan, ys))
        off = max(float(np.abs(plan.sum(axis) * plan.shape[1 - axis] - 1).max()) for axis in (0, 1))
        if not off < 0.05:
            warnings.warn(
                f"Sinkhorn's plan is off its margins by {off:.0%}; a larger reg than {self.reg} converges sooner.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return plan

    def _entropic(self, ot: Any, cost: FloatArray) -> FloatArray:
        """Sinkhorn's plan. What a row or a column costs at least changes no plan, and is taken off beforehand."""
        cost = cost - cost.min(1, keepdims=True)
        cost -= cost.min(0)
        method = "sinkhorn" if float(cost.max()) < STEEP * self.reg else "sinkhorn_log"
        exact = PRECISION / np.sqrt(cost.shape[1])
        found = ot.sinkhorn(*_margins(cost), cost, self.reg, method=method, numItermax=2000, stopThr=exact, warn=False)
        return np.asarray(found, dtype=np.float64)

    def _linear(self, Xs: Array, Xt: Array) -> None:
        """``A = Cs^-1/2 (Cs^1/2 Ct Cs^1/2)^1/2 Cs^-1/2``, means on means."""
        (ms, Cs), (mt, Ct) = self._moments(Xs), self._moments(Xt)
        values, vectors = axes(Cs, Xs.dtype if self.shrink == 0 else np.dtype(np.float64))
        half, inverse = power(values, vectors, 0.5), power(values, vectors, -0.5)
        middle = power(*axes(half @ Ct @ half, np.dtype(np.float64)), 0.5)
        self._matrix = inverse @ middle @ inverse
        self._shift = mt - ms @ self._matrix

    def _moments(self, X: Array) -> tuple[FloatArray, FloatArray]:
        mean, cov = moments(X)
        return mean, cov + self.shrink * float(np.trace(cov)) / len(cov) * np.eye(len(cov))

    def _map(self, X: Array, source: bool) -> Array:
        if not source:
            return X
        if self.method == "linear":
            moved: Array = X @ self._matrix.astype(X.dtype) + self._shift.astype(X.dtype)
            return moved
        if X.shape == self._rows.shape and np.array_equal(X, self._rows):
            carried: Array = X + self._moves
            return carried
        moved_alike: Array = X + self._moves[pairwise_distances_argmin(X, self._rows)]
        return moved_alike


def _margins(cost: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Every row has the same mass, and so has every column."""
    n, m = cost.shape
    return np.full(n, 1 / n), np.full(m, 1 / m)


def _mixing(plan: FloatArray, ys: IntArray) -> FloatArray:
    """The cost of taking from a class, the less the more is taken already: the gradient of ``sum (mass of class)^½``
    by majorisation (Courty et al., section 4)."""
    found = np.zeros_like(plan)
    for k in np.unique(ys):
        taken = plan[ys == k].sum(0)
        found[ys == k] = 0.5 / np.sqrt(taken * len(taken) + FLOOR)
    return found
