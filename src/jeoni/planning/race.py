"""The race: candidates on the same folds, clearly worse ones dropped on the way (successive halving), within a time.

Jamieson & Talwalkar AISTATS 2016 (arXiv:1502.07943) halve the field at every round; here a candidate goes on as long as
the folds so far do not say that it is clearly worse than the best, so that none is lost to chance. Who wins is told by
:mod:`.choosing`. The test set takes no part.

Within a time, each round begins with the candidate that promises most gain per second, and a training that would come
too late is shortened, as long as it still tells something; controls are not, for a control that was cut short would
flatter what transfers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from jeoni import distributed
from jeoni.assessment.holdout import Strategy
from jeoni.deadline import Deadline, PlannedFit
from jeoni.features.examples import Context, Examples
from jeoni.planning.candidates import Candidate
from jeoni.planning.choosing import TIE, Standing, best_of, choice_of, errs_less, expected_gain
from jeoni.planning.held_out import held_out, held_out_by_trial
from jeoni.planning.price import Price, length_within
from jeoni.planning.similarity import mean_interval
from jeoni.strategies.finetune import Finetune
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["Entrant", "Outcome", "Race", "State", "run_race"]

CLEAR = 2.0  # standard errors by which one is out

State = Literal["chosen", "in reach", "beaten", "no time", "not tried", "failed"]


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
        folds: that it was held against the others on; a trial of its own counts as one.
        losses: ``(n,)`` of all items; NaN where one was not held out from it.
        scores: ``(n,)`` the same in the task's measure, higher is better.
        seconds: that it took, features among them.
        price: what it was expected to take; None where nothing was measured.
        length: of its trainings, as a share of their full length.
        tried: whether the first of these was the training with which its own fit begins.
    """

    candidate: Candidate
    state: State
    folds: int
    losses: FloatArray = field(repr=False)
    scores: FloatArray = field(repr=False)
    seconds: float
    price: Price | None
    length: float = 1.0
    tried: bool = False

    @property
    def raced(self) -> bool:
        """Whether anything is known of it."""
        return self.items > 0

    @property
    def items(self) -> int:
        """That were held out from it."""
        return int((~np.isnan(self.losses)).sum())

    @property
    def loss(self) -> float:
        """The mean of these."""
        return float(np.nanmean(self.losses)) if self.raced else float("nan")


@dataclass(frozen=True)
class Race:
    """How it ended.

    Attributes:
        outcomes: all, in the order they were given.
        chosen: the winner.
        groups: ``(n,)`` of the items; None where each stands alone.
        complete: whether all that could be raced was, on as many folds, so that nothing was left out for want of time.
    """

    outcomes: tuple[Outcome, ...]
    chosen: Outcome
    groups: IntArray | None
    complete: bool

    @property
    def unfinished(self) -> list[Outcome]:
        """Candidates that there was time for on some of the folds only, though they were not beaten."""
        return _unfinished(self.outcomes)

    @property
    def shortened(self) -> list[Outcome]:
        """Candidates whose trainings had less than their full length."""
        return [outcome for outcome in self.outcomes if outcome.raced and outcome.length < 1]

    @property
    def as_good(self) -> list[Outcome]:
        """The winner, and what is as simple, transfers, and is worse by no more than a standard error."""
        won = self.chosen
        rivals = [o for o in self.outcomes if o.state == "in reach" and not o.candidate.control]
        alike = [o for o in rivals if o.candidate.complexity == won.candidate.complexity]
        return [won, *(o for o in alike if not errs_less(self._standing(won), self._standing(o), TIE))]

    def _standing(self, outcome: Outcome) -> Standing:
        return Standing(outcome.candidate, outcome.losses, outcome.scores, self.groups)

    def score(self, outcome: Outcome, seed: int) -> Interval | None:
        """Its held-out score with its interval; None where it was not raced, or diverged."""
        return self._mean(outcome.scores, ~np.isnan(outcome.losses), seed)

    def to_chosen(self, outcome: Outcome, seed: int) -> Interval | None:
        """Its score minus that of the winner on the items that both were held against; None where there are none."""
        both = ~np.isnan(outcome.losses) & ~np.isnan(self.chosen.losses)
        return self._mean(outcome.scores - self.chosen.scores, both, seed)

    def _mean(self, values: FloatArray, known: Array, seed: int) -> Interval | None:
        if not known.any() or np.isnan(values[known]).any():
            return None
        return mean_interval(values[known], None if self.groups is None else self.groups[known], seed)


def _unfinished(outcomes: Sequence[Outcome]) -> list[Outcome]:
    most = max(outcome.folds for outcome in outcomes)
    return [o for o in outcomes if o.state in ("chosen", "in reach") and 0 < o.folds < most]


class _Runner:
    """An entrant under way; what is known of it from an earlier race is not computed again."""

    def __init__(self, entrant: Entrant, earlier: Outcome | None, n: int, groups: IntArray | None) -> None:
        self.entrant, self.groups = entrant, groups
        self.examples: Examples | None = None
        self.losses: FloatArray = earlier.losses.copy() if earlier else np.full(n, np.nan)
        self.scores: FloatArray = earlier.scores.copy() if earlier else np.full(n, np.nan)
        self.folds = earlier.folds if earlier else 0
        self.seconds = earlier.seconds if earlier else 0.0
        self.length = earlier.length if earlier else 1.0
        self.state: State = earlier.state if earlier else "not tried"
        if self.state == "chosen":  # of the earlier race
            self.state = "in reach" if self.folds else "not tried"

    @property
    def candidate(self) -> Candidate:
        return self.entrant.candidate

    @property
    def standing(self) -> Standing:
        return Standing(self.candidate, self.losses, self.scores, self.groups)

    @property
    def out(self) -> bool:
        return self.state in ("beaten", "no time", "failed")

    @property
    def price(self) -> Price:
        return self.entrant.price or Price(0.0, 0.0)

    @property
    def tries(self) -> bool:
        """Whether it begins with a trial of its own: a training that its whole fit goes on from."""
        return self.price.trial is not None

    @property
    def may_be_shortened(self) -> bool:
        """Before its first round; then its length is that of all of them."""
        return not self.folds and not self.candidate.control and self.price.first.training_s > 0

    def run(self, fold: int, context: Context) -> None:
        """A trial first, where it has one; else fit without one fold, and score what was held out."""
        if self.examples is None:
            start = time.perf_counter()
            self.examples = self.entrant.examples()
            self.seconds += time.perf_counter() - start
        strategy, backbone = self.entrant.strategy, self.candidate.source.backbone
        deadline = self.price.deadline_of(self._next, self.length) if self.length < 1 else None
        if self.tries and not self.folds and isinstance(strategy, Finetune):
            found = held_out_by_trial(strategy, backbone, self.examples, context, deadline)
        else:
            found = held_out(strategy, backbone, self.examples, fold, context, deadline)
        self.losses[found.items], self.scores[found.items] = found.losses, found.scores
        self.folds += 1
        self.seconds += found.seconds
        self.state = "failed" if np.isnan(found.scores).any() else "in reach"

    @property
    def next_s(self) -> float:
        """Seconds of its next round, and of what that computes once for all."""
        if not self.entrant.price:
            return self.seconds / self.folds if self.folds else 0.0
        return self._slower * self._next.at(self.length) + (0.0 if self.folds else self.price.once_s)

    @property
    def last_s(self) -> float:
        """Seconds of the whole fit after that."""
        return self._slower * self.price.rest.at(self.length)

    @property
    def _next(self) -> PlannedFit:
        return self.price.fold if self.folds else self.price.first

    @property
    def _slower(self) -> float:
        """Times as long as was expected that its rounds took so far."""
        expected = self.price.once_s + self.price.first.at(self.length)
        expected += (self.folds - 1) * self.price.fold.at(self.length)
        return self.seconds / expected if self.folds and expected > 0 else 1.0


def run_race(
    entrants: Sequence[Entrant],
    examples: Examples,
    context: Context,
    *,
    deadline: Deadline | None = None,
    fit_follows: bool = True,
    earlier: Sequence[Outcome] = (),
) -> Race:
    """Hold the candidates against each other, fold by fold.

    Args:
        entrants: the one to fall back on first; it is always run.
        examples: with the folds of the race, the first of :attr:`Examples.folds`.
        context: store, seed, console.
        deadline: a candidate is not begun that would end later; None is no limit.
        fit_follows: whether the whole fit of whatever may win must end by then too.
        earlier: what is known of some of the candidates from a race on the same folds.
    """
    fold, context = examples.folds[0], replace(context, deadline=None)
    numbers = np.unique(fold)
    known = {outcome.candidate.name: outcome for outcome in earlier}
    groups = None if examples.groups is None else examples.clusters
    runners = [_Runner(entrant, known.get(entrant.candidate.name), len(examples), groups) for entrant in entrants]
    limit = None if deadline is None else _Time(deadline, fit_follows, runners)
    rounds = sum(len(numbers) - runner.folds for runner in runners if not runner.out)
    with context.console.track("Racing", rounds, limit.expected_s(len(numbers)) if limit else None) as advance:
        for position, number in enumerate(numbers):
            for runner in limit.in_turn() if limit else runners:
                if runner.out or runner.folds != position:
                    continue
                seconds = runner.next_s
                if limit is None or limit.is_enough_for(runner):
                    runner.run(int(number), context)
                else:
                    runner.state = runner.state if runner.folds else "no time"
                advance(1, seconds)
            _drop_beaten(runners)
            if len(runners) > 1 and sum(not runner.out for runner in runners) < 2:
                break
    winner = distributed.broadcast_object(runners.index(_winner(runners)))
    runners[winner].state = "chosen"
    outcomes = tuple(_outcome(runner) for runner in runners)
    late = any(outcome.state == "no time" or (outcome.raced and outcome.length < 1) for outcome in outcomes)
    return Race(outcomes, outcomes[winner], groups, not late and not _unfinished(outcomes))


@dataclass(frozen=True)
class _Time:
    """The time of a race; all processes go by the clock of the first.

    Attributes:
        deadline: when it must be done.
        fit_follows: whether the whole fit of whatever may win must be done by then too.
        runners: the one to fall back on first.
    """

    deadline: Deadline
    fit_follows: bool
    runners: Sequence[_Runner]

    def expected_s(self, folds: int) -> float | None:
        """Seconds of all rounds to come, as far as they are not cut short; None where nobody knows."""
        coming = [runner for runner in self.runners if not runner.out and runner.folds < folds]
        later = sum((folds - runner.folds - 1) * runner.price.fold_s for runner in coming)
        expected = min(sum(runner.next_s for runner in coming) + later, self.deadline.left_s)
        return expected if expected > 0 else None

    def in_turn(self) -> list[_Runner]:
        """The leader, and the others by what they may be expected to gain per second, the most first.

        Of those that nothing is known of yet all are taken to gain alike: the quickest come first.
        """
        leader = self._leader

        def key(runner: _Runner) -> tuple[bool, float, float]:
            gain = expected_gain(runner.standing, leader.standing) if runner.folds else np.inf
            return runner is not leader, -gain / max(runner.next_s, 1e-9), runner.next_s

        order = sorted(range(len(self.runners)), key=lambda k: key(self.runners[k]))
        return [self.runners[k] for k in distributed.broadcast_object(order)]

    def is_enough_for(self, runner: _Runner) -> bool:
        """Whether a fold of it, and the whole fit of whatever may win then, will end in time; it may be shortened."""
        if runner is self.runners[0]:
            return True
        left_s, whole = self.deadline.left_s, runner.length
        if runner.may_be_shortened:
            runner.length = length_within(runner.price, left_s, self.fit_follows)
        last_s = max(runner.last_s, self._leader.last_s) if self.fit_follows else 0.0
        enough = runner.length > 0 and runner.next_s + last_s <= left_s
        runner.length, enough = distributed.broadcast_object((runner.length if enough else whole, enough))
        return enough

    @property
    def _leader(self) -> _Runner:
        """Who would win now."""
        return _winner([runner for runner in self.runners if runner.folds] or [self.runners[0]])


def _drop_beaten(runners: Sequence[_Runner]) -> None:
    """Those that are clearly worse than the best on the items that both saw; the same on all processes."""
    racing = [runner for runner in runners if runner.folds and not runner.out]
    if not racing:
        return
    best = racing[best_of([runner.standing for runner in racing], range(len(racing)))]
    beaten = [runner is not best and errs_less(best.standing, runner.standing, CLEAR) for runner in racing]
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
        runner.length,
        runner.tries and runner.folds > 0,
    )
