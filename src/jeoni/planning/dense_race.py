"""Candidates for places in pictures, held against each other on one fold that none of them has seen.

Trainings are planned into the time that there is, all by the same share of their full length, so that what is told is
how good each is *when trained that long*: a longer training gains by being shortened less, which is said beside it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jeoni.deadline import PlannedFit
from jeoni.dense.assess import evidence_of, to_learn_from
from jeoni.dense.reading import dense_task_of
from jeoni.dense.scoring import difference_of, score_evidence
from jeoni.features.examples import Context, Examples
from jeoni.planning.budget import MARGIN, TELLING
from jeoni.planning.dense_pricing import Priced
from jeoni.planning.dense_rules import DenseCandidate
from jeoni.types import Interval

__all__ = ["DenseRace", "Raced", "least_s", "race_candidates", "runners"]

RESAMPLES = 1000


@dataclass(frozen=True)
class Raced:
    """A candidate that was tried.

    Attributes:
        score: the headline on the held-out fold.
        to_chosen: its score minus that of the one that was chosen; None of that one itself.
        seconds: that it took.
    """

    score: Interval
    to_chosen: Interval | None
    seconds: float


@dataclass(frozen=True)
class DenseRace:
    """What came of it.

    Attributes:
        chosen: the best, or a cheaper one that is no clearer than its error worse.
        best: of the highest score.
        share: of their full length that trainings had.
        held: pictures of the fold.
        raced: by candidate.
    """

    chosen: DenseCandidate
    best: DenseCandidate
    share: float
    held: int
    raced: Mapping[DenseCandidate, Raced] = field(default_factory=dict)


def runners(priced: Mapping[DenseCandidate, Priced], left_s: float) -> tuple[list[DenseCandidate], float]:
    """Those that can be tried in the time, the cheapest first, and the share of their full length that they get.

    Args:
        priced: all candidates.
        left_s: seconds for all of them.
    """
    ranked = sorted(priced, key=lambda one: priced[one].price.fold_s)
    while len(ranked) > 1:
        training = sum(priced[one].cost.training_s for one in ranked)
        other = sum(priced[one].cost.views_s + priced[one].cost.other_s for one in ranked)
        share = (left_s - other) / training if training else float(left_s > other)
        if share >= TELLING:
            return ranked, min(1.0, share)
        ranked.pop()
    return [], 0.0


def least_s(priced: Mapping[DenseCandidate, Priced]) -> float | None:
    """Seconds that trying the two cheapest takes at least, trainings at their shortest; None of fewer candidates."""
    ranked = sorted(priced.values(), key=lambda one: one.price.fold_s)[:2]
    if len(ranked) < 2:
        return None
    return sum(one.cost.views_s + one.cost.other_s + TELLING * one.cost.training_s for one in ranked) / MARGIN


def race_candidates(priced: Mapping[DenseCandidate, Priced], train: Examples, context: Context) -> DenseRace | None:
    """Fit each that there is time for on all folds but one, and score it on that one.

    Args:
        priced: all candidates.
        train: pictures to learn from, with folds; a test set takes no part.
        context: with a deadline.

    Returns:
        None where there is time for one candidate at most, or nothing to score them by.
    """
    deadline = context.deadline
    assert deadline is not None
    ranked, share = runners(priced, MARGIN * deadline.left_s)
    if not ranked:
        return None
    fits = [_planned(priced[one]) for one in ranked]
    prices = {priced[one].cost.kind: priced[one].cost.step_s for one in ranked if priced[one].cost.step_s}
    deadline.expect(fits, (1 - MARGIN) * deadline.left_s, prices)
    fold = train.folds[0]
    seen, held = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    learned = to_learn_from(train.select(seen, train.folds[:, seen]))
    scored = train.select(held, train.folds[:, held])
    evidence: dict[DenseCandidate, list[Any]] = {}
    took: dict[DenseCandidate, float] = {}
    with context.console.track("Trying candidates", len(ranked)) as advance:
        for one in ranked:
            begun, arm = time.perf_counter(), priced[one].arm
            context.begin_fit()
            model = arm.transfer.fit(arm.backbone, learned, context)
            evidence[one] = evidence_of(model, arm.backbone, scored, context)
            took[one] = time.perf_counter() - begun
            advance(1)
    return _decided(ranked, evidence, took, scored, share, context.seed)


def _planned(one: Priced) -> PlannedFit:
    return PlannedFit(one.cost.training_s, one.cost.views_s + one.cost.other_s)


def _decided(
    ranked: Sequence[DenseCandidate],
    evidence: Mapping[DenseCandidate, list[Any]],
    took: Mapping[DenseCandidate, float],
    scored: Examples,
    share: float,
    seed: int,
) -> DenseRace | None:
    """The cheapest that is no clearer than its error worse than the best; None where no score is known."""
    task = dense_task_of(scored.data)
    lead, sign = task.headline, 1 if task.metrics()[task.headline].higher_is_better else -1
    scores = {one: score_evidence(task, found, scored.groups, seed, RESAMPLES)[lead] for one, found in evidence.items()}
    known = [one for one in ranked if np.isfinite(scores[one].value)]
    if not known:  # such as of anomalies, where no defect was held out
        return None
    best = max(known, key=lambda one: sign * scores[one].value)

    def against(one: DenseCandidate, other: DenseCandidate) -> Interval:
        return difference_of(task, evidence[one], evidence[other], scored.groups, seed, RESAMPLES)[lead]

    def as_good(one: DenseCandidate) -> bool:
        if one is best:
            return True
        apart = against(one, best)
        return apart.high >= 0 if sign > 0 else apart.low <= 0

    chosen = next(one for one in known if as_good(one))
    raced = {one: Raced(scores[one], None if one is chosen else against(one, chosen), took[one]) for one in known}
    return DenseRace(chosen, best, share, len(scored), raced)
