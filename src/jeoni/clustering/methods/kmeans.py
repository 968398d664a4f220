"""k-means with k-means++ seeding (Arthur & Vassilvitskii, SODA 2007), the best of ten starts; scikit-learn's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jeoni.clustering.protocol import Clusterer, joined
from jeoni.types import FloatArray, IntArray

__all__ = ["KMeans"]


@dataclass(frozen=True)
class KMeans(Clusterer):
    """Nearest of ``k`` means.

    Attributes:
        starts: seedings, of which the one with the smallest sum of squared distances is taken.
    """

    starts: int = 10

    def fit(self, spaces: Sequence[FloatArray], clusters: int, seed: int) -> IntArray:
        """See :class:`jeoni.clustering.protocol.Clusterer`."""
        from sklearn.cluster import KMeans as Lloyd

        found: IntArray = Lloyd(clusters, n_init=self.starts, random_state=seed).fit_predict(joined(spaces))
        return found.astype("int64")
