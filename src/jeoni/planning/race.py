"""The race: candidates on the same folds, clearly worse ones dropped on the way (successive halving), within a time.

Jamieson & Talwalkar AISTATS 2016 (arXiv:1502.07943) halve the field at every round; here a candidate goes on as long as
the folds so far do not say that it is clearly worse than the best, so that none is lost to chance. Of what transfers,
the simplest wins unless another is better by more than a standard error, and the best of those that are as simple; a
control wins if it is better than that one by more than a standard error: then transfer does not pay. Errors are those
of groups where there are groups. The test set takes no part.

How much choosing among several flatters the score of the one chosen is told by the bootstrap of the choice itself
(BBC-CV, Tsamardinos, Greasidou & Borboudakis, Machine Learning 107, 2018): chosen on the items of a resample, scored on
those it left out, without another training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from jeoni import distributed
from jeoni.assessment.holdout import Strategy
from jeoni.data.splits import build_inner_folds
from jeoni.deadline import Deadline
from jeoni.evaluation.clustered import clustered_mean
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of, kept_once
from jeoni.planning.candidates import Candidate
from jeoni.planning.similarity import mean_interval
from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.tasks import task_of
from jeoni.training.depth import identity_of
from jeoni.training.job import Diverged
from jeoni.types import FloatArray, IntArray, Interval

__all__ = ["Entrant", "Outcome", "Price", "Race", "Standing", "State", "choice_of", "optimism", "run_race"]

CLEAR = 2.0  # standard errors by which one is out
TIE = 1.0  # standard errors within which the simpler one wins
WORST = 27.6  # of a training that diverged: the log-loss of a probability of 1e-12
RESAMPLES = 1000

State = Literal["chosen", "in reach", "beaten", "no time", "not tried", "failed"]


@dataclass(frozen=True)
class Price:
    """What a candidate is expected to take.

    Attributes:
        fold_s: seconds of one fold of the race.
        final_s: seconds of the whole fit.
        disk_bytes: that it adds to the feature store.
        memory_bytes: of the process at its peak, roughly.
    """

    fold_s: float
    final_s: float
    disk_bytes: int = 0
    memory_bytes: int = 0


@dataclass(frozen=True)
class Entrant:
    """A candidate that is ready to be fitted.

    Attributes:
        candidate: which.
        strategy: that it is.
        examples: makes its training examples, with the rows that it needs; called once, when its turn comes.
        price: what it is expected to take; None where nothing was measured.
    """

    candidate: Candidate
    strategy: Strategy
    examples: Callable[[], Examples]
    price: Price | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a candidate.

    Attributes:
        candidate: which.
        state: chosen; in reach of the best; beaten by more than its error; no time was left for it.
        folds: that it was held against the others on.
        losses: ``(n,)`` of the items of these folds, in the order of all candidates.
        scores: ``(n,)`` the same in the task's measure, higher is better.
        seconds: that it took.
        price: what it was expected to take; None where nothing was measured.
    """

    candidate: Candidate
    state: State
    folds: int
    losses: FloatArray = field(repr=False)
    scores: FloatArray = field(repr=False)
    seconds: float
    price: Price | None

    @property
    def raced(self) -> bool:
        """Whether anything is known of it."""
        return len(self.losses) > 0


@dataclass(frozen=True)
class Standing:
    """What a choice is made by: losses and scores ``(n,)`` of the first items of all, and the groups of these."""

    candidate: Candidate
    losses: FloatArray
    scores: FloatArray
    groups: IntArray | None = None


@dataclass(frozen=True)
class Race:
    """How it ended.

    Attributes:
        outcomes: all, in the order they were given.
        chosen: the winner.
        items: ``(n,)`` the examples that were held out, in order.
        groups: ``(n,)`` of these; None where each stands alone.
        complete: whether all that could be raced was, on as many folds, so that nothing was left out for want of time.
    """

    outcomes: tuple[Outcome, ...]
    chosen: Outcome
    items: IntArray
    groups: IntArray | None
    complete: bool

    @property
    def unfinished(self) -> list[Outcome]:
        """Candidates that there was time for on some of the folds only, though they were not beaten."""
        return _unfinished(self.outcomes)

    @property
    def as_good(self) -> list[Outcome]:
        """The winner, and what is as simple, transfers, and is worse by no more than a standard error."""
        won = self.chosen
        rivals = [o for o in self.outcomes if o.state == "in reach" and not o.candidate.control]
        alike = [o for o in rivals if o.candidate.complexity == won.candidate.complexity]
        return [won, *(o for o in alike if not _errs_less(self._standing(won), self._standing(o), TIE))]

    def _standing(self, outcome: Outcome) -> Standing:
        return Standing(outcome.candidate, outcome.losses, outcome.scores, self.groups)

    def score(self, outcome: Outcome, seed: int) -> Interval | None:
        """Its held-out score with its interval; None where it was not raced."""
        n = len(outcome.scores)
        if not outcome.raced or np.isnan(outcome.scores).any():
            return None
        return mean_interval(outcome.scores, self._groups_of(n), seed)

    def to_chosen(self, outcome: Outcome, seed: int) -> Interval | None:
        """Its score minus that of the winner on the items that both were held against; None where there are none."""
        n = min(len(outcome.scores), len(self.chosen.scores))
        gain = outcome.scores[:n] - self.chosen.scores[:n]
        return None if not n or np.isnan(gain).any() else mean_interval(gain, self._groups_of(n), seed)

    def _groups_of(self, n: int) -> IntArray | None:
        return None if self.groups is None else self.groups[:n]


def _unfinished(outcomes: Sequence[Outcome]) -> list[Outcome]:
    most = max(outcome.folds for outcome in outcomes)
    return [o for o in outcomes if o.state in ("chosen", "in reach") and 0 < o.folds < most]


class _Runner:
    """An entrant under way; what is known of it from an earlier race is not computed again."""

    def __init__(self, entrant: Entrant, earlier: Outcome | None, groups: IntArray | None) -> None:
        self.entrant, self.groups = entrant, groups  # of all items of the race, in their order
        self.examples: Examples | None = None
        self.losses: FloatArray = earlier.losses if earlier else np.zeros(0)
        self.scores: FloatArray = earlier.scores if earlier else np.zeros(0)
        self.folds = earlier.folds if earlier else 0
        self.seconds = earlier.seconds if earlier else 0.0
        self.state: State = earlier.state if earlier and earlier.state != "chosen" else "not tried"

    @property
    def candidate(self) -> Candidate:
        return self.entrant.candidate

    @property
    def standing(self) -> Standing:
        return Standing(self.candidate, self.losses, self.scores, self.groups)

    @property
    def out(self) -> bool:
        return self.state in ("beaten", "no time", "failed")

    def run(self, fold: int, context: Context) -> None:
        """Fit without one fold, and score what was held out."""
        if self.examples is None:
            self.examples = self.entrant.examples()
        losses, scores, seconds = _held_out(self.entrant, self.examples, fold, context)
        self.losses, self.scores = np.concatenate([self.losses, losses]), np.concatenate([self.scores, scores])
        self.folds += 1
        self.seconds += seconds
        self.state = "failed" if np.isnan(scores).any() else "in reach"

    def fold_s(self) -> float:
        """Measured if it can be."""
        if self.folds:
            return self.seconds / self.folds
        return self.entrant.price.fold_s if self.entrant.price else 0.0


def run_race(
    entrants: Sequence[Entrant],
    examples: Examples,
    context: Context,
    *,
    deadline: Deadline | None = None,
    earlier: Sequence[Outcome] = (),
) -> Race:
    """Hold the candidates against each other, fold by fold.

    Args:
        entrants: the one to fall back on first; it is always run.
        examples: with the folds of the race, the first of :attr:`Examples.folds`.
        context: store, seed, console.
        deadline: a candidate is not begun whose fold, and the whole fit of whatever may win then, would end later;
            None is no limit. Trainings of the race itself are not cut short.
        earlier: what is known of some of the candidates from a race on the same folds.
    """
    fold, context = examples.folds[0], replace(context, deadline=None)
    numbers = np.unique(fold)
    known = {outcome.candidate.name: outcome for outcome in earlier}
    items = np.concatenate([np.flatnonzero(fold == number) for number in numbers])
    groups = None if examples.groups is None else examples.clusters[items]
    runners = [_Runner(entrant, known.get(entrant.candidate.name), groups) for entrant in entrants]
    with context.console.track("Racing", len(numbers) * len(runners)) as advance:
        for position, number in enumerate(numbers):
            for runner in runners:
                if not runner.out and runner.folds == position:
                    if distributed.broadcast_object(_too_late(runner, runners, deadline)):
                        runner.state = runner.state if runner.folds else "no time"
                    else:
                        runner.run(int(number), context)
                advance(1)
            _drop_beaten(runners)
            if len(runners) > 1 and sum(not runner.out for runner in runners) < 2:
                break
    winner = distributed.broadcast_object(runners.index(_winner(runners)))
    runners[winner].state = "chosen"
    outcomes = tuple(_outcome(runner) for runner in runners)
    late = any(outcome.state == "no time" for outcome in outcomes)
    return Race(outcomes, outcomes[winner], items, groups, not late and not _unfinished(outcomes))


def optimism(race: Race, seed: int) -> float | None:
    """How much the winner's held-out score flatters it, in the task's measure; None of a single candidate.

    Of candidates that were held against all items, chosen as the race chooses; see the head of this file.
    """
    n = max(len(outcome.scores) for outcome in race.outcomes)
    whole = [o for o in race.outcomes if len(o.scores) == n and not np.isnan(o.scores).any()]
    if len(whole) < 2 or n < 2 or race.chosen not in whole or all(o.candidate.control for o in whole):
        return None
    rng = np.random.default_rng(seed)
    names, member = np.unique(np.arange(n) if race.groups is None else race.groups[:n], return_inverse=True)
    left_out = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[member]
        if (drawn == 0).sum() == 0 or drawn.sum() == 0:
            continue
        rows = np.repeat(np.arange(n), drawn)
        of = None if race.groups is None else race.groups[rows]
        chosen = choice_of([Standing(o.candidate, o.losses[rows], o.scores[rows], of) for o in whole])
        left_out.append(whole[chosen].scores[drawn == 0].mean())
    return float(race.chosen.scores.mean() - np.mean(left_out)) if left_out else None


def _too_late(runner: _Runner, runners: Sequence[_Runner], deadline: Deadline | None) -> bool:
    """Whether a fold of it, and the whole fit of whatever may win then, would end after the deadline."""
    if deadline is None or runner is runners[0]:
        return False
    leader = _winner([other for other in runners if other.folds] or [runners[0]])
    last = max(_final_s(runner), _final_s(leader))
    return runner.fold_s() + last > deadline.left_s


def _final_s(runner: _Runner) -> float:
    """The whole fit's seconds, corrected by how long its folds took against what was expected."""
    price = runner.entrant.price
    if price is None:
        return 0.0
    slower = runner.fold_s() / price.fold_s if price.fold_s else 1.0
    return price.final_s * slower


def _held_out(entrant: Entrant, train: Examples, number: int, context: Context) -> tuple[FloatArray, FloatArray, float]:
    """Losses and scores of the items of one fold, by a model that did not see them, and the seconds that it took.

    What was computed once of the same examples, folds and code is taken from the store, with its seconds.
    """
    held = np.flatnonzero(train.folds[0] == number)

    def compute() -> FloatArray:
        start = time.perf_counter()
        losses, scores = _fitted_without(entrant, train, number, context)
        return np.stack([losses, scores, np.full(len(held), time.perf_counter() - start)])

    strategy, backbone = entrant.strategy, entrant.candidate.source.backbone
    code = code_digest("jeoni.planning.race", "jeoni.strategies", "jeoni.training", "jeoni.heads", "jeoni.tasks")
    of = digest_of(
        code, type(strategy).__module__, repr(strategy), backbone.fingerprint, repr(train.data.task),
        identity_of(train), train.data.targets, train.clusters, train.folds[:1], str(number), str(context.seed),
    )  # fmt: skip
    losses, scores, seconds = kept_once(context.store, "held out in a race", of, (3, len(held)), compute)
    return losses, scores, float(seconds[0])


def _fitted_without(entrant: Entrant, train: Examples, number: int, context: Context) -> tuple[FloatArray, FloatArray]:
    """Losses and scores of the items of one fold."""
    task, targets, fold = task_of(train.data), train.data.targets, train.folds[0]
    seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
    folds = len(np.unique(fold))
    inner = build_inner_folds(task.strata(targets[seen]), train.clusters[seen], folds, 1, context.seed)
    backbone = entrant.candidate.source.backbone
    try:
        model = entrant.strategy.fit(backbone, train.select(seen, inner), context)
        predictions = model.predict_examples(train.select(held, train.folds[:, held]), backbone, context)
    except Diverged:
        return np.full(len(held), WORST), np.full(len(held), np.nan)
    return task.losses(predictions, targets[held]), task.scores(predictions, targets[held])


def _drop_beaten(runners: Sequence[_Runner]) -> None:
    """Those that are clearly worse than the best on the items that both saw; the same on all processes."""
    racing = [runner for runner in runners if runner.folds and not runner.out]
    if not racing:
        return
    best = racing[_best([runner.standing for runner in racing], range(len(racing)))]
    beaten = [runner is not best and _errs_less(best.standing, runner.standing, CLEAR) for runner in racing]
    for runner, out in zip(racing, distributed.broadcast_object(beaten), strict=True):
        if out:
            runner.state = "beaten"


def _winner(runners: Sequence[_Runner]) -> _Runner:
    """Who would be chosen now; of what transfers and is still in, else the first that anything is known of."""
    raced = [runner for runner in runners if runner.folds and not runner.out]
    if all(runner.candidate.control for runner in raced):
        known = [runner for runner in runners if runner.folds] or list(runners)
        raced = [known[0], *(runner for runner in raced if runner is not known[0])]
        if known[0].candidate.control:
            return raced[0]
    return raced[choice_of([runner.standing for runner in raced])]


def choice_of(standings: Sequence[Standing]) -> int:
    """The simplest that is not worse than the best by more than a standard error, unless a control is clearly better.

    Of several that are as simple the best: such as the probes of two backbones.

    Args:
        standings: at least one that transfers; each with losses and scores of the first items, as many as it has seen.
    """
    transferred = [k for k, one in enumerate(standings) if not one.candidate.control]
    best = _best(standings, transferred)
    lowest = standings[best]
    tied = [k for k in transferred if k == best or not _errs_less(lowest, standings[k], TIE)]
    least = min(standings[k].candidate.complexity for k in tied)
    chosen = _best(standings, [k for k in tied if standings[k].candidate.complexity == least])
    better = [k for k, one in enumerate(standings) if one.candidate.control and _better(one, standings[chosen])]
    return _best(standings, better) if better else chosen


def _best(standings: Sequence[Standing], among: Sequence[int]) -> int:
    """Which one has the lowest loss on the items that all of those saw."""
    if len(among) == 1:
        return among[0]
    n = min(len(standings[k].losses) for k in among)
    return min(among, key=lambda k: standings[k].losses[:n].mean())


def _errs_less(one: Standing, other: Standing, errors: float) -> bool:
    """Whether one's losses are lower by more than so many standard errors: of items, or of groups of them."""
    ours, others = _common(one, other)
    if one.groups is None:
        return clearly_lower(ours, others, errors)
    return len(ours) > 0 and clustered_mean(others - ours, one.groups[: len(ours)]).is_above(errors)


def _common(one: Standing, other: Standing) -> tuple[FloatArray, FloatArray]:
    n = min(len(one.losses), len(other.losses))
    return one.losses[:n], other.losses[:n]


def _better(control: Standing, chosen: Standing) -> bool:
    """Whether a control errs less by more than a standard error, and does not score worse."""
    ours, other = control.scores, chosen.scores
    n = min(len(ours), len(other))
    return n > 0 and _errs_less(control, chosen, TIE) and bool(ours[:n].mean() >= other[:n].mean())


def _outcome(runner: _Runner) -> Outcome:
    entrant = runner.entrant
    return Outcome(
        entrant.candidate,
        runner.state,
        runner.folds,
        runner.losses,
        runner.scores,
        runner.seconds,
        entrant.price,
    )
