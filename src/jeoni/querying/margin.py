"""Margin sampling (Scheffer, Decomain & Wrobel IDA 2001): where the two most probable classes are closest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.querying.choosing.pool import Chosen, Pool

__all__ = ["Margin"]


@dataclass(frozen=True)
class Margin:
    """The smallest difference between the two highest probabilities first."""

    needs_labels: ClassVar[bool] = True
    score: ClassVar[str] = "margin"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        highest = np.sort(pool.probs, axis=1)[:, -2:]
        margins = highest[:, 1] - highest[:, 0]
        first = np.argsort(margins, kind="stable")[:budget]
        return Chosen(first.astype(np.int64), margins[first])
