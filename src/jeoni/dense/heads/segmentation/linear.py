"""A linear head on feature maps, as frozen features are judged by: DINOv2 (Oquab et al. 2023, section 7.4).

Maps of all stages are normalised over the batch, brought to the size of the finest and put together, and each place is
classified by itself. A linear classifier of maps put together is the sum of one for each map, and enlarging changes no
sum of channels; so each map is classified at its own size, and what is enlarged is a value for each class in the place
of hundreds of channels. Ours differs in its loss: cross-entropy and soft Dice (Milletari et al. 2016), half and half,
so that small classes count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

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
        first, *others = torch.split(self.classify.weight, [m.shape[1] for m in maps], 1)
        normal = self._normalised(maps)
        found = functional.conv2d(next(normal), first, self.classify.bias)
        for one, weight in zip(normal, others, strict=True):
            found = found + resized_to(functional.conv2d(one, weight), maps[0].shape[2:])
        return found

    def _normalised(self, maps: Sequence[Tensor]) -> Iterator[Tensor]:
        """Each map by its own part of the normalisation."""
        norm, at = self.norm, 0
        assert norm.running_mean is not None and norm.running_var is not None
        for one in maps:
            own = slice(at, at + one.shape[1])
            yield functional.batch_norm(
                one, norm.running_mean[own], norm.running_var[own], norm.weight[own], norm.bias[own],
                norm.training, norm.momentum or 0.0, norm.eps,
            )  # fmt: skip
            at = own.stop

    def loss(self, outputs: Tensor, targets: Sequence[Any], size: tuple[int, int]) -> Tensor:
        return pixel_loss(outputs, targets)

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        return label_maps(outputs, size)
