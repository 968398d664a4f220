"""TransRate (Huang et al. ICML 2022, arXiv:2106.09362): what labels say of features, as a difference of code lengths.

Half the log-determinant of the centred features minus the mean of it within classes, each class counting alike. Ours
equals the paper's listing; only the smaller of both Gram matrices is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked
from jeoni.types import FloatArray, IntArray

__all__ = ["TransRate"]


@dataclass(frozen=True)
class TransRate:
    """In nats.

    Attributes:
        distortion: squared error that the code may make; smaller is finer.
    """

    distortion: float = 1e-4

    title: ClassVar[str] = "TransRate"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        X, y, classes = checked(features, labels)
        X = X - X.mean(0)
        within = np.mean([_rate(X[y == c], self.distortion) for c in range(classes)])
        return float(_rate(X, self.distortion) - within)


def _rate(X: FloatArray, distortion: float) -> float:
    """``log det(I + X'X / (n distortion)) / 2``."""
    n, d = X.shape
    gram = X @ X.T if n < d else X.T @ X
    return float(np.linalg.slogdet(np.eye(len(gram)) + gram / (n * distortion))[1] / 2)
