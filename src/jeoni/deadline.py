"""The time that a run may take, and the share of it that each of its trainings gets.

A run says beforehand which fits it will make: the seconds of their trainings at full length, and of all else. A
training's allowance is then its share of the time that is left, once all that is not a training has its own. So a
machine that turns slower, or a training that stops early, is made up for by those that follow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Allowance", "Deadline", "PlannedFit", "Spent"]

Clock = Callable[[], float]


@dataclass(frozen=True)
class PlannedFit:
    """What one fit is expected to take.

    Attributes:
        training_s: seconds of its trainings at full length, their evaluations among them.
        other_s: seconds of all else: heads, random views, predictions.
        name: by which it is known where not all that are planned are made.
    """

    training_s: float
    other_s: float = 0.0
    name: str = ""

    def at(self, length: float) -> float:
        """Seconds, when trainings have this share of their full length."""
        return self.other_s + length * self.training_s


@dataclass(frozen=True)
class Allowance:
    """The time that one training may take.

    Attributes:
        seconds: from its first step on.
        budget_s: of the whole run, for what is told.
        clock: seconds that only grow.
    """

    seconds: float
    budget_s: float
    clock: Clock = time.perf_counter


class Deadline:
    """When a run must be done.

    Args:
        budget_s: seconds that it may take in all.
        spent_s: of them, those that earlier calls of the same run took.
        started: when this call began, by ``clock``; now, if left out.
        clock: seconds that only grow.

    Example:
        >>> deadline = Deadline(100.0, clock=lambda: 0.0)
        >>> deadline.expect([PlannedFit(120.0, 10.0), PlannedFit(120.0, 10.0)], after_s=20.0)
        >>> deadline.begin_fit()
        >>> deadline.allow("finetune", 120).seconds  # the first of two alike: half of what is left for trainings
        30.0
    """

    def __init__(
        self, budget_s: float, spent_s: float = 0.0, started: float | None = None, clock: Clock = time.perf_counter
    ) -> None:
        self.budget_s, self.clock = budget_s, clock
        self._end = (clock() if started is None else started) + budget_s - spent_s
        self._coming: list[PlannedFit] = []
        self._prices: Mapping[Hashable, float] = {}
        self._after_s = self._unmade_s = self._whole_s = self._other_s = 0.0
        self._begun: float | None = None  # a fit that has not trained yet: when it began

    @property
    def left_s(self) -> float:
        """Seconds; below zero where it has passed."""
        return self._end - self.clock()

    def extend(self, left_s: float) -> None:
        """Give at least so many seconds from now on, where less is left."""
        self._end = max(self._end, self.clock() + left_s)

    def expect(
        self, fits: Sequence[PlannedFit], after_s: float = 0.0, prices: Mapping[Hashable, float] | None = None
    ) -> None:
        """Say what is to come.

        Args:
            fits: in the order in which they will be made.
            after_s: seconds of all that follows the last one.
            prices: seconds of a step, by the kind of training; of a kind that is not among them, their mean.
        """
        self._coming, self._after_s, self._prices = list(fits), after_s, dict(prices or {})
        self._unmade_s = self._whole_s = self._other_s = 0.0

    def begin_fit(self, name: str = "") -> None:
        """The next fit begins; what was left of the one before goes to those that follow.

        Args:
            name: its name; those that were planned before it are not made.
        """
        if name in [fit.name for fit in self._coming]:
            while self._coming[0].name != name:
                self._coming.pop(0)
        if self._coming:
            fit = self._coming.pop(0)
            self._unmade_s = self._whole_s = fit.training_s
            self._other_s, self._begun = fit.other_s, self.clock()

    def allow(self, kind: Hashable, steps: float) -> Allowance:
        """The time of a training that begins now.

        Args:
            kind: of the training, by which the price of a step is known.
            steps: at full length, evaluations in units of steps among them.
        """
        own = steps * self._price(kind)
        unmade = max(own, self._unmade_s) + sum(fit.training_s for fit in self._coming)
        if self._begun is not None:  # views and heads that come before the first training are made
            self._other_s, self._begun = max(0.0, self._other_s - (self.clock() - self._begun)), None
        # heads and predictions of this fit, as far as its trainings are still to come
        other = self._other_s * (self._unmade_s / self._whole_s if self._whole_s else 0.0)
        other += sum(fit.other_s for fit in self._coming)
        self._unmade_s = max(0.0, self._unmade_s - own)
        share = own / unmade if unmade else 1.0
        return Allowance(max(0.0, self.left_s - self._after_s - other) * share, self.budget_s, self.clock)

    def _price(self, kind: Hashable) -> float:
        if kind in self._prices or not self._prices:
            return self._prices.get(kind, 1.0)
        return sum(self._prices.values()) / len(self._prices)


class Spent:
    """Seconds that were spent inside a fit, by what on.

    Example:
        >>> spent = Spent(clock=iter((1.0, 4.0)).__next__)
        >>> with spent.on("training"):
        ...     pass
        >>> spent.seconds
        {'training': 3.0}
    """

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count what is done inside."""
        start = self._clock()
        try:
            yield
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + self._clock() - start
