"""Cosine classifier (Gidaris & Komodakis CVPR 2018; Chen et al. ICLR 2019, arXiv:1904.04232): the angle alone decides.

Logits are a learnt scale times the cosine between features and one weight vector per class. As theirs; ours differs in
that features are standardised first, and that there is no weight decay: the length of a direction is without effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.heads.fitting.protocol import FittedHead
from jeoni.heads.fitting.stepwise import fit_stepwise
from jeoni.tasks import Task
from jeoni.types import Array, IntArray, RowsLike

__all__ = ["Cosine"]


class CosineModule(nn.Module):
    """``(n, d)`` features to ``(n, width)`` calibrated outputs."""

    temperature: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width, dim) / dim**0.5)
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    def forward(self, features: Tensor) -> Tensor:
        """Cosines, times the scale, divided by the temperature."""
        unit = nn.functional.normalize((features - self.mean) * self.scale, dim=1)
        logits = nn.functional.linear(unit, nn.functional.normalize(self.weight, dim=1))
        return logits * self.sharpness / self.temperature

    def with_classes(self, rows: Sequence[Tensor]) -> CosineModule:
        """A module that knows further classes, each by its features ``(m, d)``: the mean of their unit vectors is the
        weight (imprinting, Qi, Brown & Lowe CVPR 2018, arXiv:1712.07136)."""
        units = [nn.functional.normalize((r - self.mean) * self.scale, dim=1).mean(0, keepdim=True) for r in rows]
        made = CosineModule(len(self.mean), len(self.weight) + len(rows))
        state = self.state_dict() | {"weight": torch.cat([self.weight.detach(), *units])}
        made.load_state_dict(state)
        return made.eval()


@dataclass(frozen=True)
class Cosine:
    """The cosine classifier.

    Attributes:
        learning_rates: to choose from on the folds.
    """

    learning_rates: tuple[float, ...] = (1e-3, 1e-2)

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module."""
        return CosineModule(dim, width).eval()

    def fit(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None = None,
    ) -> FittedHead:
        """Choose on the folds, then train on all rows; see :meth:`jeoni.heads.linear.Linear.fit`."""
        settings: list[dict[str, Any]] = [{"weight_decay": 0.0, "learning_rate": rate} for rate in self.learning_rates]
        dim = features.shape[1]
        return fit_stepwise(
            lambda setting: self.build(dim, task.width), settings, features, targets, task, folds, class_weights
        )
