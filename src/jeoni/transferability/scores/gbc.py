"""GBC (Pándy, Agostinelli, Uijlings, Ferrari & Mensink CVPR 2022, arXiv:2111.12780): overlap of classes as Gaussians.

Minus the sum over ordered pairs of classes of the Bhattacharyya coefficient of their Gaussians, on 64 principal
components where there are more features. Public code counts a spherical Gaussian's log-determinant once in place of
once per feature; ``spherical_once`` is that, so that published numbers can be met, ``spherical`` is the true distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, indicators, reduced
from jeoni.types import FloatArray, IntArray

__all__ = ["GBC"]

LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class GBC:
    """At most 0, where no classes overlap.

    Attributes:
        covariance: of a class's Gaussian: ``diagonal``, ``spherical`` or ``spherical_once``.
        components: principal components that are kept of more features.
    """

    covariance: Literal["diagonal", "spherical", "spherical_once"] = "diagonal"
    components: int = 64

    title: ClassVar[str] = "GBC"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        X, y, classes = checked(features, labels)
        return self._overlap(reduced(X, self.components), indicators(y, classes))

    def resampled(self, rows: Any, labels: Any, groups: IntArray | None, weights: FloatArray) -> FloatArray:
        """See :class:`jeoni.transferability.candidate.Resampled`; principal components are those of all examples."""
        X, y, classes = checked(rows, labels)
        X, Y = reduced(X, self.components), indicators(y, classes)
        return np.array([self._overlap(X, Y * w[:, None]) for w in weights])

    def _overlap(self, X: FloatArray, member: FloatArray) -> float:
        """Minus the sum of coefficients, of classes that have members ``(n, C)``; NaN of fewer than two."""
        member = member[:, member.sum(0) > 0]
        if member.shape[1] < 2:
            return float("nan")
        share = member / member.sum(0)
        means = share.T @ X
        variances = np.maximum(share.T @ X**2 - means**2, LEAST_VARIANCE)
        if self.covariance != "diagonal":
            variances = np.repeat(variances.mean(1, keepdims=True), X.shape[1], axis=1)
        counted = 1 / X.shape[1] if self.covariance == "spherical_once" else 1.0
        total = 0.0
        for c in range(len(means)):
            middle = (variances + variances[c]) / 2
            apart = ((means - means[c]) ** 2 / middle).sum(1) / 8
            spread = (np.log(middle) - (np.log(variances) + np.log(variances[c])) / 2).sum(1) / 2
            total += np.delete(np.exp(-(apart + counted * spread)), c).sum()
        return float(-total)
