"""Importance-weighted validation (Sugiyama, Krauledat & Müller JMLR 2007, jmlr.org/papers/v8/sugiyama07a.html).

The share of right predictions in the source, each row counting as much as it is like the target. Ours divides by the
weights' sum, where the paper divides by their number: that cannot leave the range from 0 to 1. It takes for granted
that the same row has the same class in both domains; it cannot see the target's predictions, and where the domains do
not overlap few rows decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.adaptation.candidate import Candidate
from jeoni.adaptation.density_ratio import density_ratio

__all__ = ["ImportanceWeighted"]


@dataclass(frozen=True)
class ImportanceWeighted:
    """An estimate of the accuracy in the target, from 0 to 1.

    Attributes:
        seed: of the domain classifier's folds.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(200, 1)), rng.normal(1, 1, size=(200, 1))
        >>> said = np.eye(2)[(Xs[:, 0] > 0).astype(int)]  # right where most of the target is
        >>> accuracy = ImportanceWeighted()(Candidate("a", Xs, Xt, np.ones(200, dtype=int), said, said))
        >>> bool(accuracy > 0.75)
        True
    """

    seed: int = 0
    blind_to: ClassVar[tuple[str, ...]] = ("collapsed target", "shuffled target", "swapped target")

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better."""
        right = candidate.source_probs.argmax(1) == candidate.labels
        weights = density_ratio(candidate.source, candidate.target, self.seed)
        return float(np.average(right, weights=weights))
