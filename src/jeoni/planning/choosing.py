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
from jeoni.types import FloatArray, IntArray

__all__ = ["TIE", "Standing", "best_of", "choice_of", "errs_less", "expected_gain"]

TIE = 1.0  # standard errors within which the simpler one wins


@dataclass(frozen=True)
class Standing:
    """What a choice is made by: losses and scores ``(n,)`` of the first items of all, and the groups of these."""

    candidate: Candidate
    losses: FloatArray
    scores: FloatArray
    groups: IntArray | None = None


def choice_of(standings: Sequence[Standing]) -> int:
    """The simplest that is not worse than the best by more than a standard error, unless a control is clearly better.

    Of several that are as simple the best: such as the probes of two backbones.

    Args:
        standings: at least one that transfers; each with losses and scores of the first items, as many as it has seen.
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
    """Which one has the lowest loss on the items that all of those saw."""
    if len(among) == 1:
        return among[0]
    n = min(len(standings[k].losses) for k in among)
    return min(among, key=lambda k: standings[k].losses[:n].mean())


def errs_less(one: Standing, other: Standing, errors: float) -> bool:
    """Whether one's losses are lower by more than so many standard errors: of items, or of groups of them."""
    ours, others = _common(one, other)
    if one.groups is None:
        return clearly_lower(ours, others, errors)
    return len(ours) > 0 and clustered_mean(others - ours, one.groups[: len(ours)]).is_above(errors)


def expected_gain(one: Standing, leader: Standing) -> float:
    """By how much one's mean loss may be expected to lie below the leader's, where it is no gain if it lies above.

    The expected improvement of Bayesian optimisation (Jones, Schonlau & Welch, J. Global Optimization 13, 1998), of a
    normal distribution about the paired difference so far; infinite where the items so far say nothing of its error.

    Example:
        >>> a, b, c = (Standing(None, np.array(losses), np.zeros(4)) for losses in
        ...            ([0.4, 0.6, 0.4, 0.6], [0.3, 0.9, 0.2, 0.8], [1.4, 1.7, 1.3, 1.6]))
        >>> round(expected_gain(b, a), 3), round(expected_gain(c, a), 3)
        (0.028, 0.0)
    """
    ours, others = _common(one, leader)
    if len(ours) < 2:
        return float("inf")
    gain = clustered_mean(others - ours, None if one.groups is None else one.groups[: len(ours)])
    if np.isnan(gain.error):
        return float("inf")
    if gain.error == 0:
        return max(0.0, gain.value)
    z = gain.value / gain.error
    return float(gain.error * (norm.pdf(z) + z * norm.cdf(z)))


def _common(one: Standing, other: Standing) -> tuple[FloatArray, FloatArray]:
    n = min(len(one.losses), len(other.losses))
    return one.losses[:n], other.losses[:n]


def _better(control: Standing, chosen: Standing) -> bool:
    """Whether a control errs less by more than a standard error, and does not score worse."""
    ours, other = control.scores, chosen.scores
    n = min(len(ours), len(other))
    return n > 0 and errs_less(control, chosen, TIE) and bool(ours[:n].mean() >= other[:n].mean())
