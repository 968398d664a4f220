"""Weighted nearest neighbours on unit features (Wu et al. CVPR 2018, arXiv:1805.01978; the evaluation of DINO).

The votes of the ``k`` nearest training rows by cosine, each ``exp(cosine / 0.07)``. Ours differs in that features are
centred first, that ``k`` is chosen on folds, and that a vote of one more row for every class keeps log-odds finite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from jeoni.heads.fitting.closed_form import fit_closed_form
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["KNN"]

SHARPNESS = 1 / 0.07


class KNNModule(nn.Module):
    """``(n, d)`` features to ``(n, width)`` log-votes."""

    temperature: Tensor
    center: Tensor
    rows: Tensor
    votes: Tensor
    k: Tensor

    def __init__(self, dim: int, width: int, kept: int = 1) -> None:
        super().__init__()
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("center", torch.zeros(dim))
        self.register_buffer("rows", torch.zeros(kept, dim))
        self.register_buffer("votes", torch.zeros(kept, width))
        self.register_buffer("k", torch.ones((), dtype=torch.int64))

    def forward(self, features: Tensor) -> Tensor:
        """Logarithms of the classes' shares of the votes, divided by the temperature."""
        unit = nn.functional.normalize(features - self.center, dim=1)
        near, place = (unit @ self.rows.T).topk(min(int(self.k), len(self.rows)), dim=1)
        strength = ((near - 1) * SHARPNESS).exp()
        votes = (strength.unsqueeze(2) * self.votes[place]).sum(1)
        floor = strength[:, :1] / (1 + int(self.k)) / self.votes.shape[1]
        return (votes + floor).log() / self.temperature

    def with_classes(self, rows: Sequence[Tensor]) -> KNNModule:
        """A module that knows further classes, each by its features ``(m, d)``, with a vote for each of these.

        Of few examples of a class among many of others not all of the ``k`` nearest can be its own: ``k`` is at most
        the smallest number of a class.
        """
        known, classes = len(self.rows), self.votes.shape[1]
        added = torch.cat([nn.functional.normalize(r - self.center, dim=1) for r in rows])
        made = KNNModule(len(self.center), classes + len(rows), known + len(added))
        made.temperature.copy_(self.temperature)
        made.center.copy_(self.center)
        made.rows.copy_(torch.cat([self.rows, added]))
        made.votes[:known, :classes] = self.votes
        labels = torch.repeat_interleave(torch.arange(len(rows)), torch.tensor([len(r) for r in rows]))
        made.votes[known + torch.arange(len(added)), classes + labels] = 1.0
        made.k.fill_(min(int(self.k), *(len(r) for r in rows)))
        return made.eval()


@dataclass(frozen=True)
class KNN:
    """Weighted nearest neighbours.

    Attributes:
        neighbours: numbers of neighbours to choose from.
    """

    trainable: ClassVar[bool] = False

    neighbours: tuple[int, ...] = (1, 5, 20)

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module, of one row."""
        return KNNModule(dim, width).eval()

    def build_like(self, shapes: Mapping[str, tuple[int, ...]], dim: int, width: int) -> nn.Module:
        """The empty module for saved weights of these shapes: as many rows as were kept."""
        kept = shapes.get("rows", (1, dim))[0]
        return KNNModule(dim, width, kept).eval()

    def fit(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None = None,
    ) -> FittedHead:
        """See :meth:`jeoni.heads.linear.Linear.fit`.

        Raises:
            ConfigError: another task than a classification.
        """
        settings = [{"neighbours": k} for k in self.neighbours]
        return fit_closed_form("knn", _solve, settings, features, targets, task, folds, class_weights)


def _solve(setting: dict[str, Any], rows: FloatArray, labels: IntArray, classes: int, weights: FloatArray) -> nn.Module:
    made = KNNModule(rows.shape[1], classes, len(rows))
    center = rows.mean(0)
    made.center.copy_(torch.from_numpy(center))
    made.rows.copy_(nn.functional.normalize(torch.from_numpy(rows - center), dim=1))
    made.votes[torch.arange(len(rows)), torch.from_numpy(labels)] = torch.from_numpy(weights).float()
    made.k.fill_(setting["neighbours"])
    return made.eval()
