"""Ridge regression on the classes' indicators (Hoerl & Kennard 1970; least squares of one-hot targets).

A closed form that is fast for many classes and strong with few labels (R2D2, Bertinetto et al. 2019). The strength is
chosen on folds. Ours differs from scikit-learn's ``RidgeClassifier`` in that features are standardised, and in a scale
and temperature that make probabilities of the outputs; the class that wins is the same for the same strength.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.closed_form import fit_closed_form
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["Ridge"]

SHARPNESS = 10.0  # of the logits, before the temperature: outputs lie between 0 and 1


@dataclass(frozen=True)
class Ridge:
    """Ridge regression on indicators.

    Attributes:
        strengths: inverse penalties to choose from; features are standardised and divided by the root of their number.
    """

    strengths: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)

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
        """See :meth:`jeoni.heads.linear.Linear.fit`.

        Raises:
            ConfigError: another task than a classification.
        """
        settings = [{"strength": strength} for strength in self.strengths]
        return fit_closed_form("ridge", _solve, settings, features, targets, task, folds, class_weights)


def _solve(setting: dict[str, Any], rows: FloatArray, labels: IntArray, classes: int, weights: FloatArray) -> nn.Module:
    n, d = rows.shape
    share = weights / weights.sum()
    mean = share @ rows
    scale = np.maximum(rows.std(0), 1e-6) * d**0.5
    moved = (rows - mean) / scale
    indicators = np.eye(classes)[labels]
    level = share @ indicators
    penalty = 1.0 / setting["strength"] / n
    weighted = moved * share[:, None]
    if n <= d:  # (X' S X + p I)^-1 X' S = X' (S X X' + p I)^-1 S
        solved = moved.T @ np.linalg.solve(
            weighted @ moved.T + penalty * np.eye(n), share[:, None] * (indicators - level)
        )
    else:
        solved = np.linalg.solve(weighted.T @ moved + penalty * np.eye(d), weighted.T @ (indicators - level))
    weight = (solved / scale[:, None]).T
    return AffineModule.of(SHARPNESS * weight, SHARPNESS * (level - weight @ mean))
