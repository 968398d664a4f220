"""Prediction entropy (Morerio, Cavazza & Murino ICLR 2018, arXiv:1711.10288): how sure the classifier is of the target.

It cannot see whether the sure predictions are right, and it loves collapse: one class for every row is the best there
is. ``InformationMaximization`` sees that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.adaptation.candidate import Candidate
from jeoni.adaptation.density_ratio import entropies

__all__ = ["Entropy"]


@dataclass(frozen=True)
class Entropy:
    """Minus the mean entropy of the target's predictions in nats, from ``-log K`` to 0.

    Example:
        >>> probs = np.eye(2)
        >>> Entropy()(Candidate("plain", probs, probs, np.array([0, 1]), probs, np.full((2, 2), 0.5)))
        -0.6931471805599453
    """

    margins: ClassVar[Mapping[str, float]] = {"moves": 0.02, "weighs classes": -0.15, "weighs rows": 0.02}
    in_nats: ClassVar[bool] = True
    blind_to: ClassVar[tuple[str, ...]] = ("collapse", "collapsed target", "shuffled target", "swapped target")

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better."""
        return -float(entropies(candidate.target_probs).mean())
