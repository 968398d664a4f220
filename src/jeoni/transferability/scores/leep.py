"""LEEP (Nguyen, Hassner, Seeger & Archambeau ICML 2020, arXiv:2002.12462): old classes as a code for the new ones.

The mean log-likelihood of the labels under a predictor that guesses the old class by the old head and then the new one
by how often both go together. Public code for the SFDA paper averages the likelihood instead of its logarithm; ours is
the paper's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked_posteriors, indicators
from jeoni.types import FloatArray, IntArray

__all__ = ["LEEP"]

LEAST = 1e-300


@dataclass(frozen=True)
class LEEP:
    """Mean log-likelihood in nats, at most 0.

    Example:
        >>> P = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
        >>> LEEP()(P, [0, 0, 1, 1]) > LEEP()(P, [0, 1, 0, 1])
        True
    """

    title: ClassVar[str] = "LEEP"
    needs: ClassVar[Needs] = "posteriors"

    def __call__(self, posteriors: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``posteriors (n, z)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.PosteriorsScore`.
        """
        P, y, classes = checked_posteriors(posteriors, labels)
        return float(_likelihoods(P, y, classes, np.ones(len(P))).mean())

    def resampled(self, rows: Any, labels: Any, groups: IntArray | None, weights: FloatArray) -> FloatArray:
        """See :class:`jeoni.transferability.candidate.Resampled`."""
        P, y, classes = checked_posteriors(rows, labels)
        found = [w @ _likelihoods(P, y, classes, w) / w.sum() if w.any() else np.nan for w in weights]
        return np.array(found)


def _likelihoods(P: FloatArray, y: IntArray, classes: int, weights: FloatArray) -> FloatArray:
    """``(n,)`` log-likelihoods of the labels; examples that were not drawn count for nothing."""
    joint = (indicators(y, classes) * weights[:, None]).T @ P
    marginal = joint.sum(0)
    conditional = joint / np.where(marginal > 0, marginal, 1.0)
    likelihood = np.einsum("nz,nz->n", conditional[y], P)
    found: FloatArray = np.log(np.maximum(likelihood, LEAST))
    return np.where(weights > 0, found, 0.0)
