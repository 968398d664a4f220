"""Energy distance (Székely & Rizzo 2013, doi.org/10.1016/j.jspi.2013.03.018): how much farther rows of the other lie.

``2 E|x - y| - E|x - x'| - E|y - y'|``. Ours is the estimate over all pairs, a row with itself included: it is never
below 0, and 0 for equal samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances_chunked

from jeoni.transferability.samples import paired, thinned
from jeoni.types import Array

__all__ = ["Energy"]


@dataclass(frozen=True)
class Energy:
    """The distance in units of the features; it has no width to choose.

    Attributes:
        most: rows of each sample that are used; of more, as many are drawn.
        seed: of the draw.

    Example:
        >>> Energy()([[0.0], [0.0]], [[3.0], [3.0]])
        6.0
    """

    most: int = 5000
    seed: int = 0

    def __call__(self, Xs: Any, Xt: Any) -> float:
        """The distance of samples ``(ns, d)`` and ``(nt, d)``.

        Raises:
            ValueError: not two matrices with the same number of columns and two rows at least, or NaN.
        """
        Xs, Xt = (thinned(X, self.most, self.seed) for X in paired(Xs, Xt))
        return max(0.0, 2 * _mean_distance(Xs, Xt) - _mean_distance(Xs, Xs) - _mean_distance(Xt, Xt))


def _mean_distance(X: Array, Y: Array) -> float:
    blocks = pairwise_distances_chunked(X, Y, reduce_func=lambda block, start: block.mean(1, dtype=float))
    return float(np.concatenate(list(blocks)).mean())
