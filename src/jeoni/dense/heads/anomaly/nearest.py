"""Nearest neighbours on pooled features (Bergman, Cohen and Hoshen 2020, "Deep Nearest Neighbor Anomaly Detection").

A picture is the mean of its coarsest map over places; its score is the mean distance to the nearest normal pictures.
There is no heat map: it says whether, not where. It is the baseline that the others must beat. Ours differs: features
come from the last map before the pooling that the backbone's classes were trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jeoni.data.annotations import Prediction
from jeoni.dense.heads.anomaly.normals.head import NormalsHead
from jeoni.dense.heads.anomaly.normals.heat import heat_predictions, packed_outputs
from jeoni.dense.heads.anomaly.normals.held_out import Pictures
from jeoni.dense.heads.anomaly.normals.shapes import take_shapes
from jeoni.dense.protocol import DenseHead, MapShape

__all__ = ["Nearest"]


@dataclass(frozen=True)
class Nearest:
    """Distances to normal pictures.

    Attributes:
        neighbours: normal pictures whose distances are averaged.
        quantile: of the held-out normal scores that is the threshold.
        folds: in which normal examples are held out.
    """

    neighbours: int = 2
    quantile: float = 0.95
    folds: int = 5

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """See :class:`jeoni.dense.protocol.HeadFactory`."""
        return _Neighbours(self, maps)

    def build_like(self, shapes: Mapping[str, tuple[int, ...]], task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """The empty head for saved buffers of these shapes."""
        made = _Neighbours(self, maps)
        take_shapes(made, shapes, ("memory", "held_out"))
        return made


class _Neighbours(NormalsHead):
    def __init__(self, options: Nearest, maps: Sequence[MapShape]) -> None:
        super().__init__(options.quantile, options.folds)
        self.options = options
        self.register_buffer("memory", torch.zeros(0, maps[-1].channels))
        self.memory: Tensor

    def learn(self, pictures: Pictures, seed: int) -> None:
        self.memory = torch.cat([_pooled(batch) for batch in pictures])

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        distances = torch.cdist(_pooled(maps), self.memory)
        near = distances.topk(min(self.options.neighbours, len(self.memory)), largest=False).values
        return packed_outputs(near.mean(1), None)

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        return [*heat_predictions(outputs, size, float(self.threshold), 0.0)]


def _pooled(maps: Sequence[Tensor]) -> Tensor:
    return maps[-1].float().mean((2, 3))
