"""Scores that are linear in features or in their directions, and the head that holds them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.closed_form import unit_rows
from jeoni.heads.fitting.mapped import mapped
from jeoni.heads.fitting.maps import Unit
from jeoni.training.depth import set_temperature
from jeoni.types import Array, FloatArray

__all__ = ["LinearScores"]


@dataclass(frozen=True)
class LinearScores:
    """Scores of classes: ``x @ weight.T + bias``, divided by a temperature.

    Attributes:
        weight: ``(classes, d)``.
        bias: ``(classes,)``.
        directions: whether ``x`` is a row of features divided by its length, so that scores are cosines.
        temperature: what scores are divided by before the softmax.
    """

    weight: FloatArray
    bias: FloatArray
    directions: bool = False
    temperature: float = 1.0

    def __call__(self, features: Array) -> FloatArray:
        """``(n, d)`` to ``(n, classes)``, not yet divided by the temperature."""
        rows = unit_rows(features) if self.directions else np.asarray(features, dtype=np.float64)
        scores: FloatArray = rows @ self.weight.T + self.bias
        return scores

    def lowered(self, by: Array) -> LinearScores:
        """With ``(classes,)`` taken from the scores."""
        return replace(self, bias=self.bias - np.asarray(by, dtype=np.float64))

    def module(self) -> nn.Module:
        """The head: features ``(n, d)`` to outputs ``(n, classes)``."""
        made: AffineModule
        if self.directions:
            made = mapped((Unit(np.zeros(self.weight.shape[1])),), self.weight.shape[1], len(self.weight))
            filled = AffineModule.of(self.weight, self.bias)
            made.weight.data.copy_(filled.weight.data)
            made.bias.data.copy_(filled.bias.data)
        else:
            made = AffineModule.of(self.weight, self.bias)
        set_temperature(made, np.asarray(self.temperature))
        return made.eval()
