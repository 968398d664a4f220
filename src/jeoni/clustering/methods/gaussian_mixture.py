"""A mixture of Gaussians by expectation maximisation (Dempster, Laird & Rubin 1977); scikit-learn's, begun by k-means.

Its covariance is one matrix for all clusters ("tied"): of clusters with fewer examples than dimensions, none of their
own could be estimated.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.clustering.protocol import Clusterer, joined
from jeoni.types import FloatArray, IntArray

__all__ = ["GaussianMixture"]

SMALLEST = 1e-3  # added to variances, as a share of the mean variance


@dataclass(frozen=True)
class GaussianMixture(Clusterer):
    """The component that an example most probably is of.

    Attributes:
        covariance: ``tied``, ``diag``, ``full`` or ``spherical``, as scikit-learn has it.
        starts: of which the likeliest is taken.
    """

    covariance: str = "tied"
    starts: int = 3

    def fit(self, spaces: Sequence[FloatArray], clusters: int, seed: int) -> IntArray:
        """See :class:`jeoni.clustering.protocol.Clusterer`."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture as Mixture

        rows = joined(spaces)
        floor = SMALLEST * float(np.mean(rows.var(0)))
        mixture = Mixture(
            clusters, covariance_type=self.covariance, n_init=self.starts, reg_covar=floor, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # after a hundred steps hardly an example moves
            found: IntArray = mixture.fit_predict(rows)
        return found.astype("int64")
