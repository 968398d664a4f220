"""k-means centroids: the items in the middle of the pool's clusters, without any label.

The start of choice on features of a pretrained network in Gupte, Aklilu, Nirschl & Yeung-Levy 2024 (arXiv:2401.14555):
as many clusters as items are asked for, and the item nearest to each centroid. Where there are labels already, ours
makes a cluster more for each, and leaves out those that hold a labelled item, as TypiClust does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.querying.choosing.clusters import clusters_of, middles
from jeoni.querying.choosing.pool import Chosen, Pool

__all__ = ["KMeansCentroids"]

MOST_CLUSTERS = 500


@dataclass(frozen=True)
class KMeansCentroids:
    """The largest cluster's middle first; rows are of length one."""

    needs_labels: ClassVar[bool] = False
    score: ClassVar[str] = "stands_for"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        m, n = len(pool.labelled), len(pool.rows)
        rows = np.concatenate([pool.directions, pool.labelled_directions])
        cluster, centroids = clusters_of(rows, max(budget, min(budget + m, MOST_CLUSTERS)), pool.seed)
        covered = np.bincount(cluster[n:], minlength=len(centroids)) > 0
        sizes = np.bincount(cluster[:n], minlength=len(centroids))
        middle = middles(pool.directions, cluster[:n], centroids)
        able = np.flatnonzero(sizes > 0)
        # clusters without a label first, the larger before the smaller
        order = able[np.lexsort((-sizes[able], covered[able]))]
        chosen = middle[order][:budget]
        shares = sizes[order][:budget] / n
        return _filled(Chosen(chosen, shares), n, budget, pool.seed)


def _filled(chosen: Chosen, n: int, budget: int, seed: int) -> Chosen:
    """With random others where items that are all alike gave fewer clusters than were asked for."""
    missing = budget - len(chosen.index)
    if missing <= 0:
        return chosen
    rest = np.setdiff1d(np.arange(n), chosen.index)
    more = np.random.default_rng(seed).permutation(rest)[:missing]
    return Chosen(np.concatenate([chosen.index, more]), np.concatenate([chosen.scores, np.zeros(missing)]))
