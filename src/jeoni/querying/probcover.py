"""ProbCover (Yehuda, Dekel, Hacohen & Weinshall NeurIPS 2022, arXiv:2205.11320): the most of the pool within a radius.

An item covers all within a radius of it. Greedily, the next one is that which covers most items not covered yet; items
that labels cover count as covered. Rows are of length one. The radius is the largest for which 95 % of the items have
nothing but their own class within it, where k-means clusters stand for classes, as many as there are classes. Where no
label says how many these are, ours takes ``clusters``. When all is covered, the paper's rule has nothing to go by; ours
then begins anew with the items that are left. A pool beyond ``most`` items is covered by a random part of that size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.metrics import pairwise_distances

from jeoni.querying.choosing.clusters import clusters_of
from jeoni.querying.choosing.pool import Chosen, Pool
from jeoni.types import Array, FloatArray

__all__ = ["ProbCover", "pure_radius"]


@dataclass(frozen=True)
class ProbCover:
    """Greedy covering of the pool.

    Attributes:
        radius: of what an item covers, between rows of length one; 0 chooses it by purity.
        purity: the share of items that have only their own cluster within the radius.
        clusters: that stand for classes, where fewer classes than that have a label.
        most: items that are covered.
    """

    radius: float = 0.0
    purity: float = 0.95
    clusters: int = 10
    most: int = 8000

    needs_labels: ClassVar[bool] = False
    score: ClassVar[str] = "covers"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        rng = np.random.default_rng(pool.seed)
        part = np.sort(rng.permutation(len(pool.rows))[: max(self.most, budget)])
        rows = pool.directions[part]
        apart = pairwise_distances(rows)
        radius = self.radius or pure_radius(rows, apart, max(pool.known_classes, self.clusters), self.purity, pool.seed)
        near = apart <= radius
        np.fill_diagonal(near, True)
        open_ = np.ones(len(rows), dtype=bool)
        if len(pool.labelled):
            open_ = pairwise_distances(rows, pool.labelled_directions).min(1) > radius
        index, scores = _greedy(near, open_, budget)
        return Chosen(part[index], scores)


def _greedy(near: Array, open_: Array, budget: int) -> tuple[Array, FloatArray]:
    """The numbers of the rows chosen, and the share of all rows that each newly covers."""
    n = len(near)
    covers = near[:, open_].sum(1)
    index, scores = list[int](), list[float]()
    free = np.ones(n, dtype=bool)
    while len(index) < budget:
        best = int(np.where(free, covers, -1).argmax())
        if covers[best] == 0 and free.any() and not open_.any():
            open_ = free.copy()
            covers = near[:, open_].sum(1)
            continue
        index.append(best)
        scores.append(covers[best] / n)
        free[best] = False
        newly = near[best] & open_
        open_ = open_ & ~newly
        covers = covers - near[:, newly].sum(1)
    return np.array(index, dtype=np.int64), np.array(scores)


def pure_radius(rows: FloatArray, apart: FloatArray, clusters: int, purity: float, seed: int) -> float:
    """The largest radius within which a share ``purity`` of the rows have only rows of their own cluster.

    Args:
        rows: ``(n, d)``.
        apart: ``(n, n)`` their distances.
        clusters: of k-means, in the place of classes.
        purity: between 0 and 1.
        seed: of k-means.

    Returns:
        Half of the largest distance where there is one cluster only.
    """
    cluster, _ = clusters_of(rows, clusters, seed)
    if len(np.unique(cluster)) < 2:
        return float(apart.max() / 2)
    other = np.where(cluster[:, None] != cluster[None], apart, np.inf).min(1)
    # a row is pure for every radius below its distance to the nearest row of another cluster
    ordered = np.sort(other)
    allowed = int(np.floor((1 - purity) * len(rows)))
    return float(np.nextafter(ordered[min(allowed, len(rows) - 1)], 0.0))
