"""A fit within a time: what is given up for it, in which order, and the smallest time that would do.

First folds are drawn fewer times; then trainings are shorter, with as many random views as they have passes over the
data; then there are no pictures; last, no control. Below that nothing honest is left, and the run does not begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jeoni.console.durations import duration
from jeoni.data.splits import repeats_for
from jeoni.errors import ConfigError
from jeoni.locale import Said
from jeoni.planning.cost import Cost
from jeoni.specs import FitSpec
from jeoni.specs.amounts import write_duration

__all__ = ["MARGIN", "Kept", "keep_budget"]

MARGIN = 0.94  # of the time that is left is planned for: what a calibration of seconds cannot know takes the rest
LEAST = 0.1  # of its full length is the shortest training that is worth the name
ROUNDED_S = 5.0
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
