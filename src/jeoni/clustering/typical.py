"""How typical each example is of its cluster, and how sure it is that it belongs there: one rule for all methods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.clustering.held_out import held_out_probs
from jeoni.types import FloatArray, IntArray

__all__ = ["Typicality", "renumbered", "typicality"]


@dataclass(frozen=True)
class Typicality:
    """Where examples stand in their clusters.

    Attributes:
        confidence: ``(n,)``: how probable its cluster is to a classifier that has not seen it, see
            :func:`jeoni.clustering.held_out.held_out_probs`.
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


def typicality(rows: FloatArray, clusters: IntArray, alike: IntArray, seed: int = 0) -> Typicality:
    """By distances to the clusters' means, and by held-out probabilities.

    Args:
        rows: ``(n, d)``, of :func:`jeoni.clustering.protocol.joined`.
        clusters: ``(n,)`` numbers from 0 on without gaps.
        alike: ``(n,)``: near-identical examples have one number, and are held out together.
        seed: of the folds.
    """
    rank = np.empty(len(rows), dtype=np.int64)
    for c in range(int(clusters.max()) + 1):
        members = np.flatnonzero(clusters == c)
        distances = np.linalg.norm(rows[members] - rows[members].mean(0), axis=1)
        rank[members[np.argsort(distances, kind="stable")]] = np.arange(1, len(members) + 1)
    probs = held_out_probs(rows, clusters, alike, seed)
    return Typicality(probs[np.arange(len(rows)), clusters], rank)
