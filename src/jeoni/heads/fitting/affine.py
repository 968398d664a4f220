"""The module of every head that is affine in the features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jeoni.types import FloatArray

__all__ = ["AffineModule"]


class AffineModule(nn.Module):
    """``(n, d)`` features to ``(n, width)`` calibrated outputs."""

    temperature: Tensor

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width, dim))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, features: Tensor) -> Tensor:
        """Divide by the temperature, so that a softmax gives calibrated probabilities."""
        return nn.functional.linear(features, self.weight, self.bias) / self.temperature

    @classmethod
    def of(cls, weight: FloatArray, bias: FloatArray) -> AffineModule:
        """With weights ``(width, d)`` and biases ``(width,)``."""
        made = cls(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            made.weight.copy_(torch.from_numpy(weight))
            made.bias.copy_(torch.from_numpy(bias))
        return made.eval()
