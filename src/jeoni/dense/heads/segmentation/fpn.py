"""A light decoder: a feature pyramid (Lin et al. 2017) whose levels are added up (Kirillov et al. 2019, semantic FPN).

Ours differs: one convolution per level, separable by channels, for a processor; group normalisation, since batches are
small; the loss is cross-entropy and soft Dice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from jeoni.data.annotations import Prediction
from jeoni.dense.heads.parts.pixels import label_maps, pixel_loss, resized_to
from jeoni.dense.heads.parts.pyramid import Pyramid
from jeoni.dense.protocol import DenseHead, MapShape

__all__ = ["Fpn"]


@dataclass(frozen=True)
class Fpn:
    """A feature pyramid, added up at its finest level.

    Attributes:
        channels: of every level.
        dropout: of whole channels before the classifier.
    """

    channels: int = 64
    dropout: float = 0.1

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """See :class:`jeoni.dense.protocol.HeadFactory`."""
        return _FpnHead([m.channels for m in maps], self.channels, len(task.names), self.dropout)


class _FpnHead(DenseHead):
    def __init__(self, given: Sequence[int], channels: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.pyramid = Pyramid(given, channels)
        self.drop = nn.Dropout2d(dropout)
        self.classify = nn.Conv2d(channels, classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        levels = self.pyramid(maps)
        size = levels[0].shape[2:]
        together = levels[0]
        for level in levels[1:]:
            together = together + resized_to(level, size)
        found: Tensor = self.classify(self.drop(together))
        return found

    def loss(self, outputs: Tensor, targets: Sequence[Any], size: tuple[int, int]) -> Tensor:
        return pixel_loss(outputs, targets)

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        return label_maps(outputs, size)
