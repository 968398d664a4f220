"""Heatmaps of keypoints with an offset to the pixel (Insafutdinov et al. ECCV 2016; DeepLabCut, Mathis et al. 2018).

A decoder brings the maps to a fine stride. Every place says how likely each keypoint lies there, and how far from it.
Unlike DeepLabCut, whose places are each right or wrong, the places of a picture share one probability (a softmax over
places) that is to follow a Gaussian around the point: there is one subject, and a point that is not annotated says
nothing. The places around the best one vote with their offsets; DARK (Zhang et al. CVPR 2020) reads the heatmap alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jeoni.data.annotations import Prediction, Skeleton
from jeoni.dense.heads.parts.pyramid import GROUPS, Pyramid, separable
from jeoni.dense.heads.pose.parts.reading import READINGS
from jeoni.dense.protocol import DenseHead, MapShape
from jeoni.errors import ConfigError, did_you_mean

__all__ = ["Heatmap"]


@dataclass(frozen=True)
class Heatmap:
    """Hyper-parameters.

    Attributes:
        channels: of the decoder; a multiple of 8.
        depth: convolutions at its end.
        stride: pixels of the row for one place of the heatmaps.
        sigma: of the Gaussian, places.
        offset: how much the loss of the offsets counts.
        reading: how the point is read: ``offset`` of the best place, ``votes`` of those around it, or ``dark``.
    """

    channels: int = 64
    depth: int = 2
    stride: int = 4
    sigma: float = 1.5
    offset: float = 1.0
    reading: str = "offset"

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """A head for the task's keypoints.

        Raises:
            ConfigError: no maps, an unknown way of reading, or a number of channels that groups do not divide.
        """
        if not maps:
            raise ConfigError("The heatmap head was given no feature maps; it needs one. Name a backbone with stages.")
        if self.reading not in READINGS:
            known = ", ".join(READINGS)
            raise ConfigError(f"reading is {self.reading!r}; it can be {known}.{did_you_mean(self.reading, READINGS)}")
        if self.channels < GROUPS or self.channels % GROUPS:
            raise ConfigError(f"channels is {self.channels}; a multiple of {GROUPS} is needed, such as 64.")
        return _HeatmapHead(self, len(task.names), maps)


class _HeatmapHead(DenseHead):
    def __init__(self, own: Heatmap, points: int, maps: Sequence[MapShape]) -> None:
        super().__init__()
        self.own, self.points = own, points
        self.pyramid = Pyramid([one.channels for one in maps], own.channels)
        doublings = max(0, round(math.log2(maps[0].stride / own.stride)))
        self.stride = maps[0].stride / 2**doublings
        self.finer = nn.ModuleList(separable(own.channels) for _ in range(doublings))
        self.end = nn.Sequential(*(separable(own.channels) for _ in range(own.depth)))
        self.says = nn.Conv2d(own.channels, 3 * points, 1)
        nn.init.normal_(self.says.weight, std=0.01)
        assert self.says.bias is not None
        nn.init.zeros_(self.says.bias)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """``(b, 3 * points, h, w)``: logits of places, then offsets across and down in places."""
        found = self.pyramid(maps)[0]
        for smooth in self.finer:
            found = smooth(functional.interpolate(found, scale_factor=2.0, mode="bilinear", align_corners=False))
        said: Tensor = self.says(self.end(found))
        return said

    def loss(self, outputs: Tensor, targets: Sequence[Any], size: tuple[int, int]) -> Tensor:
        """Cross-entropy to a Gaussian over the places, and Huber's loss of the offsets near the point.

        The mean over the points that are visible; 0 where none is.
        """
        heat, offsets = self._parts(outputs)
        true = torch.stack([torch.as_tensor(one.points, dtype=torch.float32) for one in targets]).to(heat.device)
        visible = ~true.isnan().any(-1)
        away = self._away(true.nan_to_num(), heat.shape[-2:])
        squares = away.square().sum(2).flatten(2)
        wanted = (-squares / (2 * self.own.sigma**2)).softmax(-1)
        entropy = functional.cross_entropy(heat.flatten(0, 1).flatten(1), wanted.flatten(0, 1), reduction="none")
        missed = functional.smooth_l1_loss(offsets, away, reduction="none").sum(2).flatten(2)
        near = (missed * wanted).sum(-1)
        each = (entropy.view_as(near) + self.own.offset * near) * visible
        return each.sum(1) / visible.sum(1).clamp(min=1)

    def _parts(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Heat ``(b, points, h, w)`` and offsets ``(b, points, 2, h, w)``."""
        outputs = outputs.float()
        across, down = outputs[:, self.points : 2 * self.points], outputs[:, 2 * self.points :]
        return outputs[:, : self.points], torch.stack([across, down], dim=2)

    def _away(self, points: Tensor, shape: Sequence[int]) -> Tensor:
        """``(b, k, 2, h, w)`` from each place's middle to the points ``(b, k, 2)``, across and down, in places."""
        x = torch.arange(shape[1], device=points.device) + 0.5
        y = torch.arange(shape[0], device=points.device) + 0.5
        rows, columns = torch.meshgrid(y, x, indexing="ij")
        found: Tensor = (points / self.stride)[..., None, None] - torch.stack([columns, rows])
        return found

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        """The best place of each point, to a part of a pixel; the score is the probability within two sigmas."""
        heat, offsets = self._parts(outputs)
        probs = heat.flatten(2).softmax(-1).view_as(heat)
        points = READINGS[self.own.reading](heat, probs, offsets, self.own.sigma)
        squares = self._away(points * self.stride, heat.shape[-2:]).square().sum(2)
        scores = (probs * (squares <= (2 * self.own.sigma) ** 2)).sum((-2, -1))
        limits = torch.tensor(size, dtype=points.dtype, device=points.device)
        points = torch.minimum((points * self.stride).clamp(min=0), limits)
        pairs = zip(points.cpu().numpy(), scores.cpu().numpy(), strict=True)
        return [Skeleton(p.astype(np.float64), s.clip(0, 1).astype(np.float64)) for p, s in pairs]
