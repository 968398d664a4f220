"""Nearest class mean (prototypical networks' classifier, Snell et al. NeurIPS 2017, arXiv:1703.05175).

``logits_c = -|f(x) - mean_c|^2 / (2 s^2)`` over the support set's class means. Cosine: features are centred by their
mean and divided by their length first (SimpleShot's CL2N, Wang et al. 2019, arXiv:1911.04623; theirs centres by the
base classes, ours by the examples at hand). Ours differs in ``s``, the spread within classes along each of the
effective dimensions, and in the temperature, which make probabilities of distances, and in ``v / m``, with ``v`` the
variance of all dimensions: by that much the squared distance to the mean of ``m`` rows is longer on the average. It is
taken off, so that a class known by one example stands level with one known by hundreds. Where all classes have as many
examples, the order of the classes is the papers'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.errors import ConfigError
from jeoni.heads.fitting.closed_form import class_means, fit_closed_form, unit_rows
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["Prototype"]

METRICS = ("euclidean", "cosine")


class PrototypeModule(nn.Module):
    """``(n, d)`` features to ``(n, width)`` calibrated outputs: the nearer a class's mean, the larger."""

    temperature: Tensor
    center: Tensor
    prototypes: Tensor
    spread: Tensor
    variance: Tensor
    unit: Tensor
    counts: Tensor

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("center", torch.zeros(dim))
        self.register_buffer("prototypes", torch.zeros(width, dim))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("variance", torch.zeros(()))
        self.register_buffer("unit", torch.zeros(()))
        self.register_buffer("counts", torch.ones(width))

    def forward(self, features: Tensor) -> Tensor:
        """Squared distances to the prototypes, negative, over twice the spread squared and the temperature."""
        rows = self._moved(features)
        squares = rows.square().sum(1, keepdim=True) + self.prototypes.square().sum(1) - 2 * rows @ self.prototypes.T
        own = squares - self.variance / self.counts
        return -own / (2 * self.spread.square()) / self.temperature

    def with_classes(self, rows: Sequence[Tensor]) -> PrototypeModule:
        """A module that knows further classes, each by its features ``(m, d)``; the others stay as they are."""
        made = PrototypeModule(len(self.center), len(self.prototypes) + len(rows))
        for name in ("temperature", "center", "spread", "variance", "unit"):
            getattr(made, name).copy_(getattr(self, name))
        made.prototypes.copy_(torch.cat([self.prototypes, *(self._moved(r).mean(0, keepdim=True) for r in rows)]))
        made.counts.copy_(torch.cat([self.counts, torch.tensor([float(len(r)) for r in rows])]))
        return made.eval()

    def _moved(self, features: Tensor) -> Tensor:
        rows = features - self.center
        return nn.functional.normalize(rows, dim=1) if bool(self.unit) else rows


@dataclass(frozen=True)
class Prototype:
    """The nearest class mean.

    Attributes:
        metric: ``euclidean``, ``cosine``, or ``auto``: the folds decide.
    """

    trainable: ClassVar[bool] = False

    metric: str = "auto"

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module."""
        return PrototypeModule(dim, width).eval()

    def fit(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None = None,
    ) -> FittedHead:
        """See :meth:`jeoni.heads.linear.Linear.fit`; class means need no class weights.

        Raises:
            ConfigError: another task than a classification, or an unknown metric.
        """
        if self.metric not in (*METRICS, "auto"):
            raise ConfigError(f"prototype: metric is {self.metric!r}; it can be auto, {', '.join(METRICS)}.")
        settings = [{"metric": m} for m in (METRICS if self.metric == "auto" else (self.metric,))]
        return fit_closed_form("prototype", _solve, settings, features, targets, task, folds, "none")


def _solve(setting: dict[str, Any], rows: FloatArray, labels: IntArray, classes: int, weights: FloatArray) -> nn.Module:
    unit = setting["metric"] == "cosine"
    center = rows.mean(0)
    moved = rows - center
    if unit:
        moved = unit_rows(moved)
    means = class_means(moved, labels, classes)
    counts = np.bincount(labels, minlength=classes)
    variance, dimensions = _variance_within(moved, means, labels)
    made = PrototypeModule(rows.shape[1], classes)
    made.counts.copy_(torch.from_numpy(np.maximum(counts, 1)))
    made.center.copy_(torch.from_numpy(center))
    made.prototypes.copy_(torch.from_numpy(means))
    made.variance.fill_(variance)
    made.spread.fill_(max(variance / dimensions, 1e-12) ** 0.5)
    made.unit.fill_(float(unit))
    return made.eval()


def _variance_within(rows: FloatArray, means: FloatArray, labels: IntArray) -> tuple[float, float]:
    """The variance within classes over all dimensions, and along how many of them it effectively lies.

    The latter is the participation ratio of the covariance's eigenvalues, ``tr(S)^2 / tr(S^2)``. One example of each
    class tells nothing of either. The variance cannot be more than what lies between two examples of different classes:
    half the mean squared distance, which leaves the probabilities rather too low than too high.
    """
    freedom = len(rows) - len(np.unique(labels))
    around = rows - means[labels] if freedom else rows - rows.mean(0)
    products = around @ around.T
    total, squares = float(np.trace(products)), float(np.square(products).sum())
    return total / (freedom or max(1, len(rows) - 1)), total**2 / squares if squares > 0 else 1.0
