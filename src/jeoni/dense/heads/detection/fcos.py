"""FCOS: objects from the places of a feature pyramid, without anchors (Tian et al. ICCV 2019, arXiv:1904.01355).

Every place says of each class whether an object of it lies there, how far the four sides are, and how well its box will
fit. Unlike the paper: the last is the overlap with the true box, as in its successors (Wu et al. 2020, IoU-aware), not
centre-ness; maps take objects by the places that they span (see ``parts/assignment.py``); convolutions are separable;
classes with few objects count more in the loss.
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

from jeoni.data.annotations import Detections, Prediction
from jeoni.dense.heads.detection.parts.assignment import assign
from jeoni.dense.heads.detection.parts.overlaps import generalised
from jeoni.dense.heads.detection.parts.places import Places, places_of
from jeoni.dense.heads.detection.parts.suppression import suppressed
from jeoni.dense.heads.parts.pyramid import GROUPS, Pyramid, separable
from jeoni.dense.protocol import DenseHead, MapShape
from jeoni.errors import ConfigError

__all__ = ["FCOS"]

RARE = 0.01  # the probability that a place shows an object, at first
BOX = 4
ALPHA = 0.25  # weight of an object in the focal loss, beside 0.75 of none: as published
CLASSES = 2.0  # weight of the classes beside that of boxes and their quality
FURTHEST = 6.0  # e to this: strides from a place to a side


@dataclass(frozen=True)
class FCOS:
    """Hyper-parameters.

    Attributes:
        channels: of the pyramid; a multiple of 8.
        depth: convolutions between the pyramid and what is said, for classes and for boxes each.
        span: places that an object should span on the map that finds it.
        radius: strides from an object's middle within which places find it.
        gamma: how little easy places count (focal loss, Lin et al. 2017).
        balance: how much more rare classes count: 0 not at all, 1 by the inverse of their number.
        overlap: of two boxes of a class, from which on the less sure one is left out.
        least: the lowest score that is kept.
        candidates: boxes of one picture that are looked at.
        most: boxes of one picture that are kept.
    """

    channels: int = 64
    depth: int = 2
    span: float = 4.0
    radius: float = 1.5
    gamma: float = 2.0
    balance: float = 0.5
    overlap: float = 0.6
    least: float = 0.02
    candidates: int = 400
    most: int = 100

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """A head for the task's classes.

        Raises:
            ConfigError: no maps, or a number of channels that groups do not divide.
        """
        if not maps:
            raise ConfigError("FCOS was given no feature maps; it needs at least one. Name a backbone with stages.")
        if self.channels < GROUPS or self.channels % GROUPS:
            raise ConfigError(f"channels is {self.channels}; a multiple of {GROUPS} is needed, such as 64.")
        return _FCOSHead(self, len(task.names), maps)


def class_weights(counts: Tensor, balance: float) -> Tensor:
    """How much an object of each class counts, one on average over the objects.

    Args:
        counts: ``(classes,)`` objects of each.
        balance: 0 all alike, 1 by the inverse of their number.

    Example:
        >>> class_weights(torch.tensor([400, 100]), 0.5).tolist()
        [0.8333333134651184, 1.6666666269302368]
    """
    inverse = counts.clamp(min=1).float() ** -balance
    return inverse * counts.sum().clamp(min=1) / (inverse * counts).sum().clamp(min=1e-12)


class _FCOSHead(DenseHead):
    def __init__(self, own: FCOS, classes: int, maps: Sequence[MapShape]) -> None:
        super().__init__()
        self.own, self.classes = own, classes
        self.strides = [one.stride for one in maps]
        self.pyramid = Pyramid([one.channels for one in maps], own.channels)
        self.of_class = _tower(own.channels, own.depth)
        self.of_box = _tower(own.channels, own.depth)
        self.says_class = nn.Conv2d(own.channels, classes, 1)
        self.says_box = nn.Conv2d(own.channels, BOX + 1, 1)
        self.scales = nn.Parameter(torch.full((len(maps),), math.log(own.span / 2)))
        for layer, bias in ((self.says_class, -math.log((1 - RARE) / RARE)), (self.says_box, 0.0)):
            assert layer.bias is not None
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.bias, bias)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """``(b, places, classes + 4 + 1)``: class logits, logarithms of the distances in strides, quality's logit."""
        said = []
        for scale, one in zip(self.scales, self.pyramid(maps), strict=True):
            sides = self.says_box(self.of_box(one))
            sides = torch.cat([sides[:, :BOX] + scale, sides[:, BOX:]], dim=1)
            said.append(torch.cat([self.says_class(self.of_class(one)), sides], dim=1))
        return torch.cat([one.flatten(2).transpose(1, 2) for one in said], dim=1)

    def loss(self, outputs: Tensor, targets: Sequence[Any], size: tuple[int, int]) -> Tensor:
        """Focal loss of classes, generalised overlap of boxes, and cross-entropy of their quality.

        All are divided by the places that find an object, on the mean over the batch.
        """
        outputs = outputs.float()
        places = places_of(size, self.strides, outputs.shape[1], outputs.device)
        boxes = _boxes(outputs[..., self.classes : -1], places)
        weights = self._weights(targets).to(outputs.device)
        losses, positives = [], []
        for said, box, target in zip(outputs, boxes, targets, strict=True):
            loss, count = self._loss_of_one(said, box, target, places, weights)
            losses.append(loss)
            positives.append(count)
        mean = max(1.0, sum(positives) / len(positives))
        return torch.stack(losses) / mean

    def _weights(self, targets: Sequence[Any]) -> Tensor:
        """``(classes,)`` by the objects of the batch."""
        labels = torch.cat([torch.as_tensor(one.labels[~one.ignored], dtype=torch.int64) for one in targets])
        return class_weights(torch.bincount(labels, minlength=self.classes), self.own.balance)

    def _loss_of_one(
        self, said: Tensor, boxes: Tensor, target: Any, places: Places, weights: Tensor
    ) -> tuple[Tensor, int]:
        """The sum over places, and how many of them find an object."""
        true = torch.as_tensor(target.boxes, dtype=torch.float32, device=said.device)
        labels = torch.as_tensor(target.labels, dtype=torch.int64, device=said.device)
        ignored = torch.as_tensor(target.ignored, dtype=torch.bool, device=said.device)
        found = assign(true, ignored, places, self.own.span, self.own.radius)
        positive = torch.nonzero(found.object >= 0).flatten()
        mine = found.object[positive]
        wanted = torch.zeros_like(said[:, : self.classes])
        wanted[positive, labels[mine]] = 1.0
        loss = (self._focal(said[:, : self.classes], wanted, weights) * ~found.silent[:, None]).sum()
        if len(positive):
            iou, fit = generalised(boxes[positive], true[mine])
            quality = functional.binary_cross_entropy_with_logits(said[positive, -1], iou.detach(), reduction="none")
            loss = loss + (weights[labels[mine]] * (1 - fit + quality)).sum()
        return loss, len(positive)

    def _focal(self, logits: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
        """``(p, classes)``; of an object, weighed by its class, and of no object."""
        entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        missed = (logits.sigmoid() - wanted).abs() ** self.own.gamma
        share = ALPHA * wanted * weights + (1 - ALPHA) * (1 - wanted)
        return CLASSES * share * missed * entropy

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        """The surest boxes; the score is the geometric mean of the class's probability and the quality."""
        outputs = outputs.float()
        places = places_of(size, self.strides, outputs.shape[1], outputs.device)
        boxes = _boxes(outputs[..., self.classes : -1], places)
        limits = torch.tensor([*size, *size], dtype=boxes.dtype, device=boxes.device)
        boxes = torch.minimum(boxes.clamp(min=0), limits)
        scores = (outputs[..., : self.classes].sigmoid() * outputs[..., -1:].sigmoid()).sqrt()
        return [self._decode_one(*one) for one in zip(boxes, scores, strict=True)]

    def _decode_one(self, boxes: Tensor, scores: Tensor) -> Detections:
        best, index = scores.flatten().topk(min(self.own.candidates, scores.numel()))
        index = index[best >= self.own.least]
        place, label = index // self.classes, index % self.classes
        kept = suppressed(boxes[place], scores[place, label], label, self.own.overlap, self.own.most)
        place, label = place[kept], label[kept]
        return Detections(
            boxes=boxes[place].cpu().numpy().astype(np.float64),
            labels=label.cpu().numpy(),
            scores=scores[place, label].cpu().numpy().astype(np.float64),
        )


def _tower(channels: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(separable(channels) for _ in range(depth)))


def _boxes(sides: Tensor, places: Places) -> Tensor:
    """Boxes ``(b, p, 4)`` in pixels, from logarithms of the distances to left, top, right and bottom in strides."""
    away = sides.clamp(max=FURTHEST).exp() * places.strides[:, None]
    return torch.cat([places.centers - away[..., :2], places.centers + away[..., 2:]], dim=-1)
