"""A linear head on feature maps, as frozen features are judged by: DINOv2 (Oquab et al. 2023, section 7.4).

Maps of all stages are brought to the size of the finest, put together, normalised over the batch, and each place is
classified by itself. Ours differs in its loss: cross-entropy and soft Dice (Milletari et al. 2016), half and half, so
that small classes count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.data.annotations import Prediction
from jeoni.dense.heads.parts.pixels import label_maps, pixel_loss, resized_to
from jeoni.dense.protocol import DenseHead, MapShape

__all__ = ["Linear"]


@dataclass(frozen=True)
class Linear:
    """A linear classifier of places."""

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """See :class:`jeoni.dense.protocol.HeadFactory`."""
        return _LinearHead(sum(m.channels for m in maps), len(task.names))


class _LinearHead(DenseHead):
    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.classify = nn.Conv2d(channels, classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        size = maps[0].shape[2:]
        found: Tensor = self.classify(self.norm(torch.cat([resized_to(m, size) for m in maps], 1)))
        return found

    def loss(self, outputs: Tensor, targets: Sequence[Any], size: tuple[int, int]) -> Tensor:
        return pixel_loss(outputs, targets)

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        return label_maps(outputs, size)
