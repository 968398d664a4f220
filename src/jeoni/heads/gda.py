"""Gaussian discriminant analysis with a shrunk covariance (Wang et al. ICLR 2024, arXiv:2402.04087).

``mu_c`` the class means and ``S`` the covariance of the ``N`` rows about their class means:
``P = d [(N - 1) S + tr(S) I]^-1`` (the empirical Bayes ridge of Kubokawa & Srivastava 2008),
``W = mu P``, ``b = log pi - 1/2 mu' P mu``. As theirs; ours differs in that the means are taken from the centre of all
rows, which changes no decision and keeps float32 exact; in ``N / d`` times ``P``, which for many rows is the inverse
covariance (theirs is ``d / N`` times that, beside which the priors weigh too much); and in what the folds choose: the
temperature, and whether columns get a deviation of one first, for the shrinkage goes by their scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from jeoni.errors import ConfigError
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.closed_form import class_means, fit_closed_form
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["GDA"]


SCALINGS = ("standardized", "raw")  # the last is taken where nothing can be held out


@dataclass(frozen=True)
class GDA:
    """The shrunk linear discriminant.

    Attributes:
        scaling: ``raw``, as the paper has it, ``standardized``, or ``auto``: the folds decide.
    """

    scaling: str = "auto"

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module."""
        return AffineModule(dim, width).eval()

    def fit(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None = None,
    ) -> FittedHead:
        """See :meth:`jeoni.heads.linear.Linear.fit`; balanced weights are equal priors of the classes.

        Raises:
            ConfigError: another task than a classification, or an unknown scaling.
        """
        if self.scaling not in (*SCALINGS, "auto"):
            raise ConfigError(f"gda: scaling is {self.scaling!r}; it can be auto, {', '.join(SCALINGS)}.")
        settings = [{"scaling": one} for one in self._scalings(targets, task)]
        return fit_closed_form("gda", _solve, settings, features, targets, task, folds, class_weights)

    def _scalings(self, targets: Array, task: Task) -> tuple[str, ...]:
        """The candidates; where no class has three examples, none is left of a covariance once one is held out."""
        if self.scaling != "auto":
            return (self.scaling,)
        enough = task.link == "softmax" and np.bincount(targets).max() > 2
        return SCALINGS if enough else SCALINGS[-1:]


def _solve(setting: dict[str, Any], rows: FloatArray, labels: IntArray, classes: int, weights: FloatArray) -> nn.Module:
    center = rows.mean(0)
    scale = rows.std(0) if setting["scaling"] == "standardized" else np.ones(rows.shape[1])
    scale = np.where(scale > 0, scale, 1.0)
    moved = (rows - center) / scale
    means = class_means(moved, labels, classes)
    prior = np.bincount(labels, weights=weights, minlength=classes)
    prior = (prior + 1e-3) / (prior + 1e-3).sum()
    solved = precise(moved - means[labels], means)
    solved *= len(rows) / rows.shape[1]
    quadratic = 0.5 * (solved * means).sum(1)
    solved = solved / scale
    bias = np.log(prior) - quadratic - solved @ center
    return AffineModule.of(solved, bias)


def precise(residuals: FloatArray, means: FloatArray) -> FloatArray:
    """``means P`` ``(classes, d)`` with the shrunk inverse covariance of the residuals ``(n, d)``.

    With fewer rows than features it is solved in the space of the rows (Woodbury's identity).
    """
    n, d = residuals.shape
    trace = float(np.square(residuals).sum()) / n
    scale = (n - 1) / n
    ridge = max(trace, 1e-12)
    if n <= d:
        gram = scale * residuals @ residuals.T + ridge * np.eye(n)
        inner = np.linalg.solve(gram, residuals @ means.T)
        dual: FloatArray = d * (means - scale * inner.T @ residuals) / ridge
        return dual
    within = scale * residuals.T @ residuals + ridge * np.eye(d)
    primal: FloatArray = d * np.linalg.solve(within, means.T).T
    return primal
