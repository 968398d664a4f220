"""Leave-one-out nearest neighbours (Cover & Hart 1967): the baseline that beats most scores (arXiv:2503.18528).

Each example is given the class that most of its nearest others have, by the cosine of the features; of equally many,
the class of the nearest one. Examples of its own group are no neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, weighted_means
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["KNN"]

BLOCK = 1000


@dataclass(frozen=True)
class KNN:
    """Accuracy, between 0 and 1.

    Attributes:
        neighbours: how many have a vote.
    """

    neighbours: int = 5

    title: ClassVar[str] = "leave-one-out kNN"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The share of examples whose neighbours are right.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        return float(self.right(features, labels, groups).mean())

    def resampled(self, rows: Any, labels: Any, groups: IntArray | None, weights: FloatArray) -> FloatArray:
        """See :class:`jeoni.transferability.candidate.Resampled`: who is right stays, who is asked is drawn."""
        return weighted_means(self.right(rows, labels, groups), weights)

    def right(self, features: Any, labels: Any, groups: IntArray | None = None) -> Array:
        """``(n,)`` bool: whose neighbours vote for its class."""
        X, y, classes = checked(features, labels)
        length = np.linalg.norm(X, axis=1, keepdims=True)
        unit = X / np.where(length > 0, length, 1.0)
        own = np.arange(len(X)) if groups is None else np.asarray(groups)
        found = np.zeros(len(X), dtype=np.int64)
        for start in range(0, len(X), BLOCK):
            part = slice(start, start + BLOCK)
            likeness = unit[part] @ unit.T
            likeness[own[part, None] == own] = -np.inf
            found[part] = self._voted(likeness, y, classes)
        right: Array = found == y
        return right

    def _voted(self, likeness: FloatArray, y: IntArray, classes: int) -> IntArray:
        """``(m,)`` classes; -1 where there is no neighbour at all."""
        order = np.argsort(-likeness, axis=1, kind="stable")[:, : self.neighbours]
        able = np.isfinite(np.take_along_axis(likeness, order, axis=1))
        votes = np.zeros((len(order), classes))
        for k in range(order.shape[1]):
            # a vote of a nearer one weighs a little more: it decides between classes with as many votes
            np.add.at(votes, (np.arange(len(order)), y[order[:, k]]), able[:, k] * (1 + 1e-6 * 0.5**k))
        return np.where(able.any(1), votes.argmax(1), -1)
