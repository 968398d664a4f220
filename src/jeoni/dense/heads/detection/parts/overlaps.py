"""Overlaps of boxes as tensors: intersection over union, and the generalised one (Rezatofighi et al. CVPR 2019)."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["areas", "generalised", "pairwise"]

_TINY = 1e-7


def areas(boxes: Tensor) -> Tensor:
    """``(…)`` of boxes ``(…, 4)``: left, top, right, bottom."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def pairwise(boxes: Tensor, others: Tensor) -> Tensor:
    """``(n, m)`` intersection over union of boxes ``(n, 4)`` and others ``(m, 4)``."""
    shared = _shared(boxes[:, None], others[None])
    return shared / (areas(boxes)[:, None] + areas(others)[None] - shared + _TINY)


def generalised(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union and the generalised one, ``(n,)`` each, of boxes ``(n, 4)`` and as many others."""
    shared = _shared(boxes, others)
    union = areas(boxes) + areas(others) - shared + _TINY
    low = torch.minimum(boxes[..., :2], others[..., :2])
    high = torch.maximum(boxes[..., 2:], others[..., 2:])
    around = (high - low).clamp(min=0).prod(-1) + _TINY
    iou = shared / union
    return iou, iou - (around - union) / around


def _shared(boxes: Tensor, others: Tensor) -> Tensor:
    low = torch.maximum(boxes[..., :2], others[..., :2])
    high = torch.minimum(boxes[..., 2:], others[..., 2:])
    return (high - low).clamp(min=0).prod(-1)
