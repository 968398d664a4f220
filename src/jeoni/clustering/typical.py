"""How typical each example is of its cluster, and how sure it is that it belongs there: one rule for all methods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.types import FloatArray, IntArray

__all__ = ["Typicality", "renumbered", "typicality"]

TINY = 1e-12


@dataclass(frozen=True)
class Typicality:
    """Where examples stand in their clusters.

    Attributes:
        confidence: ``(n,)``: 1 at the mean of its own cluster, 0 as near to the mean of another one, or nearer: the
            simplified silhouette (Vendramin, Campello & Hruschka 2010), and 0 in the place of what is below.
        rank: ``(n,)``: 1 is the nearest of its cluster to the cluster's mean.
    """

    confidence: FloatArray
    rank: IntArray


def renumbered(clusters: IntArray) -> IntArray:
    """Numbers from 0 on without gaps, the largest cluster first.

    Example:
        >>> renumbered(np.array([7, 3, 3])).tolist()
        [1, 0, 0]
    """
    names, numbers, counts = np.unique(clusters, return_inverse=True, return_counts=True)
    place = np.empty(len(names), dtype=np.int64)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    return place[numbers]


def typicality(rows: FloatArray, clusters: IntArray) -> Typicality:
    """By distances to the clusters' means.

    Args:
        rows: ``(n, d)``, of :func:`jeoni.clustering.protocol.joined`.
        clusters: ``(n,)`` numbers from 0 on without gaps.
    """
    k = int(clusters.max()) + 1
    means = np.stack([rows[clusters == c].mean(0) for c in range(k)])
    squares = (rows**2).sum(1)[:, None] + (means**2).sum(1) - 2 * rows @ means.T
    distances = np.sqrt(np.maximum(squares, 0))
    index = np.arange(len(rows))
    own = distances[index, clusters]
    distances[index, clusters] = np.inf
    other = distances.min(1)
    confidence = (
        np.zeros(len(rows)) if k == 1 else np.clip((other - own) / np.maximum(np.maximum(own, other), TINY), 0, 1)
    )
    rank = np.empty(len(rows), dtype=np.int64)
    for c in range(k):
        members = np.flatnonzero(clusters == c)
        rank[members[np.argsort(own[members], kind="stable")]] = np.arange(1, len(members) + 1)
    return Typicality(confidence, rank)
