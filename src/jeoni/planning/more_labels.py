"""Would more labels help? Scores at nested budgets of the labels that there are, and the curve through them.

A closed form is fitted to an eighth, a quarter, a half, three quarters and all of the training part of each fold,
nested and stratified, and scored on the fold; folds are drawn anew a few times. Features come from the store and are
taken to their first principal components, so that it takes a second or two: no label goes into these. The scores are
kept in the store beside the features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds
from jeoni.errors import DataError
from jeoni.evaluation.amounts import amount_of
from jeoni.evaluation.intervals import bootstrap_interval, resample_weights, units_of
from jeoni.evaluation.learning_curve import LearningCurve, Promise
from jeoni.evaluation.measures import Measure
from jeoni.features.examples import Examples
from jeoni.features.results import code_digest, digest_of, kept_once
from jeoni.features.store import FeatureStore
from jeoni.heads.fitting.named import build_head
from jeoni.locale import Said
from jeoni.tasks import Task, task_of
from jeoni.types import Array, FloatArray, IntArray, Interval, RowsLike

__all__ = [
    "Components",
    "MeasuredCurve",
    "MoreLabels",
    "can_tell",
    "measure_curve",
    "more_labels",
    "nested_order",
    "quick_answer",
]

SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
FOLDS = 5
DRAWS = 3
COMPONENTS = 256
COMPONENT_ROWS = 1000  # that the components are found on
FEWEST = 50  # labels below which a curve has no points worth fitting
RESAMPLES = 400
QUICK, QUICK_WIDTH = 3000, 50  # items and classes up to which it takes about three seconds
LINE = 40  # points of the curve on a chart
HEADS = {"softmax": "gda:scaling=raw", "identity": "linear"}  # by the task's link


@dataclass(frozen=True)
class MeasuredCurve:
    """Scores at several numbers of labels.

    Attributes:
        labels: ``(k,)`` numbers of labels, means over the folds.
        scores: ``(draws, k, n)`` of each item, by a model that did not see it; higher is better.
    """

    labels: FloatArray
    scores: FloatArray

    @property
    def mean(self) -> FloatArray:
        """``(k,)``."""
        found: FloatArray = self.scores.mean((0, 2))
        return found

    def resampled(self, groups: IntArray | None, seed: int, resamples: int = RESAMPLES) -> FloatArray:
        """``(B, k)`` mean scores of resampled items, whole groups together, and of resampled draws.

        An item is resampled with all its scores, so that the points of a curve move together as they do.
        """
        draws, points, n = self.scores.shape
        rng = np.random.default_rng(seed)
        chosen = rng.multinomial(draws, np.full(draws, 1 / draws), size=resamples) / draws
        flat = self.scores.reshape(draws * points, n)
        found = []
        for weights in resample_weights(n, groups, resamples, seed):
            share = weights / np.maximum(weights.sum(1, keepdims=True), 1)
            found.append((share @ flat.T).reshape(len(weights), draws, points))
        means: FloatArray = (np.concatenate(found) * chosen[:, :, None]).sum(1)
        return means


@dataclass(frozen=True)
class MoreLabels:
    """The answer, and the curve that it was read from.

    Attributes:
        measure: what the scores are.
        points: number of labels, and the value that was measured there.
        line: number of labels, and the value by the fitted curves, as far as the promise goes.
        promise: what more labels would add, in scores of which higher is better.
    """

    measure: Measure
    points: tuple[tuple[float, Interval], ...]
    line: tuple[tuple[float, Interval], ...]
    promise: Promise

    @property
    def said(self) -> Said:
        """The answer in a sentence."""
        return said_of(self.promise, self.measure)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; values are those of the measure."""
        promise = self.promise
        return {
            "measure": self.measure.as_dict(),
            "labels": promise.labels,
            "factor": promise.factor,
            "gain": promise.gain.as_dict(),
            "reached": self.measure.of(promise.score).as_dict(),
            "outcome": promise.outcome,
            "points": [{"labels": n, "score": score.as_dict()} for n, score in self.points],
            "line": [{"labels": n, "score": score.as_dict()} for n, score in self.line],
            "said": self.said.as_dict(),
        }


def said_of(promise: Promise, measure: Measure) -> Said:
    """What more labels would add, in a sentence."""
    amount = amount_of(promise.gain, measure.title, measure.unit, named=measure.higher_is_better)
    factor = f"{promise.factor:g}"
    if promise.outcome == "cannot tell":
        return Said("more_labels.unclear", factor=factor, amount=amount)
    times = Said("more_labels.double") if promise.factor == 2 else Said("more_labels.times", factor=factor)
    if promise.outcome == "little":
        return Said("more_labels.little", times=times, amount=amount)
    kind = "more_labels.helps" if measure.higher_is_better else "more_labels.lowers"
    return Said(kind, times=times, amount=amount, measure=measure.title)


def can_tell(task: Task, n: int) -> bool:
    """Whether there is a closed form for the task, and enough labels for a curve."""
    return task.link in HEADS and not task.parts and n >= max(FEWEST, 4 * task.width)


def quick_answer(
    train: Examples, backbone: Backbone, seed: int = 0, store: FeatureStore | None = None
) -> MoreLabels | None:
    """The answer on cached features where it takes a few seconds at most; else None, and `jeoni plan` gives it.

    Args:
        train: labelled examples, whose pooled features are in the store.
        backbone: whose.
        seed: of the draws.
        store: keeps the scores, so that they are not computed twice.
    """
    task = task_of(train.data)
    if not can_tell(task, len(train)) or len(train) > QUICK or task.width > QUICK_WIDTH:
        return None
    features = train.features(backbone, Tap(backbone.n, True))
    return more_labels(features, train.data.targets, task, train.clusters, seed=seed, store=store)


def more_labels(
    features: RowsLike,
    targets: Array,
    task: Task,
    clusters: IntArray,
    *,
    factor: float = 2.0,
    draws: int = DRAWS,
    seed: int = 0,
    store: FeatureStore | None = None,
) -> MoreLabels:
    """Measure the score at several numbers of labels, and say what more of them would add.

    Args:
        features: ``(n, d)`` of labelled items, from the store.
        targets: ``(n, …)``.
        task: what is predicted: classes or numbers.
        clusters: ``(n,)``: items of one number stay on one side of every split, and are resampled together.
        factor: how many times the labels, above 1 and at most 4.
        draws: how often folds are drawn.
        seed: of the draws and resamples.
        store: keeps the scores, so that they are not computed twice.

    Raises:
        DataError: too few labels, or another task.
        ConfigError: a factor out of bounds.
    """
    if not can_tell(task, len(targets)):
        raise DataError(
            f"There are {len(targets)} labels of the task {task.id}; a learning curve needs "
            f"{max(FEWEST, 4 * task.width)}, of classes or numbers. Label more items first, or leave the question out."
        )
    measured = _measured_once(features, targets, task, clusters, draws, seed, store)
    groups = clusters if len(np.unique(clusters)) < len(clusters) else None
    resampled = measured.resampled(groups, seed)
    measure = task.measure
    best = 1.0 if measure.is_share else 0.0
    small = 0.01 if measure.is_share else 0.01 * abs(float(measured.mean[-1]))
    curve = LearningCurve.fit(measured.labels, resampled, len(targets), best)
    promise = curve.promise(factor, small)
    units = units_of(len(targets), groups)
    points = [bootstrap_interval(float(v), resampled[:, k], units) for k, v in enumerate(measured.mean)]
    numbers = np.geomspace(measured.labels[0], factor * len(targets), LINE)
    return MoreLabels(
        measure,
        tuple((float(n), measure.of(score)) for n, score in zip(measured.labels, points, strict=True)),
        tuple((float(n), measure.of(score)) for n, score in zip(numbers, curve.at(numbers), strict=True)),
        promise,
    )


def _measured_once(
    features: RowsLike,
    targets: Array,
    task: Task,
    clusters: IntArray,
    draws: int,
    seed: int,
    store: FeatureStore | None,
) -> MeasuredCurve:
    """The curve on the features' components, from the store where it is there."""

    def compute() -> FloatArray:
        rows = Components.of(features, seed).rows(features)
        found = measure_curve(rows, targets, task, clusters, draws=draws, seed=seed)
        return np.concatenate([found.labels, found.scores.ravel()])

    n, points = len(targets), len(SHARES)
    if store is None:
        kept = compute()
    else:
        code = code_digest("jeoni.planning.more_labels", "jeoni.heads", "jeoni.tasks", "jeoni.data.splits")
        content = np.asarray(features[np.arange(n)])
        identity = digest_of(code, repr(task), content, targets, clusters, f"{draws} draws, seed {seed}")
        kept = kept_once(store, "learning curve", identity, (points + draws * points * n,), compute)
    return MeasuredCurve(kept[:points], kept[points:].reshape(draws, points, n))


@dataclass(frozen=True)
class Components:
    """Standardised features on their first principal components.

    Attributes:
        mean: ``(d,)``.
        scale: ``(d,)``.
        directions: ``(d, r)``.
    """

    mean: FloatArray
    scale: FloatArray
    directions: FloatArray

    @classmethod
    def of(cls, features: RowsLike, seed: int = 0, most: int = COMPONENTS) -> Components:
        """The components of a draw of the rows ``(n, d)``."""
        some = np.sort(np.random.default_rng(seed).permutation(features.shape[0])[:COMPONENT_ROWS])
        drawn = np.asarray(features[some], dtype=np.float64)
        mean, scale = drawn.mean(0), drawn.std(0)
        scale = np.where(scale > 1e-12, scale, 1.0)
        centred = (drawn - mean) / scale
        values, left = np.linalg.eigh(centred @ centred.T)
        there = int((values > 1e-9 * values.max(initial=1e-12)).sum())
        kept = slice(len(values) - max(1, min(most, there)), None)
        directions = centred.T @ left[:, kept] / np.sqrt(np.maximum(values[kept], 1e-12))
        return cls(mean, scale, directions)

    def rows(self, features: RowsLike) -> FloatArray:
        """``(n, r)``."""
        read = np.asarray(features[np.arange(features.shape[0])], dtype=np.float64)
        found: FloatArray = ((read - self.mean) / self.scale) @ self.directions
        return found


def measure_curve(
    rows: FloatArray,
    targets: Array,
    task: Task,
    clusters: IntArray,
    *,
    draws: int = DRAWS,
    folds: int = FOLDS,
    seed: int = 0,
) -> MeasuredCurve:
    """Scores of every item at nested numbers of labels.

    Args:
        rows: ``(n, d)`` few columns.
        targets: ``(n, …)``.
        task: what is predicted.
        clusters: ``(n,)``: items of one number stay on one side of every split.
        draws: how often folds are drawn.
        folds: how many.
        seed: of the draws.
    """
    strata = task.strata(targets)
    numbers, scores = [], np.zeros((draws, len(SHARES), len(rows)))
    for draw, fold in enumerate(build_folds(strata, clusters, folds, draws, seed)):
        for number in np.unique(fold):
            held, seen = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            order = seen[nested_order(strata[seen], clusters[seen], seed + 1000 * draw + int(number))]
            budgets = [max(2, round(share * len(seen))) for share in SHARES]
            numbers.append(budgets)
            for k, budget in enumerate(budgets):
                scores[draw, k, held] = _scored(rows, targets, task, np.sort(order[:budget]), held)
    return MeasuredCurve(np.mean(numbers, axis=0), scores)


def nested_order(strata: IntArray, clusters: IntArray, seed: int) -> IntArray:
    """``(n,)`` an order whose every beginning holds the strata in proportion, clusters one after the other."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(strata))
    rank = np.zeros(len(strata))
    for stratum in np.unique(strata):
        own = shuffled[strata[shuffled] == stratum]
        rank[own] = (np.arange(len(own)) + rng.random()) / len(own)
    _, member = np.unique(clusters, return_inverse=True)
    place = np.bincount(member, rank) / np.bincount(member)
    order: IntArray = np.lexsort((rank, member, place[member]))
    return order


def _scored(rows: FloatArray, targets: Array, task: Task, seen: IntArray, held: IntArray) -> FloatArray:
    """``(m,)`` scores of the held-out items by a head that is fitted to the others."""
    nothing = np.zeros((0, len(seen)), dtype=np.int64)
    labels = targets[seen]
    folds = nothing if task.link == "softmax" else build_folds(np.zeros(len(seen), dtype=np.int64), seen, 3, 1, 0)
    fitted = build_head(HEADS[task.link]).fit(rows[seen].astype(np.float32), labels, task, folds, "none")
    with torch.inference_mode():
        outputs = fitted.module(torch.from_numpy(rows[held].astype(np.float32))).double().numpy()
    return task.scores(task.decode(outputs), targets[held]) * task.measure.scale
