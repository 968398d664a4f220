"""From logits of places to classes of pixels, and the loss of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jeoni.data.annotations import LabelMap, Prediction
from jeoni.types import Array

__all__ = ["label_maps", "pixel_loss", "resized_to"]

EVERY = 2  # pixels: the loss looks at every second row and column, logits being coarser still
DICE = 0.5


def resized_to(values: Tensor, size: Sequence[int]) -> Tensor:
    """Maps ``(b, c, h, w)`` in another size, bilinear."""
    if tuple(values.shape[2:]) == tuple(size):
        return values
    return functional.interpolate(values, tuple(size), mode="bilinear", align_corners=False)


def pixel_loss(outputs: Tensor, targets: Sequence[Array]) -> Tensor:
    """``(b,)`` cross-entropy and soft Dice of logits ``(b, classes, h, w)``; void pixels do not count.

    Args:
        outputs: of any size.
        targets: ``(H, W)`` each, class numbers, negative where void.
    """
    true = torch.from_numpy(np.stack([t[EVERY // 2 :: EVERY, EVERY // 2 :: EVERY] for t in targets]))
    true = true.long().to(outputs.device)
    known = true >= 0
    logits = resized_to(outputs, true.shape[1:])
    entropy = functional.cross_entropy(logits, true.clamp(min=0), reduction="none") * known
    count = known.sum((1, 2)).clamp(min=1)
    return (1 - DICE) * entropy.sum((1, 2)) / count + DICE * _dice_loss(logits.softmax(1), true, known)


def _dice_loss(probs: Tensor, true: Tensor, known: Tensor) -> Tensor:
    """``(b,)`` one minus the mean Dice of the classes that a picture shows."""
    wanted = functional.one_hot(true.clamp(min=0), probs.shape[1]).permute(0, 3, 1, 2) * known[:, None]
    probs = probs * known[:, None]
    shared, size = (probs * wanted).sum((2, 3)), probs.sum((2, 3)) + wanted.sum((2, 3))
    there = wanted.amax((2, 3)) > 0
    dice = (2 * shared + 1) / (size + 1)
    return ((1 - dice) * there).sum(1) / there.sum(1).clamp(min=1)


def label_maps(outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
    """The likeliest class of every pixel of rows of that width and height, and its probability."""
    probs = resized_to(outputs, (size[1], size[0])).softmax(1)
    sure, labels = probs.max(1)
    half = probs.to(torch.float16).cpu().numpy()
    return [
        LabelMap(one.to(torch.int16).numpy(), p.to(torch.float16).numpy(), every)
        for one, p, every in zip(labels.cpu(), sure.cpu(), half, strict=True)
    ]
