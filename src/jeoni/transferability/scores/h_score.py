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
    """``(1 - a) tr(cov_a^-1 means' means)``, on the smaller of both Gram matrices of the centred rows ``(n, d)``."""
    n, d = X.shape
    gram = X @ X.T if n < d else X.T @ X
    share, scale = ledoit_wolf(X, gram)
    if share >= 1:
        return 0.0
    if share <= 0:
        return _plain(X, means)
    ridge = n * share * scale / (1 - share)  # what is added to the Gram matrix in the place of shrinking
    factor = cho_factor(gram + ridge * np.eye(len(gram)))
    if n < d:  # the inverse of the large matrix by that of the small one
        along = means @ X.T
        explained = (means**2).sum() - np.einsum("cn,nc->", along, cho_solve(factor, along.T))
        return float(explained * n / ridge)
    return float(np.einsum("cd,dc->", means, cho_solve(factor, means.T)) * n)


def ledoit_wolf(X: FloatArray, gram: FloatArray) -> tuple[float, float]:
    """The share of the identity, and the mean variance that it is scaled to, as of scikit-learn's ``LedoitWolf``.

    Args:
        X: ``(n, d)`` centred rows.
        gram: ``X X'`` or ``X'X``: both have the same squares in all.
    """
    n, d = X.shape
    lengths = (X**2).sum(1)
    scale = lengths.sum() / n / d
    squares = (gram**2).sum() / n**2
    spread = squares / d - scale**2
    noise = min(((lengths**2).sum() / n - squares) / (d * n), spread)
    return (float(noise / spread) if noise > 0 else 0.0), float(scale)


def _plain(X: FloatArray, means: FloatArray) -> float:
    """``tr(cov^+ means' means)``, by the singular values of the centred rows."""
    _, values, axes = np.linalg.svd(X, full_matrices=False)
    kept = values > values.max() * max(X.shape) * np.finfo(float).eps
    along = means @ axes[kept].T / values[kept]
    return float((along**2).sum() * (len(X) - 1))
