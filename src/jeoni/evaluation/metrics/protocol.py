"""The protocol of metrics."""

from __future__ import annotations

from typing import Protocol

from jeoni.types import Array, FloatArray

__all__ = ["Metric"]


class Metric(Protocol):
    """A score of predictions, on many weighted resamples at once."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def unit(self) -> str:
        """``%`` for a share, the targets' own unit for errors, empty for a plain number."""

    @property
    def higher_is_better(self) -> bool:
        """The direction."""

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        """``(B,)`` for targets ``(n, …)``, predictions ``(n, width)`` and weights ``(B, n)``; NaN where undefined."""
