"""Ways of predicting all queries at once, one file each: the queries themselves tell where the classes lie.

Each is a frozen dataclass on :class:`Transductive`; its fields are its hyper-parameters.
"""

from __future__ import annotations

from typing import Protocol

from jeoni.types import FloatArray, IntArray

__all__ = ["Transductive"]


class Transductive(Protocol):
    """Predict queries together."""

    def __call__(self, support: FloatArray, labels: IntArray, queries: FloatArray, classes: int) -> FloatArray:
        """Probabilities ``(m, classes)`` of the queries.

        Args:
            support: ``(n, d)`` features with labels.
            labels: ``(n,)``; every class has an example.
            queries: ``(m, d)`` features.
            classes: how many.
        """
