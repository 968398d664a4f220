"""The protocol of heads, and the result of fitting one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from torch import nn

from jeoni.tasks import Task
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["FittedHead", "Head"]


@dataclass(frozen=True)
class FittedHead:
    """A head and how it was chosen.

    Attributes:
        module: features ``(n, d)`` to calibrated outputs ``(n, width)``.
        choice: what the folds decided: strength, class weights, temperature.
        candidates: one record per candidate with its fold scores.
        task: what was predicted, with what the folds decided about it, such as thresholds.
        id: the head that was chosen, where the one that was asked for chooses among others.
        held_out: ``(repeats, n, width)`` outputs, before the temperature, of the chosen candidate for rows it did not
            see; None where they were not kept.
    """

    module: nn.Module
    choice: dict[str, Any]
    task: Task
    candidates: list[dict[str, Any]] = field(default_factory=list)
    id: str = ""
    held_out: Array | None = field(default=None, repr=False)

    def held_out_predictions(self) -> FloatArray | None:
        """``(repeats, n, p)`` what :attr:`held_out` is decoded to, at the temperature that was chosen; or None."""
        if self.held_out is None:
            return None
        outputs = self.held_out / float(self.choice.get("temperature", 1.0))
        if not len(outputs):
            return None
        found: FloatArray = np.stack([self.task.decode(one) for one in outputs])
        return found


class Head(Protocol):
    """A head file offers one such class; its fields are its hyper-parameters."""

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module, to load saved weights into: ``(n, dim)`` to ``(n, width)``."""

    def fit(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None = None,
    ) -> FittedHead:
        """Fit on ``features (n, d)``; every choice is made on ``folds (repeats, n)`` of these same rows.

        A head that draws folds of its own keeps rows of one of the ``clusters (n,)`` together; None: each is alone.
        """
