"""How many clusters: the number that two halves of the data agree on most (Lange et al., Neural Computation 2004).

The data are halved at random, both halves are clustered, and the clusters of one are carried over to the other by its
nearest means; how far they agree with the other's own clusters, for pairs of examples and beyond chance (adjusted Rand
index), is the stability. Of a number that the data do not have, halves find different clusters. Ours differs in the
index, which is 0 for chance whatever the number, in the place of theirs, which is divided by that of random labels; and
in taking the largest number within one standard error of the best, since two groups may well be found as one, again and
again. The silhouette (Rousseeuw 1987) stands beside.

It is always k-means that is asked, whichever method then clusters: it is quick, and all numbers are held to
one rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.clustering.protocol import joined
from jeoni.clustering.space import Space
from jeoni.types import FloatArray, IntArray

__all__ = ["Candidate", "Proposal", "agreement", "candidates", "propose"]

MOST = 20
LEAST_EACH = 5  # examples that a cluster has at least on the mean, for its number to be a candidate
ROWS = 2000
SPLITS = 5
STARTS = 3
SAME = 1e-9  # stabilities that differ by less are the same
CLEAR, FAIR = 0.7, 0.3  # stability from which on clusters are called clear, or fair


@dataclass(frozen=True)
class Candidate:
    """A number of clusters.

    Attributes:
        clusters: the number.
        stability: mean agreement of halves, 1 at most, 0 for chance.
        low: least of the halvings.
        high: largest.
        deviation: over halvings.
        silhouette: mean of all examples, -1 to 1.
    """

    clusters: int
    stability: float
    low: float
    high: float
    deviation: float
    silhouette: float


@dataclass(frozen=True)
class Proposal:
    """What stability proposes.

    Attributes:
        clusters: the number.
        candidates: all that were tried, rising.
        by_silhouette: the number with the largest silhouette.
    """

    clusters: int
    candidates: tuple[Candidate, ...]
    by_silhouette: int

    @property
    def stability(self) -> float:
        """Of the proposed number."""
        return next(c.stability for c in self.candidates if c.clusters == self.clusters)

    @property
    def sureness(self) -> str:
        """``clear``, ``fair`` or ``weak``."""
        return "clear" if self.stability >= CLEAR else "fair" if self.stability >= FAIR else "weak"


def candidates(n: int) -> list[int]:
    """Numbers to try for ``n`` examples; none where there are too few to halve.

    Example:
        >>> candidates(40), candidates(15)
        ([2, 3, 4], [])
    """
    return list(range(2, min(MOST, n // (2 * LEAST_EACH)) + 1))


def propose(
    spaces: Sequence[Space], seed: int = 0, advance: Callable[[int], object] = lambda _: None
) -> Proposal | None:
    """The most stable number of clusters; None where there are too few examples to tell.

    Args:
        spaces: of the backbones; of many examples 2,000 are drawn.
        seed: of the draws.
        advance: hears of each number that was tried.
    """
    n = len(spaces[0])
    tried = candidates(n)
    if not tried:
        return None
    rng = np.random.default_rng(seed)
    if n > ROWS:
        some = rng.choice(n, ROWS, replace=False)
        spaces, n = [space.select(some) for space in spaces], ROWS
    halves = [rng.permutation(n) for _ in range(SPLITS)]
    found = []
    for k in tried:
        found.append(_candidate(joined([space.at(k) for space in spaces]), k, halves, seed))
        advance(1)
    best = max(found, key=lambda c: c.stability)
    enough = best.stability - best.deviation / (2 * SPLITS) ** 0.5 - SAME
    chosen = [c for c in found if c.stability >= enough][-1]
    return Proposal(chosen.clusters, tuple(found), max(found, key=lambda c: c.silhouette).clusters)


def _candidate(rows: FloatArray, clusters: int, halves: Sequence[IntArray], seed: int) -> Candidate:
    from sklearn.metrics import silhouette_score

    agreed = [value for order in halves for value in _halving(rows, clusters, order, seed)]
    labels = _fitted(rows, clusters, seed).labels_
    several = 1 < len(np.unique(labels)) < len(rows)
    silhouette = float(silhouette_score(rows, labels)) if several else -1.0
    return Candidate(
        clusters, float(np.mean(agreed)), float(min(agreed)), float(max(agreed)), float(np.std(agreed)), silhouette
    )


def _halving(rows: FloatArray, clusters: int, order: IntArray, seed: int) -> tuple[float, float]:
    """The agreement on each half of its own clusters with those that the other half carries over."""
    middle = len(order) // 2
    first, second = rows[order[:middle]], rows[order[middle:]]
    of_first, of_second = _fitted(first, clusters, seed), _fitted(second, clusters, seed)
    return (
        agreement(of_first.labels_, of_second.predict(first)),
        agreement(of_second.labels_, of_first.predict(second)),
    )


def agreement(first: IntArray, second: IntArray) -> float:
    """The adjusted Rand index of two clusterings of the same examples."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(first, second))


def _fitted(rows: FloatArray, clusters: int, seed: int):  # type: ignore[no-untyped-def]  # of scikit-learn
    from sklearn.cluster import KMeans

    return KMeans(clusters, n_init=STARTS, random_state=seed).fit(rows)
