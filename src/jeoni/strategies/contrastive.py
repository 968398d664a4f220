"""Contrastive fine-tuning (SetFit, Tunstall et al. 2022, arXiv:2209.11055): for a handful of examples per class.

The stages above the cut learn to bring examples of one class together and to set those of different classes apart:
cosines are drawn to 1 and to 0. Then the head is fitted behind them. From eight examples come 28 pairs: that is where
the gain over a head alone comes from. Ours differs in that lower stages stay and are not computed again, that all pairs
of a batch count instead of drawn ones, like and unlike pairs as much, and that the result stays with the head alone
where held-out examples, if there are enough of them, do not say that it is better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.features.examples import Context, Examples
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.expected import expected_work
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup
from jeoni.strategies.finetuning.tuning import can_tell
from jeoni.tasks.classification import class_names_of
from jeoni.training.depth import frozen_stages
from jeoni.training.job import Batch, Update
from jeoni.training.work import Work

__all__ = ["Contrastive"]

PREFERRED: dict[str, Any] = {"learning_rate": 5e-5, "depth_decay": 1.0, "batch_size": 16}
LENGTH = 0.5


@dataclass(frozen=True)
class Contrastive(Finetune):
    """Train the upper half by pairs, then fit the head."""

    def frozen(self, backbone: Backbone, n: int) -> int:
        """The lower half, whatever the number of examples."""
        return frozen_stages(self.recipe, backbone, backbone.n // 2)

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """See :meth:`Finetune.work`."""
        recipe = self.resolved(backbone, n, LENGTH, long=True, **PREFERRED)
        return expected_work(backbone, n, recipe, self.frozen(backbone, of), interpolate=can_tell(n), heads=3)

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """Training by pairs, behind which the head is fitted; see :meth:`Finetune.setup`.

        Raises:
            ConfigError: another task than that of classes.
        """
        class_names_of(train.data, "Contrastive fine-tuning")
        frozen = self.frozen(backbone, train.of)
        # the three or four examples that would be held out of a handful can say nothing
        config = FinetuneConfig("Contrastive fine-tuning", frozen, objective=_Pairs, interpolate=can_tell(len(train)))
        recipe = self.resolved(backbone, len(train), LENGTH, long=True, **PREFERRED)
        return self._setup(backbone, context, recipe, config)


class _Pairs:
    """The objective: rows to features, and all pairs of a batch.

    Args:
        features: the part of the network that gives ``(n, d)`` features.
    """

    def __init__(self, features: nn.Module) -> None:
        self._features = features

    def begin(self, step: int) -> None:
        """Nothing."""

    def updates(self, batch: Batch, progress: float) -> Iterator[Update]:
        """One; see :class:`jeoni.training.job.Objective`."""
        features = self._features(batch.rows).float()
        yield Update(pair_loss(features, torch.from_numpy(batch.targets).to(features.device, non_blocking=True)))


def pair_loss(features: Tensor, labels: Tensor) -> Tensor:
    """Mean squared error of the pairs' cosines, which should be 1 within a class and 0 between two.

    Args:
        features: ``(b, d)``.
        labels: ``(b,)``.

    Example:
        >>> float(pair_loss(torch.eye(2), torch.tensor([0, 1]))), float(pair_loss(torch.eye(2), torch.tensor([0, 0])))
        (0.0, 1.0)
    """
    unit = nn.functional.normalize(features, dim=1)
    cosines, alike = unit @ unit.T, labels[:, None] == labels
    pairs = ~torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    kinds = [pairs & alike, pairs & ~alike]
    errors = [
        ((cosines[kind] - wanted) ** 2).mean() for kind, wanted in zip(kinds, (1.0, 0.0), strict=True) if kind.any()
    ]
    return torch.stack(errors).mean() if errors else 0 * cosines.sum()
