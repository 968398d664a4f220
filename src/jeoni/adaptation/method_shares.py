"""How much each method counts: pseudo-BMA (Geisser & Eddy JASA 1979; Yao et al. 2018, arXiv:1704.02030).

A few labelled items cannot tell which of a dozen methods is the best: the largest lead is large by luck too. So methods
are averaged. The share of each is its prior times the likelihood of its predictions for the labelled items, each by a
classifier that has not learned from the item. Ours differs in two ways, decided on the pairs of
``benchmarks/development_domains.py``:

- The likelihood is raised to the power of a half, for the methods are compared on the same few items and all are wrong
  somewhere (Grünwald & van Ommen 2017, arXiv:1412.3730, on such powers). One item counts 6.9 nats at most.
- Of the prior, a part belongs to one method, the learner from the labels of both domains on standardised rows; the
  others share the rest alike.

A method that comes to less than a hundredth is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from jeoni.evaluation.intervals import t_interval
from jeoni.types import FloatArray, Interval

__all__ = ["Lead", "brier", "leads_of", "shares_of", "without_small"]

POWER = 0.5  # of the likelihood
FAVOURITE, PRIOR = "standardize+all", 0.25
LEAST_SHARE = 0.01
LEVEL = 0.95


@dataclass(frozen=True)
class Lead:
    """How much better than the source model a method is on the labelled items.

    Attributes:
        mean: of the differences of Brier scores, positive where the method is better.
        error: its standard error.
        items: of how many items.
    """

    mean: float
    error: float
    items: int

    @property
    def interval(self) -> Interval:
        """The 95 % interval, by Student's distribution."""
        return t_interval(self.mean, self.error, max(self.items, 2), LEVEL)


def brier(probs: FloatArray, labels: np.ndarray) -> FloatArray:
    """``(n,)`` Brier scores (1950): squared distances to the truth, from 0 (sure and right) to 2.

    Example:
        >>> brier(np.array([[1.0, 0.0], [0.5, 0.5], [1.0, 0.0]]), np.array([0, 0, 1])).tolist()
        [0.0, 0.5, 2.0]
    """
    truth = np.eye(probs.shape[1])[labels]
    found: FloatArray = np.square(probs - truth).sum(1)
    return found


def leads_of(scores: Mapping[str, FloatArray], source: str) -> dict[str, Lead]:
    """The lead of each method over the source model, paired by item.

    Args:
        scores: by method ``(n,)`` Brier scores of items that it has not learned from.
        source: the name of the source model among them.
    """
    found = {}
    for name, one in scores.items():
        better = scores[source] - one
        error = float(better.std(ddof=1) / np.sqrt(len(better))) if len(better) > 1 else float("inf")
        found[name] = Lead(float(better.mean()), error if name != source else 0.0, len(better))
    return found


def shares_of(losses: Mapping[str, FloatArray]) -> dict[str, float]:
    """How much each method counts; the shares sum to 1.

    Args:
        losses: by method ``(n,)`` log-losses in nats of items that it has not learned from.

    Example:
        >>> shares = shares_of({"a": np.array([0.5, 0.5]), "b": np.array([0.5, 2.5])})
        >>> round(shares["a"] / shares["b"], 3)  # exp(2 / 2)
        2.718
    """
    others = max(len(losses) - 1, 1)
    evidence = []
    for name, one in losses.items():
        prior = 1.0
        if FAVOURITE in losses:
            prior = PRIOR if name == FAVOURITE else (1 - PRIOR) / others
        evidence.append(np.log(prior) - POWER * one.sum())
    return dict(zip(losses, softmax(evidence).tolist(), strict=True))


def without_small(shares: Mapping[str, float]) -> dict[str, float]:
    """The same without those that are less than a hundredth of all; the largest stays.

    Example:
        >>> {name: round(share, 3) for name, share in without_small({"a": 0.398, "b": 0.1, "c": 0.002}).items()}
        {'a': 0.799, 'b': 0.201}
    """
    total = sum(shares.values())
    kept = {name: share for name, share in shares.items() if share >= LEAST_SHARE * total}
    return {name: share / sum(kept.values()) for name, share in kept.items()}
