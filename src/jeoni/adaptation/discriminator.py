"""Telling the domains apart: a small network, and a gradient that can be turned round."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Discriminator", "domain_loss", "reverse"]


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse(x: Tensor, strength: float) -> Tensor:
    """``x`` itself; its gradient comes back times ``-strength`` (Ganin & Lempitsky 2015)."""
    found: Tensor = _Reverse.apply(x, strength)  # type: ignore[no-untyped-call]
    return found


class Discriminator(nn.Module):
    """``(n, d)`` to one logit each: above zero for the source."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Logits ``(n,)`` of the target domain."""
        logits: Tensor = self.layers(features)
        return logits[:, 0]


def domain_loss(source: Tensor, target: Tensor, weights: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Binary cross-entropy of a discriminator's logits ``(n,)``, both domains counting alike."""
    ws, wt = weights or (torch.ones_like(source), torch.ones_like(target))
    right = nn.functional.softplus(-source) * ws, nn.functional.softplus(target) * wt
    return (right[0].mean() + right[1].mean()) / 2
