"""Scores against labels and against time, and what the control would need to catch up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from jeoni.evaluation.measures import ACCURACY, Measure, limits_of
from jeoni.evaluation.verdict import Verdict, compare_pairs, correct, doubts, pigeonhole, undecided, words
from jeoni.locale import Said
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["Outcomes", "Point", "compare_all", "labels_needed", "point"]


@dataclass(frozen=True)
class Outcomes:
    """All predictions of one strategy at one budget, over its draws.

    Attributes:
        strategy: its id.
        budget: labels per class; None: all.
        items: ``(m,)`` test items.
        draws: ``(m,)`` the draw each was predicted from.
        scores: ``(m,)``, higher is better; of a classification, whether it was right.
        measure: what the scores are.
        weights: ``(m,)`` by which the classes count alike, or None; see :func:`.verdict.class_weights`.
        n_train: mean number of training examples.
        seconds: median over draws of fitting.
        notes: what it got, draw by draw.
        learned_nothing: draw by draw, whether it gave every example the same answer.
    """

    strategy: str
    budget: int | None
    items: IntArray
    draws: IntArray
    scores: Array
    n_train: float
    seconds: float
    notes: tuple[str, ...] = ()
    weights: FloatArray | None = None
    measure: Measure = ACCURACY
    learned_nothing: tuple[bool, ...] = ()

    @property
    def failed(self) -> str:
        """Why it is no control, in words; empty where it is one. A few draws of which it made nothing are bad luck."""
        count, draws = sum(self.learned_nothing), len(self.learned_nothing)
        if not count or 2 * count < draws:
            return ""
        if draws == 1:
            return Said("learned_nothing", strategy=self.strategy)
        return Said("learned_nothing_in", strategy=self.strategy, count=f"{count}", draws=f"{draws}")


@dataclass(frozen=True)
class Point:
    """One point of a curve; ``score`` is the value of the comparison's measure."""

    strategy: str
    budget: int | None
    n_train: float
    seconds: float
    score: Interval
    note: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def point(outcomes: Outcomes, groups: IntArray | None, seed: int) -> Point:
    """The measure with its interval over items and draws; ``groups`` are of all items, or None."""
    items = outcomes.items if groups is None else groups[outcomes.items]
    low, high = limits_of(outcomes.measure)
    limits = (low, high) if outcomes.measure.higher_is_better else (-high, -low)
    score = pigeonhole(outcomes.scores, items, outcomes.draws, seed, outcomes.weights, limits)
    note = outcomes.notes[0] if outcomes.notes else ""
    return Point(
        outcomes.strategy,
        outcomes.budget,
        outcomes.n_train,
        outcomes.seconds,
        outcomes.measure.of(score),
        note,
    )


def compare_all(
    found: Sequence[Outcomes], control: str, groups: IntArray | None, overlap: dict[int | None, float], seed: int
) -> list[dict[str, Any]]:
    """Every strategy against the control at every budget, and against the linear probe; corrected by Holm's method.

    Args:
        found: all outcomes.
        control: id of the strategy that transfer is measured against.
        groups: ``(n,)`` items that are not independent share a number; None: all are.
        overlap: by budget, test items per training item where draws share training examples; else 0.
        seed: of the bootstrap.
    """
    by_name = {(o.strategy, o.budget): o for o in found}
    pairs = [
        (ours, against, budget)
        for ours, budget in by_name
        for against in dict.fromkeys((control, "probe"))
        if ours not in (control, against) and (against, budget) in by_name
    ]
    verdicts: dict[str, Verdict] = {}
    for ours, against, budget in pairs:
        a, b = by_name[ours, budget], by_name[against, budget]
        items = a.items if groups is None else groups[a.items]
        key = f"{ours} {against} {budget}"
        verdicts[key] = compare_pairs(
            a.scores,
            b.scores,
            items,
            a.draws,
            overlap=overlap[budget],
            seed=seed,
            weights=a.weights,
            measure=a.measure,
        )
    corrected = correct(verdicts)
    for ours, against, budget in pairs:
        if reason := by_name[against, budget].failed:
            key = f"{ours} {against} {budget}"
            corrected[key] = undecided(corrected[key], reason)
    return [
        {
            "strategy": ours,
            "control": against,
            "budget": budget,
            **(verdict := corrected[f"{ours} {against} {budget}"]).as_dict(),
            "said": [words(verdict, ours, against), *doubts(verdict)],
        }
        for ours, against, budget in pairs
    ]


def labels_needed(curve: Sequence[Point], wanted: float, higher_is_better: bool = True) -> float | None:
    """Training examples at which a curve is as good as wanted, between points on a logarithmic scale.

    None where it never is: then it needs more than there are.

    Args:
        curve: points of one strategy.
        wanted: the value of the measure to be reached.
        higher_is_better: False for an error.

    Example:
        >>> made = [Point("s", k, n, 1.0, Interval(a, a, a), "") for k, n, a in ((5, 10, 0.6), (50, 100, 0.8))]
        >>> round(labels_needed(made, 0.7), 1)
        31.6
    """
    sign = 1 if higher_is_better else -1
    points = sorted(curve, key=lambda p: p.n_train)
    if points and sign * points[0].score.value >= sign * wanted:
        return points[0].n_train
    for low, high in pairwise(points):
        a, b = sign * low.score.value, sign * high.score.value
        if a < sign * wanted <= b:
            share = (sign * wanted - a) / (b - a)
            return float(np.exp(np.log(low.n_train) + share * np.log(high.n_train / low.n_train)))
    return None
