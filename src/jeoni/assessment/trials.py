"""Strategies against each other: the same examples, the same draws, the same tests for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from jeoni import distributed
from jeoni.assessment.draws import Draw, pick
from jeoni.assessment.fits import Fit, make_fits
from jeoni.assessment.holdout import Strategy
from jeoni.assessment.shared_search import Searches, Searching
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds, repeats_for
from jeoni.features.examples import Context, Examples
from jeoni.heads.linear import Linear
from jeoni.tasks import strata_of, task_of
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Trial", "fit_name", "run_stages", "run_trials"]


@dataclass(frozen=True)
class Trial:
    """One strategy on one draw at one budget.

    Attributes:
        strategy: its id.
        budget: labels per class; None: all.
        draw: its number.
        test: ``(m,)`` the test examples.
        predictions: ``(m, p)``.
        n_train: training examples.
        seconds: of fitting, frozen features being there.
        note: what the strategy got: steps, learning rate.
        learned_nothing: whether a training ended in giving every example the same answer.
        search: what was spent on the search of its learning rate; see :class:`jeoni.runs.records.run.SearchRecord`.
        sides: of the pictures that it was trained on, where these grew.
    """

    strategy: str
    budget: int | None
    draw: int
    test: IntArray
    predictions: FloatArray
    n_train: int
    seconds: float
    note: str = ""
    learned_nothing: bool = False
    search: Mapping[str, Any] = field(default_factory=dict)
    sides: tuple[int, ...] = ()


def fit_name(strategy: str, budget: int | None, draw: int) -> str:
    """By which a trial is known to a deadline."""
    return f"{strategy} {budget} {draw}"


def run_trials(
    strategies: Mapping[str, Strategy],
    backbone: Backbone,
    examples: Examples,
    draws: Sequence[Draw],
    budgets: Sequence[int | None],
    context: Context,
    *,
    folds: int = 5,
    halving: bool = False,
    expected_s: Mapping[tuple[str, int | None], float] | None = None,
) -> Iterator[Trial]:
    """All trials, budget by budget.

    Args:
        strategies: by id.
        backbone: to transfer from.
        examples: all of them; draws are about these.
        draws: what is trained on and tested on.
        budgets: labels per class, rising.
        context: store, seed, console, checkpoints.
        folds: that decide choices inside the training examples.
        halving: after each budget only the better half goes on; the last strategy, the control, always does.
        expected_s: seconds of a trial by strategy and budget, where they are known: the time left is told by them.
    """
    costs = {(name, budget): (expected_s or {}).get((name, budget), 0.0) for name in strategies for budget in budgets}
    whole_s = sum(costs.values()) * len(draws) or None
    task, left, control = task_of(examples.data), list(strategies), list(strategies)[-1]
    searches = {
        name: Searches(strategy, backbone, examples, draws, context, folds)
        for name, strategy in strategies.items()
        if isinstance(strategy, Searching)
    }
    with context.console.track("Comparing", len(left) * len(budgets) * len(draws), whole_s) as advance:
        for budget in budgets:
            scores: dict[str, list[float]] = {name: [] for name in left}
            found = {name: searches[name].at(budget) for name in left if name in searches}
            planned = [
                (
                    name,
                    draw,
                    replace(
                        _fit(name, strategies[name], backbone, examples, draw, budget, context.seed, folds, found),
                        expected_s=costs[name, budget],
                    ),
                )
                for draw in draws
                for name in left
            ]
            for (name, draw, fit), fitted in zip(
                planned, make_fits([fit for *_, fit in planned], context), strict=True
            ):
                said = fitted.predictions
                scores[name].append(float(task.scores(said, fit.test.data.targets).mean()))
                yield Trial(
                    name,
                    budget,
                    draw.number,
                    draw.test,
                    said,
                    len(fit.train),
                    fitted.seconds,
                    _note(fitted.training),
                    bool(fitted.training.get("same")),
                    fitted.training.get("search") or {},
                    tuple(fitted.training.get("sides") or ()),
                )
                advance(1, costs[name, budget])
            if halving and len(left) > 2:
                best = distributed.broadcast_object(
                    sorted(left, key=lambda n: -np.mean(scores[n]))[: max(1, len(left) // 2)]
                )
                left = [n for n in left if n in best or n == control]


def _fit(
    name: str,
    strategy: Strategy,
    backbone: Backbone,
    examples: Examples,
    draw: Draw,
    budget: int | None,
    seed: int,
    folds: int,
    found: Mapping[str, Mapping[int, Any]],
) -> Fit:
    """One strategy on one draw at so many labels per class."""
    own, strata = seed + 1000 * draw.number, strata_of(examples.data)
    chosen = pick(strata, draw.train, budget, own)
    inner = build_folds(strata[chosen], examples.clusters[chosen], folds, repeats_for(len(chosen)), own)
    train = replace(examples.select(chosen, inner), of=len(chosen))
    test = examples.select(draw.test, examples.folds[:, draw.test])
    by_search = found.get(name, {}).get(draw.number)
    return Fit(fit_name(name, budget, draw.number), strategy, backbone, train, test, own, by_search)


def _note(training: Mapping[str, object]) -> str:
    if not training:
        return ""
    recipe = training["recipe"]
    assert isinstance(recipe, dict)
    size, rate = recipe["batch_size"], recipe["learning_rate"]
    return f"{training['best_step']} of {recipe['steps']} steps of {size}, rate {rate:g}"


def run_stages(
    backbone: Backbone, examples: Examples, draws: Sequence[Draw], context: Context, folds: int = 5
) -> Iterator[tuple[str, int, IntArray, Array]]:
    """A linear probe on every stage's features: stage, draw, test examples, and the score of each."""
    task, targets, strata = task_of(examples.data), examples.data.targets, strata_of(examples.data)
    with context.console.track("Probing stages", backbone.n * len(draws)) as advance:
        for k, stage in enumerate(backbone.stages, start=1):
            features = examples.features(backbone, Tap(k, True))
            for draw in draws:
                inner = build_folds(strata[draw.train], examples.clusters[draw.train], folds, 1, context.seed)
                rows = features.select(draw.train)
                fitted = Linear().fit(rows, targets[draw.train], task, inner, "none")
                with torch.inference_mode():
                    outputs = fitted.module(torch.from_numpy(features[draw.test])).numpy()
                predictions = fitted.task.decode(outputs)
                yield stage.name, draw.number, draw.test, task.scores(predictions, targets[draw.test])
                advance(1)
