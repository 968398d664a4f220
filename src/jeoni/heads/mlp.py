"""A multilayer perceptron on standardised features (Rumelhart, Hinton & Williams 1986), for those with more data.

One hidden layer by default, GELU and dropout; weight decay chosen on folds; temperature-scaled (Guo et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.heads.fitting.protocol import FittedHead
from jeoni.heads.fitting.stepwise import fit_stepwise
from jeoni.tasks import Task
from jeoni.types import Array, IntArray, RowsLike

__all__ = ["MLP"]


class MLPModule(nn.Module):
    """``(n, d)`` features to ``(n, width)`` calibrated outputs."""

    temperature: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, dim: int, width: int, hidden: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for wide, narrow in pairwise((dim, *hidden)):
            layers += [nn.Linear(wide, narrow), nn.GELU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden[-1], width))
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    def forward(self, features: Tensor) -> Tensor:
        """Standardise, then the layers, then divide by the temperature."""
        logits: Tensor = self.layers((features - self.mean) * self.scale) / self.temperature
        return logits


@dataclass(frozen=True)
class MLP:
    """One to three hidden layers.

    Attributes:
        hidden: their widths.
        dropout: after each.
        weight_decays: to choose from on the folds.
        learning_rate: of AdamW.
    """

    hidden: tuple[int, ...] = (256,)
    dropout: float = 0.2
    weight_decays: tuple[float, ...] = (0.01, 0.3)
    learning_rate: float = 1e-3

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module."""
        return MLPModule(dim, width, self.hidden, self.dropout).eval()

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
        settings: list[dict[str, Any]] = [
            {"weight_decay": decay, "learning_rate": self.learning_rate} for decay in self.weight_decays
        ]
        dim = features.shape[1]
        return fit_stepwise(
            lambda setting: self.build(dim, task.width), settings, features, targets, task, folds, class_weights
        )
