"""A fit within a time: what is given up for it, in which order, and the smallest time that would do.

First folds are drawn fewer times; then trainings are shorter, with as many random views as they have passes over the
data; then there are no pictures; last, no control. Below that nothing honest is left, and the run does not begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from jeoni.console.durations import duration
from jeoni.data.splits import repeats_for
from jeoni.deadline import PlannedFit
from jeoni.errors import ConfigError
from jeoni.locale import Said
from jeoni.planning.cost import Cost
from jeoni.planning.runs import Trials
from jeoni.specs import CompareSpec, FitSpec
from jeoni.specs.amounts import write_duration

__all__ = ["LEAST", "MARGIN", "TELLING", "Kept", "KeptTrials", "keep_budget", "keep_trials"]

MARGIN = 0.94  # of the time that is left is planned for: what a calibration of seconds cannot know takes the rest
LEAST = 0.1  # of its full length is the shortest training that is worth the name
TELLING = 0.25  # of its full length is the shortest training that tells anything of a longer one
ROUNDED_S = 5.0
FEWEST_DRAWS = 2  # of a comparison: one draw alone has no interval worth the name
Price = Callable[[FitSpec], Cost]


@dataclass(frozen=True)
class Kept:
    """A fit that keeps a budget.

    Attributes:
        spec: the options, with what was given up.
        cost: of that, its trainings at full length.
        share: of their full length that trainings can have; 1 where nothing is shortened.
        said: what was given up, in sentences.
    """

    spec: FitSpec
    cost: Cost
    share: float
    said: tuple[Said, ...] = ()

    @property
    def after_s(self) -> float:
        """Seconds of what follows the last fit: controls, scores, pictures, report."""
        return self.cost.parts["controls"] + self.cost.parts["report"]


def keep_budget(spec: FitSpec, left_s: float, price: Price, n: int, crossed: bool) -> Kept:
    """Give up as little as the time that is left asks for.

    Args:
        spec: the options, with a budget.
        left_s: seconds of it that are left.
        price: the cost of a fit by its options.
        n: examples.
        crossed: whether folds are the estimate, for want of a test set.

    Raises:
        ConfigError: nothing fits; the message names the smallest budget that would do.
    """
    room = MARGIN * left_s
    tried = []
    for attempt in _ladder(spec, n, crossed):
        chosen, cost = _with_fewer_views(attempt, price, room)
        share = _share(cost, room)
        wanted = 1.0 if _repeats(attempt, n, crossed) > 1 else LEAST if cost.training_s else 1.0
        if share >= wanted:
            return Kept(chosen, cost, min(1.0, share), tuple(_given_up(spec, chosen, cost, share, n, crossed)))
        tried.append(cost)
    smallest = min(cost.seconds - (1 - LEAST) * cost.training_s for cost in tried)
    passed = (spec.budget_s or 0.0) - left_s
    raise _too_small(spec, passed, smallest, price)


@dataclass(frozen=True)
class KeptTrials:
    """A comparison that keeps a budget.

    Attributes:
        spec: the options, with what was given up.
        trials: what it takes, trainings at full length.
        share: of their full length that trainings can have; 1 where nothing is shortened.
        said: what was given up, in sentences.
    """

    spec: CompareSpec
    trials: Trials
    share: float
    said: tuple[Said, ...] = ()

    def fits(self, names: Callable[[str, int | None, int], str]) -> list[PlannedFit]:
        """In the order in which they are made; ``names`` of strategy, labels per class and draw."""
        budgets = list(dict.fromkeys(budget for _, budget in self.trials.fits))
        return [
            replace(self.trials.fits[strategy, budget], name=names(strategy, budget, draw))
            for budget in budgets
            for draw in range(self.spec.repeats)
            for strategy in self.spec.arms
        ]

    @property
    def after_s(self) -> float:
        """Seconds of what follows the last trial."""
        return self.trials.estimate.parts["stages"] + self.trials.estimate.parts["report"]


def keep_trials(spec: CompareSpec, left_s: float, price: Callable[[CompareSpec], Trials]) -> KeptTrials:
    """Give up as little of a comparison as the time asks for: the stages' probes, then draws, then length of trainings.

    Args:
        spec: the options, with a budget.
        left_s: seconds of it that are left.
        price: the trials and their seconds by the options.

    Raises:
        ConfigError: nothing fits; the message names the smallest budget that would do.
    """
    room, budget = MARGIN * left_s, duration(spec.budget_s or 0.0)
    without = spec.changed(stages=False)
    attempts = [spec, without, *(without.changed(repeats=k) for k in range(spec.repeats - 1, FEWEST_DRAWS - 1, -1))]
    smallest = float("inf")
    for attempt in attempts:
        trials = price(attempt)
        training = attempt.repeats * sum(fit.training_s for fit in trials.fits.values())
        free = room - (trials.estimate.seconds - training)
        share = free / training if training else float(free >= 0)
        smallest = min(smallest, trials.estimate.seconds - (1 - LEAST) * training)
        if share < (LEAST if attempt is attempts[-1] and training else 1.0):
            continue
        said = []
        if spec.stages and not attempt.stages:
            said.append(Said("budget.no_stages", budget=budget))
        if attempt.repeats < spec.repeats:
            said.append(Said("budget.draws", budget=budget, n=f"{attempt.repeats}", full=f"{spec.repeats}"))
        if share < 1:
            said.append(Said("budget.share", budget=budget, percent=f"{max(1, round(100 * share))}"))
        return KeptTrials(attempt, trials, min(1.0, share), tuple(said))
    passed = (spec.budget_s or 0.0) - left_s
    needed = write_duration(_rounded(passed + smallest / MARGIN))
    raise ConfigError(Said("budget.too_small", budget=repr(spec.budget), passed=duration(passed), needed=needed))


def _ladder(spec: FitSpec, n: int, crossed: bool) -> Iterator[FitSpec]:
    """The options, and then with more and more given up."""
    yield spec
    for repeats in range(_repeats(spec, n, crossed) - 1, 0, -1):
        spec = spec.changed(repeats=repeats)
        yield spec
    for name in ("pictures", "control"):
        if getattr(spec, name):
            spec = spec.changed(**{name: False})
            yield spec


def _repeats(spec: FitSpec, n: int, crossed: bool) -> int:
    """How often folds are drawn."""
    if not crossed:
        return 1
    return spec.repeats or (repeats_for(n) if spec.strategy == "probe" else 1)


def _share(cost: Cost, room: float) -> float:
    """Of the full length of its trainings, what the time allows; of a fit without any, 1 or 0."""
    free = room - (cost.seconds - cost.training_s)
    if not cost.training_s:
        return 1.0 if free >= 0 else 0.0
    return max(0.0, free / cost.training_s)


def _with_fewer_views(spec: FitSpec, price: Price, room: float) -> tuple[FitSpec, Cost]:
    """No more random views than a shortened training has passes over its examples."""
    cost = price(spec)
    full, each = cost.views, cost.parts["views"] / max(1, cost.views)
    if _share(cost, room) >= 1 or not full:
        return spec, cost
    for views in range(full, -1, -1):
        without = room + (full - views) * each
        if views <= _share(cost, without) * cost.epochs:
            break
    if views == full:
        return spec, cost
    spec = spec.changed(views=views) if views else spec.changed(augment="none", views=None)
    return spec, price(spec)


def _given_up(asked: FitSpec, chosen: FitSpec, cost: Cost, share: float, n: int, crossed: bool) -> Iterator[Said]:
    """What the budget cost, in sentences."""
    budget = duration(asked.budget_s or 0.0)
    repeats, full = (_repeats(spec, n, crossed) for spec in (chosen, asked))
    if repeats < full:
        yield Said("budget.repeats", budget=budget, n=f"{repeats}", full=f"{full}")
    if cost.training_s and share < 1:
        yield Said("budget.share", budget=budget, percent=f"{max(1, round(100 * share))}")
    if asked.pictures and not chosen.pictures:
        yield Said("budget.no_pictures", budget=budget)
    if asked.control and not chosen.control:
        yield Said("budget.no_control", budget=budget)


def _too_small(spec: FitSpec, passed: float, smallest: float, price: Price) -> ConfigError:
    needed = _rounded(passed + smallest / MARGIN)
    values = {"budget": repr(spec.budget), "passed": duration(passed), "needed": write_duration(needed)}
    if spec.strategy == "probe":
        return ConfigError(Said("budget.too_small", **values))
    probe = spec.changed(strategy="probe", control=False, pictures=False, repeats=1)
    quicker = _rounded(passed + price(probe).seconds / MARGIN)
    if quicker >= needed:
        return ConfigError(Said("budget.too_small", **values))
    values |= {"strategy": spec.strategy, "probe": write_duration(quicker)}
    return ConfigError(Said("budget.too_small_to_train", **values))


def _rounded(seconds: float) -> float:
    """Up to a number that people say."""
    return ROUNDED_S * -(-seconds * 1.05 // ROUNDED_S)
