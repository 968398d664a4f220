"""What a query method sees, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np

from jeoni.querying.choosing.learner import Learner
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Chosen", "Pool", "Querier", "on_one_scale", "unit_length"]


@dataclass(frozen=True)
class Chosen:
    """Rows of the pool in the order in which they should be labelled.

    Attributes:
        index: ``(b,)`` their numbers, each once.
        scores: ``(b,)`` why each was chosen, in the method's own unit; NaN where it has none.
    """

    index: IntArray
    scores: FloatArray


@dataclass(frozen=True)
class Pool:
    """Frozen features of all items, and the head that learned from the labelled ones.

    Attributes:
        rows: ``(n, d)`` of the items that can be asked for.
        labelled: ``(m, d)`` of those that have a label.
        labels: ``(m,)`` their classes.
        learner: fitted on them; None where they are of fewer than two classes.
        seed: of random choices.
    """

    rows: Array
    labelled: Array
    labels: IntArray
    learner: Learner | None = None
    seed: int = 0

    @property
    def known_classes(self) -> int:
        """How many classes have a label."""
        return len(np.unique(self.labels))

    @cached_property
    def probs(self) -> FloatArray:
        """``(n, K)`` of the classes that have a label.

        Raises:
            ValueError: the labels are of fewer than two classes.
        """
        if self.learner is None:
            raise ValueError(f"The labels are of {self.known_classes} classes; probabilities need two at least.")
        return self.learner.probs(self.rows)

    @cached_property
    def directions(self) -> FloatArray:
        """``(n, d)`` rows of length one."""
        return unit_length(self.rows)

    @cached_property
    def labelled_directions(self) -> FloatArray:
        """``(m, d)`` labelled rows of length one."""
        return unit_length(self.labelled)


def unit_length(rows: Array) -> FloatArray:
    """Rows divided by their length; rows of zeros stay.

    Example:
        >>> unit_length(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    wide = np.asarray(rows, dtype=np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    found: FloatArray = wide / np.where(length > 0, length, 1.0)
    return found


def on_one_scale(rows: Array) -> Array:
    """Rows of numbers of a table with mean 0 and deviation 1 in each column; a constant column is 0.

    Example:
        >>> on_one_scale(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
    """
    spread = rows.std(0)
    found: Array = (rows - rows.mean(0)) / np.where(spread > 0, spread, 1.0)
    return found


class Querier(Protocol):
    """Choose what to label next. A file offers one: a frozen dataclass whose fields are its hyper-parameters.

    Attributes:
        needs_labels: whether it goes by a head that has learned from labels of two classes or more.
        score: what its scores are, in a few words.
    """

    needs_labels: ClassVar[bool]
    score: ClassVar[str]

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """``budget`` rows of the pool, from 1 to all of them."""
