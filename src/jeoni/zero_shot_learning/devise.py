"""DeViSE, deep visual-semantic embedding (Frome et al. NeurIPS 2013): a linear map into the space of class vectors.

Hinge rank loss ``sum_{j != y} max(0, margin - t_y' M x + t_j' M x)`` with unit class vectors ``t`` and margin 0.1, as
theirs. Ours differs in that the network below stays frozen, in Adam with mini-batches for their AdaGrad, in a weight
decay, and in that it is chosen, by folds over seen classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch

from jeoni.heads.fitting.closed_form import unit_rows
from jeoni.types import FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.protocol import Compatibility, Setting

__all__ = ["DeViSE", "hinge_rank_loss"]

DECAYS = (1e-2, 1e-3, 1e-1, 1e-4, 1.0)


def hinge_rank_loss(scores: torch.Tensor, labels: torch.Tensor, margin: float) -> torch.Tensor:
    """The mean over rows of what each wrong class comes nearer than ``margin`` to the right one.

    Args:
        scores: ``(n, classes)``.
        labels: ``(n,)``.
        margin: that the right class should be ahead by.

    Example:
        >>> round(hinge_rank_loss(torch.tensor([[1.0, 0.95, 0.0]]), torch.tensor([0]), 0.1).item(), 6)
        0.05
    """
    right = scores.gather(1, labels[:, None])
    short = (margin - right + scores).clamp_min(0)
    return (short.sum(1) - margin).mean()  # the right class itself is short by the margin


@dataclass(frozen=True)
class DeViSE:
    """The linear map.

    Attributes:
        margin: of the loss.
        weight_decay: strength of it; None lets folds over classes choose.
        learning_rate: of Adam.
        steps: how many.
        batch_size: examples in a step.
    """

    space: ClassVar[Literal["seen"]] = "seen"
    attributes: ClassVar[bool] = False

    margin: float = 0.1
    weight_decay: float | None = None
    learning_rate: float = 0.01
    steps: int = 300
    batch_size: int = 128

    def settings(self) -> list[Setting]:
        """The weight decays."""
        return [{"weight_decay": w} for w in (DECAYS if self.weight_decay is None else (self.weight_decay,))]

    def candidates(
        self, features: FloatArray, labels: IntArray, vectors: FloatArray, settings: list[Setting], seed: int
    ) -> Iterator[Compatibility]:
        """See :class:`jeoni.zero_shot_learning.semantics.protocol.SeenMethod`."""
        directions = unit_rows(vectors)
        for setting in settings:
            yield self._trained(features, labels, directions, setting["weight_decay"], seed)

    def _trained(
        self, features: FloatArray, labels: IntArray, directions: FloatArray, decay: float, seed: int
    ) -> Compatibility:
        rows, classes = torch.from_numpy(features).float(), torch.from_numpy(directions).float()
        true = torch.from_numpy(np.asarray(labels))
        # the loss sees M through the seen classes' vectors only, and M starts at zero: it stays in their span
        basis = classes if len(classes) <= classes.shape[1] else torch.eye(classes.shape[1])
        seen_by, gram = classes @ basis.T, basis @ basis.T
        inner = torch.zeros(len(basis), features.shape[1], requires_grad=True)  # M = basis' inner
        optimizer = torch.optim.Adam([inner], lr=self.learning_rate)
        drawn = torch.Generator().manual_seed(seed)
        for _ in range(self.steps):
            some = torch.randint(len(rows), (min(self.batch_size, len(rows)),), generator=drawn)
            scores = rows[some] @ (seen_by @ inner).T
            size = (inner * (gram @ inner)).sum()  # |M|^2
            loss = hinge_rank_loss(scores, true[some], self.margin) + decay * size
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
        matrix = basis.T @ inner.detach()
        return Compatibility(matrix.double().numpy(), np.zeros(directions.shape[1]))
