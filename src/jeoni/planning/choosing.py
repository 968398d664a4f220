"""Which of several candidates is taken, by the losses of the same held-out items.

Of what transfers, the simplest wins unless another is better by more than a standard error, and the best of those that
are as simple; a control wins if it is better than that one by more than a standard error: then transfer does not pay.
Errors are those of groups where there are groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from jeoni.evaluation.clustered import clustered_mean
from jeoni.planning.candidates import Candidate
from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["TIE", "Standing", "best_of", "choice_of", "errs_less", "expected_gain"]

TIE = 1.0  # standard errors within which the simpler one wins


@dataclass(frozen=True)
class Standing:
    """What a choice is made by.

    Attributes:
        candidate: which.
        losses: ``(n,)`` of all items; NaN where an item was not held out from it.
        scores: ``(n,)`` the same in the task's measure, higher is better.
        groups: ``(n,)`` of the items; None where each stands alone.
    """

    candidate: Candidate
    losses: FloatArray
    scores: FloatArray
    groups: IntArray | None = None

    @property
    def known(self) -> Array:
        """``(n,)`` bool: the items that were held out from it."""
        return ~np.isnan(self.losses)


def choice_of(standings: Sequence[Standing]) -> int:
    """The simplest that is not worse than the best by more than a standard error, unless a control is clearly better.

    Of several that are as simple the best: such as the probes of two backbones.

    Args:
        standings: at least one that transfers.
    """
    transferred = [k for k, one in enumerate(standings) if not one.candidate.control]
    best = best_of(standings, transferred)
    lowest = standings[best]
    tied = [k for k in transferred if k == best or not errs_less(lowest, standings[k], TIE)]
    least = min(standings[k].candidate.complexity for k in tied)
    chosen = best_of(standings, [k for k in tied if standings[k].candidate.complexity == least])
    better = [k for k, one in enumerate(standings) if one.candidate.control and _better(one, standings[chosen])]
    return best_of(standings, better) if better else chosen


def best_of(standings: Sequence[Standing], among: Sequence[int]) -> int:
    """Which one has the lowest loss, each against the one that most is known of, on the items that both saw."""
    reference = max((standings[k] for k in among), key=lambda one: one.known.sum())

    def behind(k: int) -> float:
        both = reference.known & standings[k].known
        return float((standings[k].losses - reference.losses)[both].mean()) if both.any() else np.inf

    return min(among, key=behind)


def errs_less(one: Standing, other: Standing, errors: float) -> bool:
    """Whether one's losses are lower by more than so many standard errors: of items, or of groups of them."""
    both = one.known & other.known
    ours, others = one.losses[both], other.losses[both]
    if one.groups is None:
        return clearly_lower(ours, others, errors)
    return len(ours) > 0 and clustered_mean(others - ours, one.groups[both]).is_above(errors)


def expected_gain(one: Standing, leader: Standing) -> float:
    """By how much one's mean loss may be expected to lie below the leader's, where it is no gain if it lies above.

    The expected improvement of Bayesian optimisation (Jones, Schonlau & Welch, J. Global Optimization 13, 1998), of a
    normal distribution about the paired difference so far; infinite where the items so far say nothing of its error.

    Example:
        >>> a, b, c = (Standing(None, np.array(losses), np.zeros(4)) for losses in
        ...            ([0.4, 0.6, 0.4, 0.6], [0.3, 0.9, 0.2, 0.8], [1.4, 1.7, 1.3, 1.6]))
        >>> round(expected_gain(b, a), 3), round(expected_gain(c, a), 3)
        (0.027, 0.0)
    """
    both = one.known & leader.known
    if both.sum() < 2:
        return float("inf")
    gain = clustered_mean((leader.losses - one.losses)[both], None if one.groups is None else one.groups[both])
    if np.isnan(gain.error):
        return float("inf")
    if gain.error == 0:
        return max(0.0, gain.value)
    z = gain.value / gain.error
    return float(gain.error * (norm.pdf(z) + z * norm.cdf(z)))


def _better(control: Standing, chosen: Standing) -> bool:
    """Whether a control errs less by more than a standard error, and does not score worse."""
    both = control.known & chosen.known
    gain = (control.scores - chosen.scores)[both]
    return len(gain) > 0 and errs_less(control, chosen, TIE) and bool(gain.mean() >= 0)
