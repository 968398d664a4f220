"""What a way of clustering offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from jeoni.types import FloatArray, IntArray

__all__ = ["Clusterer", "joined"]


class Clusterer(Protocol):
    """A file in ``clustering/methods`` offers one such class, a frozen dataclass; its fields are hyper-parameters."""

    def fit(self, spaces: Sequence[FloatArray], clusters: int, seed: int) -> IntArray:
        """The cluster of each example, ``(n,)``: numbers from 0 on, of which some may go to nobody.

        Args:
            spaces: the features of one or several backbones, ``(n, d)`` each, from
                :meth:`jeoni.clustering.space.Space.at`.
            clusters: how many are wanted.
            seed: of all random choices.
        """


def joined(spaces: Sequence[FloatArray]) -> FloatArray:
    """Several spaces side by side, ``(n, d)``, each with the same weight: squared distances are means over spaces."""
    if len(spaces) == 1:
        return spaces[0]
    found: FloatArray = np.concatenate(list(spaces), axis=1) / len(spaces) ** 0.5
    return found
