"""Spectral clustering (Shi & Malik 2000; Ng, Jordan & Weiss, NIPS 2001) of a graph of neighbours; scikit-learn's.

The graph joins each example to its ten nearest; its lowest eigenvectors are divided by k-means.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from jeoni.clustering.protocol import Clusterer, joined
from jeoni.types import FloatArray, IntArray

__all__ = ["Spectral"]


@dataclass(frozen=True)
class Spectral(Clusterer):
    """Parts of a graph of neighbours between which few edges run.

    Attributes:
        neighbors: of each example.
    """

    neighbors: int = 10

    def fit(self, spaces: Sequence[FloatArray], clusters: int, seed: int) -> IntArray:
        """See :class:`jeoni.clustering.protocol.Clusterer`."""
        from sklearn.cluster import SpectralClustering

        rows = joined(spaces)
        parts = SpectralClustering(
            clusters,
            affinity="nearest_neighbors",
            n_neighbors=min(self.neighbors, len(rows) - 1),
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Graph is not fully connected")  # islands are clusters too
            found: IntArray = parts.fit_predict(rows)
        return found.astype("int64")
