"""Training and test examples, and the folds that decide every choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.data.checks import Checked
from jeoni.data.splits import build_folds, check_clusters, repeats_for, split_test
from jeoni.errors import DataError
from jeoni.features.examples import Examples
from jeoni.features.extract import Extraction
from jeoni.tasks import strata_of
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset, IntArray

__all__ = ["Split", "split_examples"]


@dataclass(frozen=True)
class Split:
    """Training examples and, where one is kept, the test set.

    Attributes:
        train: with folds.
        test: None where cross-validation of the training examples is the estimate.
    """

    train: Examples
    test: Examples | None

    @property
    def held(self) -> Examples:
        """The examples that the scores come from."""
        return self.test or self.train

    @property
    def fold(self) -> list[str]:
        """For each of :attr:`held`: ``test``, or the number of its fold."""
        return ["test"] * len(self.test) if self.test else [str(f) for f in self.train.folds[0]]


def split_examples(
    data: Dataset, seen: Extraction, checked: Checked, *, folds: int, repeats: int, test_fraction: float, least: int,
    seed: int,
) -> Split:  # fmt: skip
    """The data's own test part, or a share of them, or none of few examples; folds for the rest.

    Args:
        data: the examples, with targets.
        seen: their extraction.
        checked: which can be used, and which belong together.
        folds: how many.
        repeats: how often they are drawn; 0 lets the number of examples decide.
        test_fraction: the share that is kept as test set where the data have no test part.
        least: the number of examples from which on a test set is kept.
        seed: of the draws.

    Raises:
        DataError: the test part left a class without a training example.
    """
    usable, strata = np.flatnonzero(checked.keep), strata_of(data)
    own = data.part[usable] == "test"
    if not own.any():
        check_clusters(checked.clusters[usable])
        if len(usable) >= least:
            own = split_test(strata[usable], checked.clusters[usable], test_fraction, seed)
    train, test = usable[~own], usable[own]
    _check_classes(data, train)
    if len(test) and np.bincount(strata[train]).max() < 2:  # one-shot: no example can be held out, the test set scores
        drawn = np.zeros((0, len(train)), dtype=np.int64)
    else:
        drawn = build_folds(strata[train], checked.clusters[train], folds, repeats or repeats_for(len(train)), seed)
    unfolded = np.zeros((1, len(test)), dtype=np.int64)
    return Split(
        Examples(data.select(train), checked.clusters[train], seen, train, drawn),
        Examples(data.select(test), checked.clusters[test], seen, test, unfolded) if len(test) else None,
    )


def _check_classes(data: Dataset, train: IntArray) -> None:
    """Raise a DataError if a class is left without a training example."""
    if not isinstance(data.task, Classification):
        return
    present = np.bincount(data.targets[train], minlength=data.task.width)
    missing = [name for name, k in zip(data.task.class_names, present, strict=True) if not k]
    if missing:
        raise DataError(
            f"All examples of a class went to the test part: {', '.join(missing[:5])}. They are near-identical, or of "
            "one group, with those of other classes; give a test part of your own, or more examples."
        )
