"""The training of the stages above a cut without labels, by the loop that all trainings share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import distributed
from jeoni.backbones.cut import Cut, merge
from jeoni.pretraining.learning.method import Course, Pretrained, Start
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.depth import frozen_alike, identity_of
from jeoni.training.facts import training_facts
from jeoni.training.groups import build_groups
from jeoni.training.job import Batch, Job, Update
from jeoni.training.loop import train
from jeoni.training.order import Domain
from jeoni.training.rows import Rows

__all__ = ["Learner", "Losses", "Plan", "course_of", "shared_batch", "train_stages"]

PARTS = 60  # of the course of a training that are kept


class Losses(Protocol):
    """The loss of a batch in its terms, of which the sum is lowered."""

    def __call__(self, network: Learner, batch: Batch) -> dict[str, Tensor]:
        """Scalars by the names of the terms."""


class Learner(nn.Module):
    """The stages above a cut with what is trained beside them and given up afterwards.

    Args:
        features: rows at the cut to features.
        head: what is trained beside, such as a projector or a decoder.
        steps: of the training.
        terms: names of the terms of its loss.
    """

    course: Tensor

    def __init__(self, features: nn.Module, head: nn.Module, steps: int, terms: Sequence[str]) -> None:
        super().__init__()
        self.features, self.head = features, head
        self.terms = tuple(terms)
        # a buffer: what was seen before an interruption is in the checkpoint
        self.register_buffer("course", torch.full((steps, len(self.terms)), float("nan"), dtype=torch.float64))

    def note(self, step: int, terms: dict[str, Tensor]) -> None:
        """Keep the terms of a step."""
        for name, value in terms.items():
            self.course[step, self.terms.index(name)] = float(value.detach())

    def forward(self, rows: Tensor) -> Any:
        """What the head makes of rows at the cut."""
        return self.head(self.features(rows))


class _Objective:
    """One loss of unlabelled examples for each step."""

    def __init__(self, network: Learner, losses: Losses) -> None:
        self._network, self._losses, self._step = network, losses, 0

    def begin(self, step: int) -> None:
        """Remember which step it is."""
        self._step = step

    def updates(self, batch: Batch, progress: float) -> Iterator[Update]:
        """One; see :class:`jeoni.training.job.Objective`."""
        terms = self._losses(self._network, batch)
        self._network.note(self._step, terms)
        yield Update(torch.stack(list(terms.values())).sum())


@dataclass(frozen=True)
class Plan:
    """How stages are trained.

    Attributes:
        title: for the progress bar.
        made: the cut.
        network: what is trained.
        losses: of a batch.
        rows: to train on.
        facts: of the rows, for the record.
        recipe: all its defaults resolved.
        statistics: whether batch normalisation uses batch statistics in what is trained.
        domains: see :class:`jeoni.training.job.Job`.
        settings: of the method, in a text that differs where they do.
    """

    title: str
    made: Cut
    network: Learner
    losses: Losses
    rows: Rows
    facts: dict[str, object]
    recipe: ResolvedRecipe
    statistics: bool = False
    domains: tuple[Domain, ...] = ()
    settings: str = ""


def train_stages(start: Start, plan: Plan) -> Pretrained:
    """Train what is above the cut, and put the network together again."""
    backbone, context, network = start.backbone, start.context, plan.network
    if plan.made.note:
        context.console.warn(plan.made.note)
    groups = build_groups(backbone, plan.made.frozen, plan.made.prefix, network, plan.recipe)
    job = Job(
        title=plan.title,
        network=network,
        groups=groups,
        rows=plan.rows,
        targets=np.zeros(len(plan.rows), dtype=np.int64),
        criterion=None,
        recipe=plan.recipe,
        seed=context.seed,
        train_statistics=plan.statistics,
        objective=_Objective(network, plan.losses),
        domains=plan.domains,
        identity=f"{identity_of(start.examples)} {plan.settings}",
    )
    allowance = context.allowance("pretraining", plan.recipe.steps)
    history = train(job, context.checkpoints, context.checkpoint_s, context.console, allowance)
    network.cpu()
    merged = merge(backbone, plan.made)
    training = training_facts(history, groups, plan.recipe, plan.facts, plan.statistics)
    training["frozen_identical"] = frozen_alike(backbone, merged, plan.made.frozen)
    reuse = 0 if start.untrained else backbone.n
    return Pretrained(merged, plan.made.frozen, reuse, training, course_of(network))


def course_of(network: Learner) -> Course:
    """The terms of the loss, averaged over equal parts of the training."""
    seen = network.course.cpu().numpy()
    seen = seen[~np.isnan(seen).all(1)]
    parts = [part for part in np.array_split(np.arange(len(seen)), min(PARTS, max(1, len(seen)))) if len(part)]
    means = [seen[part].mean(0) for part in parts]
    terms = {name: tuple(float(row[k]) for row in means) for k, name in enumerate(network.terms)}
    return Course(tuple(int(part[-1]) + 1 for part in parts), terms)


def shared_batch(batch_size: int) -> int:
    """The batch size, rounded up so that all processes get as many examples."""
    count = distributed.world_size()
    return -(-batch_size // count) * count
