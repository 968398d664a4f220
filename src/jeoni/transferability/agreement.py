"""How well scores ordered candidates: weighted Kendall's tau (Vigna WWW 2015, arXiv:1404.3325), with an interval.

Accuracies and scores are ranked against each other, and exchanges near the top count for more. The interval is over
candidates and test examples together: whole backbones are drawn, since stages of one are not independent, and with them
the examples that the accuracies were measured on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import weightedtau

from jeoni.evaluation.intervals import bootstrap_interval, resample_weights
from jeoni.transferability.candidate import FEWEST
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["Order", "orders", "weighted_tau"]

RESAMPLES = 1000


@dataclass(frozen=True)
class Order:
    """How one score ordered the candidates it could score.

    Attributes:
        score: its id.
        tau: from -1, the reverse order, over 0, chance, to 1; NaN where it cannot be measured.
        candidates: how many it could score.
        backbones: of how many different networks they are.
        pick: the number of the candidate that it puts first; None where it scored none.
        behind: how much less accurate its pick was than the best candidate, whether or not that one was scored.
        outcome: ``agrees``, ``opposes`` or ``cannot tell``.
    """

    score: str
    tau: Interval
    candidates: int
    backbones: int
    pick: int | None
    behind: Interval
    outcome: str


def weighted_tau(accuracies: Array, scores: Array) -> float:
    """Weighted Kendall's tau of measured accuracies ``(m,)`` and scores ``(m,)``; NaN where all of one are equal.

    Ranks are taken by accuracy, ties by score, and the other way round, and both are averaged, as papers on
    transferability do; so the order of the arguments makes no difference.

    Example:
        >>> weighted_tau([0.9, 0.8, 0.7], [30.0, 20.0, 10.0])
        1.0
    """
    a, b = np.asarray(accuracies, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if len(a) < 2 or np.isnan([a, b]).any() or not np.ptp(a) or not np.ptp(b):
        return float("nan")
    return float(weightedtau(a, b).statistic)


def orders(
    scores: Mapping[str, Sequence[float | None]],
    right: FloatArray,
    backbones: Sequence[str],
    groups: IntArray | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[Order]:
    """Of every score, the best order first.

    Args:
        scores: by id, of each of ``m`` candidates; None where it is not known.
        right: ``(m, n)``: how right each candidate was on each of the same ``n`` test examples.
        backbones: ``m`` names: candidates of one are drawn together.
        groups: ``(n,)`` test examples that are drawn together; where all are of one group, only backbones are drawn.
        seed: of the resamples.
        resamples: for the intervals.
    """
    weights = np.concatenate([w.astype(np.float64) for w in resample_weights(right.shape[1], groups, resamples, seed)])
    drawn = _accuracies(right, weights)
    rng = np.random.default_rng(seed + 1)
    names, member = np.unique(np.asarray(backbones), return_inverse=True)
    models = rng.integers(0, len(names), size=(resamples, len(names)))
    found = []
    for score, given in scores.items():
        values = np.array([np.nan if value is None else value for value in given], dtype=np.float64)
        found.append(_order(score, values, right, drawn, models, member))
    return sorted(found, key=lambda order: -np.nan_to_num(order.tau.value, nan=-2.0))


def _accuracies(right: FloatArray, weights: FloatArray) -> FloatArray:
    """``(b, m)`` accuracies on resamples of the test examples."""
    total = weights.sum(1, keepdims=True)
    found: FloatArray = np.where(total > 0, weights @ right.T / np.where(total > 0, total, 1.0), np.nan)
    return found


def _order(
    score: str, values: FloatArray, right: FloatArray, drawn: FloatArray, models: IntArray, member: IntArray
) -> Order:
    known = np.flatnonzero(~np.isnan(values))
    measured = right.mean(1)
    if not len(known):
        nothing = Interval(float("nan"), float("nan"), float("nan"))
        return Order(score, nothing, 0, 0, None, nothing, "cannot tell")
    tau = weighted_tau(measured[known], values[known])
    # of one group of items there are no resamples: then the interval is over backbones alone
    seen = np.where(np.isnan(drawn), measured, drawn)
    resampled = []
    for accuracies, chosen in zip(seen, models, strict=True):
        some = np.concatenate([known[member[known] == k] for k in chosen])
        resampled.append(weighted_tau(accuracies[some], values[some]))
    interval = bootstrap_interval(tau, np.array(resampled))
    backbones = len(np.unique(member[known]))
    pick = int(known[values[known].argmax()])
    behind = bootstrap_interval(float(measured.max() - measured[pick]), drawn[:, measured.argmax()] - drawn[:, pick])
    return Order(score, interval, len(known), backbones, pick, behind, _outcome(interval, backbones))


def _outcome(tau: Interval, backbones: int) -> str:
    if backbones < FEWEST:
        return "cannot tell"
    return "agrees" if tau.low > 0 else "opposes" if tau.high < 0 else "cannot tell"
