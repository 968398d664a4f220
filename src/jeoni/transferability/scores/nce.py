"""NCE, negative conditional entropy (Tran, Nguyen & Hassner ICCV 2019, arXiv:1908.08142): labels given old classes.

Each example's old class is the one that the old head finds most probable; the score is minus the entropy of the new
label given it. Public code adds 1e-20 or, for PARC, 1e-5 to every cell of the table; ours leaves empty cells out,
which is what their terms go to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import xlogy

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked_posteriors
from jeoni.types import FloatArray, IntArray

__all__ = ["NCE"]


@dataclass(frozen=True)
class NCE:
    """Minus the conditional entropy in nats, at most 0.

    Example:
        >>> P = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7]])
        >>> abs(NCE()(P, [0, 0, 1, 1]))
        0.0
    """

    title: ClassVar[str] = "NCE"
    needs: ClassVar[Needs] = "posteriors"

    def __call__(self, posteriors: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``posteriors (n, z)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.PosteriorsScore`.
        """
        P, y, classes = checked_posteriors(posteriors, labels)
        return _negative_entropy(P.argmax(1), y, P.shape[1], classes, np.ones(len(y)))

    def resampled(self, rows: Any, labels: Any, groups: IntArray | None, weights: FloatArray) -> FloatArray:
        """See :class:`jeoni.transferability.candidate.Resampled`."""
        P, y, classes = checked_posteriors(rows, labels)
        old = P.argmax(1)
        return np.array([_negative_entropy(old, y, P.shape[1], classes, w) for w in weights])


def _negative_entropy(old: IntArray, y: IntArray, width: int, classes: int, weights: FloatArray) -> float:
    """``sum p(y, z) log p(y | z)`` of weighted examples."""
    if not weights.any():
        return float("nan")
    counted = np.bincount(old * classes + y, weights=weights, minlength=width * classes)
    joint = counted.reshape(width, classes) / weights.sum()
    marginal = joint.sum(1, keepdims=True)
    return float(xlogy(joint, joint).sum() - xlogy(marginal, marginal).sum())
