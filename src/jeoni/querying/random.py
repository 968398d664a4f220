"""Random: items drawn by chance; what every other method has to beat, and at small budgets often does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.querying.choosing.pool import Chosen, Pool

__all__ = ["Random"]


@dataclass(frozen=True)
class Random:
    """Every item is as likely as any other."""

    needs_labels: ClassVar[bool] = False
    score: ClassVar[str] = "none"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        drawn = np.random.default_rng(pool.seed).permutation(len(pool.rows))[:budget]
        return Chosen(drawn.astype(np.int64), np.full(budget, np.nan))
