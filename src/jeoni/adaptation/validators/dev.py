"""DEV (You et al. ICML 2019, proceedings.mlr.press/v97/you19a.html): the risk in the target, from weighted source rows.

Held-out log-losses of the source, weighted by a density ratio of the adapted features, with the mean weight, known to
be 1, as control variate. The paper splits the source; ours takes the ratio and the predictions from cross-fitting, so
that every source row counts, and bounds the loss of a row. It cannot see the target's predictions: classes shuffled or
swapped there lose nothing. Where the features of the two domains do not overlap, few rows carry all the weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.adaptation.candidate import Candidate
from jeoni.adaptation.density_ratio import density_ratio
from jeoni.types import FloatArray

__all__ = ["DEV"]

LEAST = 1e-6  # of the right class's probability: no row loses more than 13.8 nats


@dataclass(frozen=True)
class DEV:
    """Minus the estimated log-loss in the target, in nats; the control variate may bring it above 0.

    Attributes:
        seed: of the domain classifier's folds.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X, labels = rng.normal(size=(100, 1)), np.arange(100) % 2
        >>> sure, unsure = np.eye(2)[labels] * 0.8 + 0.1, np.full((100, 2), 0.5)
        >>> DEV()(Candidate("a", X, X, labels, sure, sure)) > DEV()(Candidate("b", X, X, labels, unsure, unsure))
        True
    """

    seed: int = 0
    blind_to: ClassVar[tuple[str, ...]] = ("collapsed target", "shuffled target", "swapped target")

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better."""
        right = candidate.source_probs[np.arange(len(candidate.labels)), candidate.labels]
        losses = -np.log(np.maximum(right, LEAST))
        return -_controlled(losses, density_ratio(candidate.source, candidate.target, self.seed))


def _controlled(losses: FloatArray, weights: FloatArray) -> float:
    """Mean weighted loss, brought to what it would be were the weights' mean 1.

    Example:
        >>> _controlled(np.array([3.0, 3.0, 3.0]), np.array([0.5, 1.0, 3.0]))
        3.0
    """
    weighted = weights * losses
    spread = weights.var(ddof=1)
    slope = np.cov(weighted, weights)[0, 1] / spread if spread > 0 else 0.0
    return float(weighted.mean() - slope * (weights.mean() - 1))
