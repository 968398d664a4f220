"""Source accuracy (the baseline of Musgrave et al. 2021, arXiv:2111.15672): held-out source rows predicted right.

Says whether adaptation has harmed what was known. It cannot see the target at all: a classifier that shuffles, swaps or
collapses the target's classes, and the source's not, loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.adaptation.candidate import Candidate

__all__ = ["SourceAccuracy"]


@dataclass(frozen=True)
class SourceAccuracy:
    """The share of right predictions in the source, from 0 to 1.

    Example:
        >>> probs = np.eye(2)
        >>> SourceAccuracy()(Candidate("plain", probs, probs, np.array([0, 0]), probs, probs))
        0.5
    """

    blind_to: ClassVar[tuple[str, ...]] = ("collapsed target", "shuffled target", "swapped target")

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better."""
        return float((candidate.source_probs.argmax(1) == candidate.labels).mean())
