"""Clusters of rows, and the row in the middle of each.

k-means goes by the first principal components of the rows: distances between frozen features lie in a few dozen of
them, and a thousand columns would take many times as long.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from jeoni.types import FloatArray, IntArray

__all__ = ["clusters_of", "middles"]

LARGE = 20_000_000  # rows times clusters from which on k-means goes by batches
BATCH = 5000
COMPONENTS = 64


def clusters_of(rows: FloatArray, count: int, seed: int) -> tuple[IntArray, FloatArray]:
    """k-means with k-means++ seeding: the cluster of each row ``(n,)``, and the means of all clusters ``(count, d)``.

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
        kmeans.fit(_reduced(rows, seed))
    cluster = kmeans.labels_.astype(np.int64)
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, cluster, rows)
    sizes = np.bincount(cluster, minlength=count)
    return cluster, sums / np.maximum(sizes, 1)[:, None]


def _reduced(rows: FloatArray, seed: int) -> FloatArray:
    """The first principal components, where there are more columns than that."""
    if min(rows.shape) <= COMPONENTS:
        return rows
    found: FloatArray = PCA(COMPONENTS, svd_solver="randomized", random_state=seed).fit_transform(rows)
    return found


def middles(rows: FloatArray, cluster: IntArray, centroids: FloatArray) -> IntArray:
    """The number of the row nearest to each centroid, of the rows of its cluster; -1 of an empty cluster."""
    found = np.full(len(centroids), -1, dtype=np.int64)
    for k, centroid in enumerate(centroids):
        own = np.flatnonzero(cluster == k)
        if len(own):
            found[k] = own[np.square(rows[own] - centroid).sum(1).argmin()]
    return found
