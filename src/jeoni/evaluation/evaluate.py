"""All scores of a set of predictions with 95 % intervals: overall, and of each class, label or column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from jeoni.evaluation.intervals import Weights, bootstrap_interval, not_too_certain, resample_weights, units_of
from jeoni.evaluation.measures import limits_of
from jeoni.evaluation.metrics.counts import mean_of_defined
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["Evaluation", "Judge", "evaluate", "score_resamples"]


class Judge(Protocol):
    """The part of a task that an evaluation uses; see :class:`jeoni.tasks.targets.protocol.Task`."""

    def metrics(self) -> Mapping[str, Metric]:
        """Metrics by id."""

    def checked(self, targets: Array, predictions: Array) -> tuple[Array, FloatArray]:
        """Targets, and predictions ``(repeats, n, width)``."""

    def breakdown(self, targets: Array, predictions: FloatArray, weights: Array) -> dict[str, FloatArray]:
        """Scores ``(B, rows)`` of single classes, labels or columns."""

    def rows(self, targets: Array) -> list[tuple[str, int]]:
        """Name and number of examples of each row."""

    def details(self, targets: Array, predictions: FloatArray) -> dict[str, Any]:
        """Further details to show."""


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of predictions on labelled items.

    Attributes:
        metrics: each metric's value and interval, by its id.
        measures: each metric's ``title``, ``unit`` and ``higher_is_better``, by its id.
        breakdown: for each class, label or column its name (``class``), number of items (``support``), and its scores
            as intervals; NaN where undefined (precision of a class that is never predicted).
        details: what else the task shows, such as the confusion matrix.
        n: number of items.
        seen: how many of the items the model was fitted on, as far as that is known.
        unseen: the same of the other items alone; None where there are no seen ones, or no others.
    """

    metrics: dict[str, Interval]
    measures: dict[str, dict[str, Any]]
    breakdown: list[dict[str, Any]]
    details: dict[str, Any]
    n: int
    seen: int = 0
    unseen: Evaluation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists; what is undefined stays NaN."""
        plain = [{k: v.as_dict() if isinstance(v, Interval) else v for k, v in r.items()} for r in self.breakdown]
        return {
            "metrics": {name: score.as_dict() for name, score in self.metrics.items()},
            "measures": self.measures,
            "per_class": plain,
            **self.details,
            "n": self.n,
            "seen": self.seen,
            "unseen": None if self.unseen is None else self.unseen.as_dict(),
        }


def evaluate(
    task: Judge,
    targets: Array,
    predictions: Array,
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> Evaluation:
    """Every metric of the task, and what it shows beside.

    With repeats, an item is resampled with all its predictions together, and a resample's score is the mean over
    repeats: more repeats do not pretend to be more items.

    Args:
        task: what was predicted, such as ``Classification(("cat", "dog"))``.
        targets: ``(n, …)`` as the task has them.
        predictions: ``(n, width)``, or ``(R, n, width)`` for repeated predictions of the same items.
        groups: ``(n,)`` numbers of the groups (patient, panel) that are resampled whole; None resamples items.
        seed: of the resamples.
        resamples: how many.

    Raises:
        ConfigError: shapes that do not match, or values that the task does not know.

    Example:
        >>> from jeoni.tasks.classification import Classification
        >>> task = Classification(("cat", "dog"))
        >>> evaluate(task, np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]])).metrics["accuracy"].value
        1.0
    """
    true, repeats = task.checked(targets, predictions)
    metrics, n = task.metrics(), len(true)
    once = np.ones((1, n), dtype=np.float32)
    whole = _all_scores(task, metrics, true, repeats, once)
    chunks = [_all_scores(task, metrics, true, repeats, w) for w in resample_weights(n, groups, resamples, seed)]
    scores = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in whole}
    units = units_of(n, groups)
    singles = [key for key in whole if key not in metrics]
    return Evaluation(
        metrics={name: _interval(metric, whole[name][0], scores[name], units) for name, metric in metrics.items()},
        measures={
            name: {"title": m.title, "unit": m.unit, "higher_is_better": m.higher_is_better}
            for name, m in metrics.items()
        },
        breakdown=[
            {"class": name, "support": support}
            | {
                key.removeprefix(SINGLE): not_too_certain(
                    bootstrap_interval(whole[key][0, k], scores[key][:, k], units, limits=(0.0, 1.0)), support
                )
                for key in singles
            }
            for k, (name, support) in enumerate(task.rows(true))
        ],
        details=task.details(true, repeats),
        n=n,
    )


SINGLE = "single:"


def _all_scores(
    task: Judge, metrics: Mapping[str, Metric], targets: Array, predictions: FloatArray, weights: Weights
) -> dict[str, FloatArray]:
    overall = _scores(metrics, targets, predictions, weights)
    singles = task.breakdown(targets, predictions, weights)
    return {**overall, **{f"{SINGLE}{name}": values for name, values in singles.items()}}


def _interval(metric: Metric, value: float, samples: FloatArray, units: int) -> Interval:
    """Of resamples; for a share of right answers that is none or all, no narrower than ``units`` items allow."""
    found = bootstrap_interval(value, samples, units, limits=limits_of(metric))
    return not_too_certain(found, units) if metric.unit == "%" and metric.higher_is_better else found


def score_resamples(task: Judge, targets: Array, predictions: FloatArray, weights: Weights) -> dict[str, FloatArray]:
    """Every metric on each resample, the mean over repeats.

    Args:
        task: what was predicted.
        targets: ``(n, …)``.
        predictions: ``(R, n, width)``.
        weights: ``(B, n)`` how often each item is drawn.

    Returns:
        ``(B,)`` for each metric's id.
    """
    return _scores(task.metrics(), targets, predictions, weights)


def _scores(
    metrics: Mapping[str, Metric], targets: Array, predictions: FloatArray, weights: Weights
) -> dict[str, FloatArray]:
    return {
        name: mean_of_defined(np.stack([metric(targets, p, weights) for p in predictions]), axis=0)
        for name, metric in metrics.items()
    }
