"""Draws of a comparison: what is trained on and what is tested on, again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.data.splits import build_folds
from jeoni.types import IntArray

__all__ = ["Draw", "draws_by_fold", "draws_for_test", "pick"]


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
