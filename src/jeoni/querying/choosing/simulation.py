"""What querying would have saved: label a labelled pool again, round by round, and score on items never asked for.

Every draw splits the items anew into a pool and a part to score on. All methods of a draw have the same split; those
that need labels begin with the same random items as ``random`` does, ``auto`` with its own cold start. After each round
the head is fitted anew on what is labelled. The area under the curve of accuracy over labels is its mean over rounds
(trapezoid rule); methods are compared with ``random`` draw by draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from jeoni.data.splits import split_test
from jeoni.evaluation.intervals import t_interval
from jeoni.querying.choosing.learner import fit_learner
from jeoni.querying.choosing.proposal import AUTO, build_querier, propose
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["RANDOM", "Simulation", "area", "labels_needed", "mean_interval", "run_curve", "saved_labels", "simulate"]

RANDOM = "random"
SCORED = 1 / 3  # of the items, where none came as a test part
RESAMPLES = 1000


@dataclass(frozen=True)
class Simulation:
    """Accuracy over labels.

    Attributes:
        counts: ``(r,)`` labels after each round.
        curves: by method ``(draws, r)`` accuracies on the items that are scored.
        pool: items that could be asked for.
        scored: items that are scored.
    """

    counts: IntArray
    curves: Mapping[str, FloatArray]
    pool: int
    scored: int

    def gain(self, method: str) -> Interval:
        """How much larger the area under the curve is than that of random, paired by draw, with its 95 % interval."""
        mine, theirs = (area(self.counts, self.curves[name]) for name in (method, RANDOM))
        return mean_interval(mine - theirs)

    def saved(self, method: str, seed: int = 0) -> Interval | None:
        """Labels saved where random ends; None where the method does not come there. See :func:`saved_labels`."""
        return saved_labels(self.counts, self.curves[method], self.curves[RANDOM], seed)


def area(counts: IntArray, accuracy: FloatArray) -> FloatArray:
    """``(draws,)``: the mean height of curves ``(draws, r)`` over labels; a single round's height is itself.

    Example:
        >>> area(np.array([10, 20, 40]), np.array([[0.0, 1.0, 1.0]])).round(4)
        array([0.8333])
    """
    if len(counts) == 1:
        return accuracy[:, 0]
    found: FloatArray = np.trapezoid(accuracy, counts, axis=1) / (counts[-1] - counts[0])
    return found


def mean_interval(values: FloatArray) -> Interval:
    """The mean over draws with Student's 95 % interval.

    Example:
        >>> mean_interval(np.array([1.0, 2.0, 3.0])).points()
        (200.0, -48.4, 448.4)
    """
    n = len(values)
    error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    return t_interval(float(values.mean()), error, n)


def labels_needed(counts: IntArray, accuracy: FloatArray, wanted: float) -> float | None:
    """Labels with which a mean curve ``(r,)`` reaches an accuracy, between rounds by straight lines; None: never.

    The curve is made to rise first (isotonic regression), so that a lucky round is not taken for the way there.

    Example:
        >>> labels_needed(np.array([10, 20, 30]), np.array([0.5, 0.7, 0.9]), 0.8)
        25.0
    """
    rising = isotonic_regression(accuracy).x
    reached = np.flatnonzero(rising >= wanted - 1e-12)
    if not len(reached):
        return None
    k = int(reached[0])
    if k == 0:
        return float(counts[0])
    low, high = rising[k - 1], rising[k]
    share = (wanted - low) / (high - low)
    return float(counts[k - 1] + share * (counts[k] - counts[k - 1]))


def saved_labels(counts: IntArray, mine: FloatArray, theirs: FloatArray, seed: int = 0) -> Interval | None:
    """How many labels fewer a method needs for what random reaches in the end, with a bootstrap interval over draws.

    Args:
        counts: ``(r,)`` labels after each round.
        mine: ``(draws, r)``.
        theirs: ``(draws, r)`` of random.
        seed: of the bootstrap.

    Returns:
        None where the mean curve does not come so far. Resamples in which it does not count as 0 labels saved.
    """

    def saved(draws: IntArray) -> float | None:
        final = float(isotonic_regression(theirs[draws].mean(0)).x[-1])
        needed = labels_needed(counts, mine[draws].mean(0), final)
        return None if needed is None else float(counts[-1] - needed)

    value = saved(np.arange(len(mine)))
    if value is None:
        return None
    if len(mine) < 2:
        return Interval(value, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    samples = [saved(rng.integers(0, len(mine), len(mine))) or 0.0 for _ in range(RESAMPLES)]
    low, high = np.quantile(samples, [0.025, 0.975])
    return Interval(value, float(min(low, value)), float(max(high, value)))


def simulate(
    rows: Array,
    labels: IntArray,
    methods: Sequence[str],
    counts: Sequence[int],
    draws: int,
    *,
    head: str = "gda",
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    scored: Array | None = None,
    clusters: IntArray | None = None,
    done: Callable[[int], None] = lambda steps: None,
) -> Simulation:
    """Label again with each method and with random.

    Args:
        rows: ``(n, d)`` frozen features.
        labels: ``(n,)`` all known.
        methods: of ``querying/``, or ``auto``; random joins.
        counts: labels after each round, rising.
        draws: how often.
        head: learns from what is labelled.
        seed: of the first draw.
        settings: hyper-parameters of the methods.
        scored: ``(n,)`` bool: an own test part; a third of the items, drawn anew each time, if left out.
        clusters: ``(n,)``: items of one number stay on one side; each its own if left out.
        done: is told of each curve.
    """
    names = list(dict.fromkeys([*methods, RANDOM]))
    curves: dict[str, list[FloatArray]] = {name: [] for name in names}
    together = np.arange(len(labels)) if clusters is None else clusters
    for draw in range(draws):
        pool, test = _parts(labels, scored, together, seed + draw)
        for name in names:
            found = run_curve(
                rows[pool], labels[pool], rows[test], labels[test], name, counts,
                head=head, seed=seed + draw, settings=None if name == RANDOM else settings,
            )  # fmt: skip
            curves[name].append(found)
            done(1)
    return Simulation(
        np.asarray(counts, dtype=np.int64), {name: np.array(c) for name, c in curves.items()}, len(pool), len(test)
    )


def _parts(labels: IntArray, scored: Array | None, clusters: IntArray, seed: int) -> tuple[IntArray, IntArray]:
    """The pool and what is scored; clusters stay on one side."""
    held = split_test(labels, clusters, SCORED, seed) if scored is None else scored
    return np.flatnonzero(~held), np.flatnonzero(held)


def run_curve(
    rows: Array,
    labels: IntArray,
    test_rows: Array,
    test_labels: IntArray,
    method: str,
    counts: Sequence[int],
    *,
    head: str = "gda",
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> FloatArray:
    """``(r,)`` accuracies of one method in one draw; its arguments are those of :func:`simulate`."""
    known = np.full(len(labels), -1, dtype=np.int64)
    found, learner = np.zeros(len(counts)), None
    for k, count in enumerate(counts):
        missing = count - int((known >= 0).sum())
        chooser = _able(method, known)
        own = settings if chooser == method != AUTO else None
        asked = propose(
            rows, known, missing, method=chooser, head=head, seed=_round_seed(seed, k), settings=own, learner=learner
        )
        known[asked.index] = labels[asked.index]
        have = known >= 0
        learner = fit_learner(rows[have], known[have], head, seed)
        said = np.full(len(test_labels), known[have][0]) if learner is None else learner.predict(test_rows)
        found[k] = float((said == test_labels).mean())
    return found


def _able(method: str, known: IntArray) -> str:
    """The method, or random where it needs two classes and the labels so far are of one."""
    if method == AUTO or len(np.unique(known[known >= 0])) >= 2:
        return method
    return RANDOM if build_querier(method).needs_labels else method


def _round_seed(seed: int, k: int) -> int:
    """Of a round: the first is the draw's own, so that all methods that begin at random begin alike."""
    return seed + 7919 * k
