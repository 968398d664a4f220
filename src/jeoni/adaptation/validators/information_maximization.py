"""Information maximisation (Krause, Perona & Gomes NIPS 2010; as validator Musgrave et al. 2022, arXiv:2208.07360).

The entropy of the mean prediction in the target less the mean entropy: predictions that are sure and of many classes.
It cannot see which class is which, so that classes shuffled or swapped lose nothing; and it prefers equal shares, so
that a classifier that is right about a target of few classes loses to one that spreads its guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.adaptation.candidate import Candidate
from jeoni.adaptation.density_ratio import entropies

__all__ = ["InformationMaximization"]


@dataclass(frozen=True)
class InformationMaximization:
    """The mutual information of target rows and predicted classes, in nats, from 0 to ``log K``.

    Example:
        >>> probs = np.eye(2)
        >>> InformationMaximization()(Candidate("plain", probs, probs, np.array([0, 1]), probs, probs))
        0.6931471805599453
    """

    margins: ClassVar[Mapping[str, float]] = {"moves": 0.1, "moves far": 0.1}
    in_nats: ClassVar[bool] = True
    blind_to: ClassVar[tuple[str, ...]] = ("shuffled target", "swapped target")

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better."""
        probs = candidate.target_probs
        return float(entropies(probs.mean(0)) - entropies(probs).mean())
