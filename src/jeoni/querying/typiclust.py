"""TypiClust (Hacohen, Dekel & Weinshall ICML 2022, arXiv:2202.02794): the most typical item of each uncovered cluster.

As in the authors' code: as many clusters as there are labels and queries, 500 at most; those with fewest labels first,
then the largest; clusters of five items or fewer are left out; typicality is the inverse of the mean distance to the 20
nearest neighbours in the cluster, or to half of it where it is small. Rows are of length one, as theirs are. Where a
cluster runs out of items ours goes on to the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.metrics import pairwise_distances

from jeoni.querying.choosing.clusters import clusters_of
from jeoni.querying.choosing.pool import Chosen, Pool
from jeoni.types import FloatArray, IntArray

__all__ = ["TypiClust"]


@dataclass(frozen=True)
class TypiClust:
    """Typical items of a budget's worth of clusters.

    Attributes:
        neighbours: whose mean distance says how typical an item is.
        most_clusters: that are made.
        smallest: a cluster of so many items or fewer is left out, unless all are.
    """

    neighbours: int = 20
    most_clusters: int = 500
    smallest: int = 5

    needs_labels: ClassVar[bool] = False
    score: ClassVar[str] = "typicality"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        m, n = len(pool.labelled), len(pool.rows)
        rows = np.concatenate([pool.directions, pool.labelled_directions])
        cluster, centroids = clusters_of(rows, min(budget + m, self.most_clusters), pool.seed)
        order = self._order(cluster, np.bincount(cluster[n:], minlength=len(centroids)), len(centroids))
        left = cluster[:n].copy()  # -1 once it is chosen
        index, scores = list[int](), list[float]()
        turn = 0
        while len(index) < budget:
            own = np.flatnonzero(left == order[turn % len(order)])
            turn += 1
            if turn > len(order) and not np.isin(left, order).any():
                order = np.unique(left[left >= 0])  # only clusters that were left out hold items now
            if not len(own):
                continue
            typical = typicality(pool.directions[own], self.neighbours)
            best = int(typical.argmax())
            index.append(int(own[best]))
            scores.append(float(typical[best]))
            left[own[best]] = -1
        return Chosen(np.array(index, dtype=np.int64), np.array(scores))

    def _order(self, cluster: IntArray, labels: IntArray, count: int) -> IntArray:
        """Clusters with fewest labels first, then the largest; without the smallest ones."""
        sizes = np.bincount(cluster, minlength=count)
        able = np.flatnonzero(sizes > self.smallest)
        if not len(able):
            able = np.flatnonzero(sizes > 0)
        found: IntArray = able[np.lexsort((-sizes[able], labels[able]))]
        return found


def typicality(rows: FloatArray, neighbours: int) -> FloatArray:
    """``(n,)``: one over the mean distance to the nearest neighbours, of which there are at most half of the rows.

    Example:
        >>> typicality(np.array([[0.0], [1.0], [2.0], [9.0]]), 2).argmax()
        np.int64(1)
    """
    count = min(neighbours, len(rows) // 2)
    if count < 1:
        return np.zeros(len(rows))
    apart = pairwise_distances(rows)
    nearest = np.partition(apart, count, axis=1)[:, : count + 1]
    mean = nearest.sum(1) / count  # the row itself adds nothing
    found: FloatArray = 1.0 / (mean + 1e-5)
    return found
