"""Clusters of rows, and the row in the middle of each."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning

from jeoni.types import FloatArray, IntArray

__all__ = ["clusters_of", "middles"]

LARGE = 20_000_000  # rows times clusters from which on k-means goes by batches
BATCH = 5000


def clusters_of(rows: FloatArray, count: int, seed: int) -> tuple[IntArray, FloatArray]:
    """k-means with k-means++ seeding: the cluster of each row ``(n,)``, and the centroids ``(count, d)``.

    Args:
        rows: ``(n, d)``.
        count: of clusters; at most ``n`` are made.
        seed: of the seeding.
    """
    count = min(count, len(rows))
    large = len(rows) * count > LARGE
    made = MiniBatchKMeans(count, batch_size=BATCH, n_init=3, random_state=seed) if large else None
    kmeans = made or KMeans(count, n_init=1, max_iter=100, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different rows than clusters: some stay empty
        kmeans.fit(rows)
    return kmeans.labels_.astype(np.int64), kmeans.cluster_centers_


def middles(rows: FloatArray, cluster: IntArray, centroids: FloatArray) -> IntArray:
    """The number of the row nearest to each centroid, of the rows of its cluster; -1 of an empty cluster."""
    found = np.full(len(centroids), -1, dtype=np.int64)
    for k, centroid in enumerate(centroids):
        own = np.flatnonzero(cluster == k)
        if len(own):
            found[k] = own[np.square(rows[own] - centroid).sum(1).argmin()]
    return found
