"""H-score (Bao et al. ICIP 2019, arXiv:1811.00346): variance between classes in units of the features' covariance.

Shrunk as by Ibrahim, Ponomareva & Mazumder (ECML 2022, arXiv:2110.06893): with fewer examples than features the plain
score is at its maximum whatever the labels, so the covariance is Ledoit and Wolf's (2004), and the share that was not
shrunk scales the score. ``shrunk=False`` is the first paper's, by the pseudo-inverse. One public version multiplies
both matrices element by element; ours is the trace of their product, at most ``min(d, C - 1)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from sklearn.covariance import LedoitWolf

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, class_means
from jeoni.types import FloatArray, IntArray

__all__ = ["HScore"]


@dataclass(frozen=True)
class HScore:
    """Between 0 and ``min(d, C - 1)``.

    Attributes:
        shrunk: whether the covariance is shrunk; else its pseudo-inverse is taken.
    """

    shrunk: bool = True

    title: ClassVar[str] = "H-score"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        X, y, classes = checked(features, labels)
        X = X - X.mean(0)
        if not X.any():
            return 0.0
        counts = np.bincount(y, minlength=classes)
        means = class_means(X, y, classes) * np.sqrt(counts / (len(X) - 1))[:, None]
        return _shrunk(X, means) if self.shrunk else _plain(X, means)


def _shrunk(X: FloatArray, means: FloatArray) -> float:
    """``(1 - a) tr(cov_a^-1 means' means)``."""
    fitted = LedoitWolf(assume_centered=True).fit(X)
    if fitted.shrinkage_ >= 1:
        return 0.0
    solved = cho_solve(cho_factor(fitted.covariance_), means.T)
    return float((1 - fitted.shrinkage_) * np.einsum("cd,dc->", means, solved))


def _plain(X: FloatArray, means: FloatArray) -> float:
    """``tr(cov^+ means' means)``, by the singular values of the centred rows."""
    _, values, axes = np.linalg.svd(X, full_matrices=False)
    kept = values > values.max() * max(X.shape) * np.finfo(float).eps
    along = means @ axes[kept].T / values[kept]
    return float((along**2).sum() * (len(X) - 1))
