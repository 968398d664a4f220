"""Strategies against each other: the same examples, the same draws, the same tests for all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from jeoni import distributed
from jeoni.assessment.holdout import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds, repeats_for
from jeoni.features.examples import Context, Examples
from jeoni.heads.linear import Linear
from jeoni.tasks import strata_of, task_of
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Draw", "Trial", "draws_by_fold", "draws_for_test", "fit_name", "pick", "run_stages", "run_trials"]


@dataclass(frozen=True)
class Draw:
    """One way to take training examples, and what they are tested on.

    Attributes:
        number: 0, 1, …
        train: ``(n,)`` where the examples that may be trained on are.
        test: ``(m,)`` where those to be tested on are.
    """

    number: int
    train: IntArray
    test: IntArray


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


def draws_by_fold(strata: IntArray, clusters: IntArray, repeats: int, folds: int, seed: int) -> list[Draw]:
    """Every draw trains on all folds but one and is tested on that one; folds are drawn anew when all were used."""
    rounds = -(-repeats // folds)
    found = build_folds(strata, clusters, folds, rounds, seed)
    pairs = [(fold, f) for fold in found for f in np.unique(fold)][:repeats]
    return [Draw(r, np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for r, (fold, f) in enumerate(pairs)]


def draws_for_test(train: IntArray, test: IntArray, repeats: int) -> list[Draw]:
    """The same training part and test set for all; draws differ in the examples picked, and in the seed."""
    return [Draw(r, train, test) for r in range(repeats)]


def pick(strata: IntArray, candidates: IntArray, budget: int | None, seed: int) -> IntArray:
    """``budget`` of every stratum among ``candidates`` (all of them for None); larger budgets contain smaller ones."""
    if budget is None:
        return candidates
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(candidates)
    kept = [shuffled[strata[shuffled] == k][:budget] for k in np.unique(strata[candidates])]
    return np.sort(np.concatenate(kept))


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
    task, strata = task_of(examples.data), strata_of(examples.data)
    left = list(strategies)
    control = left[-1]
    with context.console.track("Comparing", len(left) * len(budgets) * len(draws), whole_s) as advance:
        for budget in budgets:
            scores: dict[str, list[float]] = {name: [] for name in left}
            for draw in draws:
                seed = context.seed + 1000 * draw.number
                chosen = pick(strata, draw.train, budget, seed)
                inner = build_folds(strata[chosen], examples.clusters[chosen], folds, repeats_for(len(chosen)), seed)
                train = replace(examples.select(chosen, inner), of=len(chosen))
                test = examples.select(draw.test, examples.folds[:, draw.test])
                for name in left:
                    context.begin_fit(fit_name(name, budget, draw.number))
                    start = time.perf_counter()
                    model = strategies[name].fit(backbone, train, replace(context, seed=seed))
                    # what an interrupted call had trained already is part of what fitting takes
                    seconds = time.perf_counter() - start + model.training.get("earlier_s", 0.0)
                    said = model.predict_examples(test, backbone, context)
                    scores[name].append(float(task.scores(said, test.data.targets).mean()))
                    yield Trial(
                        name,
                        budget,
                        draw.number,
                        draw.test,
                        said,
                        len(chosen),
                        seconds,
                        _note(model.training),
                        bool(model.training.get("same")),
                    )
                    advance(1, costs[name, budget])
            if halving and len(left) > 2:
                best = distributed.broadcast_object(
                    sorted(left, key=lambda n: -np.mean(scores[n]))[: max(1, len(left) // 2)]
                )
                left = [n for n in left if n in best or n == control]


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
