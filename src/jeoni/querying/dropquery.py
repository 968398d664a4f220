"""DropQuery (Gupte, Aklilu, Nirschl & Yeung-Levy 2024, arXiv:2401.14555): where the head changes its mind, spread out.

The head predicts three times from features with three quarters of them dropped. Items whose predicted class changes in
more than half of the passes are candidates; where these are fewer than 25 for each query, those that change less often
join. k-means makes as many clusters of the candidates as items are asked for, and the item nearest to each centroid is
chosen. Rows that are clustered are of length one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.querying.choosing.clusters import clusters_of, middles
from jeoni.querying.choosing.pool import Chosen, Pool
from jeoni.types import FloatArray, IntArray

__all__ = ["DropQuery", "changes"]


@dataclass(frozen=True)
class DropQuery:
    """Inconsistent predictions under dropout, then diversity.

    Attributes:
        passes: with dropout.
        dropout: the share of features that are dropped.
        candidates: at least so many for each query are clustered, if there are as many.
    """

    passes: int = 3
    dropout: float = 0.75
    candidates: int = 25

    needs_labels: ClassVar[bool] = True
    score: ClassVar[str] = "changes"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        changed = changes(pool, self.passes, self.dropout)
        least = min(len(changed), self.candidates * budget)
        levels = range(self.passes // 2 + 1, -1, -1)
        level = next(level for level in levels if (changed >= level).sum() >= least)
        able = np.flatnonzero(changed >= level)
        rows = pool.directions[able]
        cluster, centroids = clusters_of(rows, budget, pool.seed)
        middle = middles(rows, cluster, centroids)
        chosen = able[middle[middle >= 0]]
        if len(chosen) < budget:  # candidates that are all alike
            rest = np.setdiff1d(np.arange(len(changed)), chosen)
            rest = rest[np.argsort(-changed[rest], kind="stable")]
            chosen = np.concatenate([chosen, rest[: budget - len(chosen)]])
        shares: FloatArray = changed[chosen] / self.passes
        order = np.argsort(-shares, kind="stable")
        return Chosen(chosen[order], shares[order])


def changes(pool: Pool, passes: int, dropout: float) -> IntArray:
    """``(n,)``: in how many passes the predicted class is another one than without dropout."""
    assert pool.learner is not None
    rng = np.random.default_rng(pool.seed)
    said = pool.probs.argmax(1)
    found = np.zeros(len(said), dtype=np.int64)
    for _ in range(passes):
        kept = rng.random(pool.rows.shape) >= dropout
        thinned = np.where(kept, pool.rows, 0.0) / (1.0 - dropout)
        found += pool.learner.probs(thinned).argmax(1) != said
    return found
