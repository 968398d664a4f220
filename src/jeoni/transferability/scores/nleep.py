"""NLEEP (Li, Jia, Sang, Zhu, Green, Wang & Gong CVPR 2021, arXiv:2011.11200): LEEP for networks without an old head.

Components of a Gaussian mixture stand for the old classes: features are reduced to the principal components that hold
80 % of their variance, and a mixture of five Gaussians per new class is fitted without labels. Ours differs in diagonal
covariances along those components by default (``covariance="full"`` is the paper's, and many times slower), in at most
one Gaussian per five examples, and in the logarithm, which public code leaves out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, drawn_rows
from jeoni.transferability.scores.leep import LEEP
from jeoni.types import FloatArray, IntArray

__all__ = ["NLEEP"]


@dataclass(frozen=True)
class NLEEP:
    """LEEP of a Gaussian mixture's posteriors.

    Attributes:
        variance: share of the variance that the principal components hold.
        per_class: Gaussians for each class.
        covariance: of a Gaussian, ``diag`` or ``full``.
        most: rows that are used; of more, as many are drawn.
        seed: of the mixture and of the draw.
    """

    variance: float = 0.8
    per_class: int = 5
    covariance: str = "diag"
    most: int = 2000
    seed: int = 0

    title: ClassVar[str] = "NLEEP"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        X, y, classes = checked(features, labels)
        some = drawn_rows(len(X), self.most, self.seed)
        X, y = X[some], y[some]
        return LEEP()(self.posteriors(X, classes), y)

    def posteriors(self, X: FloatArray, classes: int) -> FloatArray:
        """``(n, z)`` probabilities of the Gaussians of a mixture that is fitted to ``X (n, d)`` for so many classes."""
        if not X.std(0).any():
            return np.ones((len(X), 1))
        rows = PCA(self.variance, svd_solver="full").fit_transform(X)
        rows = rows / rows[:, 0].std()  # so that what keeps variances from 0 does not depend on the features' scale
        wanted = max(1, min(self.per_class * classes, len(X) // 5))
        mixture = GaussianMixture(wanted, covariance_type=self.covariance, random_state=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # its posteriors are posteriors all the same
            found: FloatArray = mixture.fit(rows).predict_proba(rows)
        return found
