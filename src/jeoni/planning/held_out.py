"""What a race holds out: one fold, or what a strategy holds out from a trial of its own."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from jeoni.assessment.holdout import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.data.splits import build_inner_folds
from jeoni.deadline import Deadline
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of, kept_once
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.tuning import attempt
from jeoni.tasks import task_of
from jeoni.training.depth import identity_of
from jeoni.training.job import Diverged
from jeoni.types import FloatArray, IntArray

__all__ = ["HeldOut", "held_out", "held_out_by_trial"]

WORST = 27.6  # of a training that diverged: the log-loss of a probability of 1e-12

CODE = ("jeoni.planning.held_out", "jeoni.strategies", "jeoni.training", "jeoni.heads", "jeoni.tasks")  # results of it


class HeldOut(NamedTuple):
    """What came of the items that were held out.

    Attributes:
        items: ``(n,)`` which.
        losses: ``(n,)`` of these.
        scores: ``(n,)`` in the task's measure, higher is better; NaN where the training diverged.
        seconds: that it took.
    """

    items: IntArray
    losses: FloatArray
    scores: FloatArray
    seconds: float


def held_out(
    strategy: Strategy,
    backbone: Backbone,
    train: Examples,
    number: int,
    context: Context,
    deadline: Deadline | None = None,
) -> HeldOut:
    """Losses and scores of the items of one fold, by a model that did not see them.

    What was computed once of the same examples, folds and code is taken from the store, with its seconds.

    Args:
        strategy: the candidate.
        backbone: what it transfers from.
        train: with the folds of the race, the first of :attr:`Examples.folds`.
        number: of the fold.
        context: store, seed, console.
        deadline: by which trainings must be done. Then nothing is kept: how far they come is a matter of the time.
    """
    held = np.flatnonzero(train.folds[0] == number)

    def compute() -> FloatArray:
        start = time.perf_counter()
        losses, scores = _fitted_without(strategy, backbone, train, number, context)
        return np.stack([losses, scores, np.full(len(held), time.perf_counter() - start)])

    if deadline is not None:
        # nor is a training's state, which a longer one would take for its own
        context = replace(context, deadline=deadline, checkpoints=None)
        context.begin_fit()
        losses, scores, seconds = compute()
    else:
        code = code_digest(
            "jeoni.planning.held_out", "jeoni.strategies", "jeoni.training", "jeoni.heads", "jeoni.tasks"
        )
        of = digest_of(
            code, type(strategy).__module__, repr(strategy), backbone.fingerprint, repr(train.data.task),
            identity_of(train), train.data.targets, train.clusters, train.folds[:1], str(number), str(context.seed),
        )  # fmt: skip
        losses, scores, seconds = kept_once(context.store, "held out in a race", of, (3, len(held)), compute)
    return HeldOut(held, losses, scores, float(seconds[0]))


def held_out_by_trial(
    strategy: Finetune, backbone: Backbone, train: Examples, context: Context, deadline: Deadline | None = None
) -> HeldOut:
    """Losses and scores of what a strategy holds out of all examples, from the training with which its fit begins.

    That training is kept where the run keeps its checkpoints: the fit of whoever wins goes on from it. Its best moment
    was chosen on the same items, so that it looks a little better than it is.

    Args:
        strategy: the candidate.
        backbone: what it transfers from.
        train: all that may decide something.
        context: store, seed, console.
        deadline: by which the training must be done.
    """
    context, start = replace(context, deadline=deadline), time.perf_counter()
    context.begin_fit()
    trial = attempt(strategy.setup(backbone, train, context), train)
    seconds = time.perf_counter() - start
    if len(trial.held):
        return HeldOut(trial.held, trial.losses, trial.scores, seconds)
    unknown = np.full(len(train), np.nan)
    return HeldOut(np.arange(len(train)), np.full(len(train), WORST), unknown, seconds)


def _fitted_without(
    strategy: Strategy, backbone: Backbone, train: Examples, number: int, context: Context
) -> tuple[FloatArray, FloatArray]:
    """Losses and scores of the items of one fold."""
    task, targets, fold = task_of(train.data), train.data.targets, train.folds[0]
    seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
    folds = len(np.unique(fold))
    inner = build_inner_folds(task.strata(targets[seen]), train.clusters[seen], folds, 1, context.seed)
    try:
        model = strategy.fit(backbone, train.select(seen, inner), context)
        predictions = model.predict_examples(train.select(held, train.folds[:, held]), backbone, context)
    except Diverged:
        return np.full(len(held), WORST), np.full(len(held), np.nan)
    return task.losses(predictions, targets[held]), task.scores(predictions, targets[held])
