"""Which examples a search of hyper-parameters is made on that several repeats of a comparison share.

Repeats are put together as long as what all of them may train on is at least half of what each does. The trials train
on that common part; a repeat judges them by the rest, but for its own test items: in a round of five folds, three
repeats train trials on the two folds that none of them is tested on, and each judges them by the two folds that the
others are. Where the repeats have one test set in common there is nothing left to judge by, and a fifth of the common
part is.

With few labels per class, trials train on as many, and are judged by as many, but these are not the examples of one
repeat alone: the control sees more labels than its budget, and only to choose among a few rates. That can but favour
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from jeoni.assessment.draws import Draw, pick
from jeoni.assessment.holdout import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.specs import Recipe
from jeoni.tasks import strata_of
from jeoni.training.work import Work
from jeoni.types import Array, IntArray

__all__ = ["SearchData", "SearchResult", "Searches", "Searching", "count_of_searches", "shared_parts"]

COMMON = 0.5  # of what one repeat trains on, at least, must be there for the trials
HELD = 0.2  # of the common part, at least, must be there to judge by
ALIKE = 1.25  # times as many examples: what was found for fewer holds


class SearchResult(Protocol):
    """What a search found for one repeat.

    Attributes:
        seconds: that the search took.
        repeats: that share it.
    """

    @property
    def seconds(self) -> float:
        """See above."""

    @property
    def repeats(self) -> int:
        """See above."""


@dataclass(frozen=True)
class SearchData:
    """What a search is made on.

    Attributes:
        fit: what the trials train on: none of them is a test item of a repeat that shares the search.
        held: what they are judged by.
        sees: ``(repeats, held)`` bool: by which of them each repeat may judge.
    """

    fit: Examples
    held: Examples
    sees: Array


@runtime_checkable
class Searching(Strategy, Protocol):
    """A strategy whose hyper-parameters can be found once for several repeats.

    Attributes:
        recipe: of its trainings; a learning rate in it is not searched for.
    """

    recipe: Recipe

    def search(self, backbone: Backbone, data: SearchData, context: Context) -> list[Any] | None:
        """For each repeat what :meth:`fit_found` takes; None where there is nothing to be found."""

    def fit_found(self, backbone: Backbone, train: Examples, context: Context, found: Any) -> Any:
        """:meth:`fit`, by what was found."""

    def work_of_search(self, backbone: Backbone, n: int) -> Work:
        """What a search on ``n`` examples has to compute."""

    def work_of_fit(self, backbone: Backbone, n: int) -> Work:
        """What :meth:`fit_found` on ``n`` examples has to compute."""


class Searches:
    """The searches of one strategy in a comparison; budgets of about as many examples share what was found.

    Args:
        strategy: that is searched for.
        backbone: to transfer from.
        examples: all of them.
        draws: of the comparison.
        context: where to compute.
        folds: of the examples that trials train on.
    """

    def __init__(
        self,
        strategy: Searching,
        backbone: Backbone,
        examples: Examples,
        draws: Sequence[Draw],
        context: Context,
        folds: int,
    ) -> None:
        self._strategy, self._backbone, self._examples = strategy, backbone, examples
        self._draws, self._context, self._folds = draws, context, folds
        self._n, self._found = 0, dict[int, Any]()

    def at(self, budget: int | None) -> dict[int, Any]:
        """What was found for each draw at so many labels per class; empty where there is nothing to be found."""
        strata = strata_of(self._examples.data)
        n = min(len(pick(strata, draw.train, budget, 0)) for draw in self._draws)
        if self._found and n <= ALIKE * self._n:
            return self._found
        self._n, self._found = n, {}
        for part in shared_parts(self._draws, strata, self._examples.clusters, budget, self._context.seed):
            found = self._strategy.search(self._backbone, self._data(part), self._context)
            self._found |= dict(zip(part.draws, found or (), strict=False))
        return self._found

    def _data(self, part: SharedPart) -> SearchData:
        strata, clusters = strata_of(self._examples.data)[part.fit], self._examples.clusters[part.fit]
        inner = build_folds(strata, clusters, self._folds, 1, self._context.seed)
        fit = replace(self._examples.select(part.fit, inner), of=len(part.fit))
        return SearchData(fit, self._examples.select(part.held, self._examples.folds[:, part.held]), part.sees)


@dataclass(frozen=True)
class SharedPart:
    """One search.

    Attributes:
        draws: numbers of the draws that share it.
        fit: ``(n,)`` where the examples are that trials train on; none is a test example of any of these draws.
        held: ``(m,)`` where those are that the trials are judged by.
        sees: ``(draws, m)`` bool: by which of them each may judge; never by its own test examples.
    """

    draws: tuple[int, ...]
    fit: IntArray
    held: IntArray
    sees: Array


def shared_parts(
    draws: Sequence[Draw], strata: IntArray, clusters: IntArray, budget: int | None, seed: int
) -> list[SharedPart]:
    """Put draws together, and say on what each group searches.

    Args:
        draws: all of a comparison.
        strata: ``(n,)`` of all examples.
        clusters: ``(n,)``; examples of one number stay on one side.
        budget: labels per class; None is all.
        seed: of what is picked.
    """
    return [_part(group, strata, clusters, budget, seed) for group in _groups(draws)]


def count_of_searches(repeats: int, folds: int, own_test: bool) -> int:
    """How many searches a comparison will make at one number of labels.

    Example:
        >>> [count_of_searches(repeats, 5, False) for repeats in (1, 3, 5)]
        [1, 1, 2]
    """
    if own_test:
        return 1
    together = max(1, int(folds - COMMON * (folds - 1) + 1e-9))
    rounds, rest = divmod(repeats, folds)
    return rounds * -(-folds // together) + -(-rest // together)


def _groups(draws: Sequence[Draw]) -> list[list[Draw]]:
    """Draws in their order, a new group wherever too little would be left in common."""
    groups: list[list[Draw]] = []
    for draw in draws:
        together = [*groups[-1], draw] if groups else []
        if together and _of_one_round(together) and _much_in_common(together):
            groups[-1] = together
        else:
            groups.append([draw])
    return groups


def _of_one_round(group: Sequence[Draw]) -> bool:
    """Whether the last one is tested on nothing that the others are, or on the very same."""
    last = group[-1].test
    return all(np.array_equal(last, one.test) or not np.isin(last, one.test).any() for one in group[:-1])


def _much_in_common(group: Sequence[Draw]) -> bool:
    return len(_common(group)) >= COMMON * max(len(one.train) for one in group)


def _common(group: Sequence[Draw]) -> IntArray:
    """What all of them may train on, and none of them is tested on."""
    common = group[0].train
    for draw in group[1:]:
        common = np.intersect1d(common, draw.train)
    tested = np.concatenate([draw.test for draw in group])
    return np.setdiff1d(common, tested)


def _part(group: Sequence[Draw], strata: IntArray, clusters: IntArray, budget: int | None, seed: int) -> SharedPart:
    common = _common(group)
    trained = np.unique(np.concatenate([draw.train for draw in group]))
    rest = np.setdiff1d(trained, common)
    least = min(int((~np.isin(rest, draw.test)).sum()) for draw in group)
    if least < HELD * len(common):
        folds = build_folds(strata[common], clusters[common], round(1 / HELD), 1, seed)[0]
        rest = np.sort(np.concatenate([rest, common[folds == 0]]))
        common = common[folds != 0]
    fit = pick(strata, common, budget, seed)
    judged = [pick(strata, rest[~np.isin(rest, draw.test)], budget, seed) for draw in group]
    held = np.unique(np.concatenate(judged))
    sees = np.stack([np.isin(held, some) for some in judged])
    return SharedPart(tuple(draw.number for draw in group), fit, held, sees)
