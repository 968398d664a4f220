"""All scores of a set of predictions with 95 % intervals: overall, per class, and of the confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from jeoni import plugins
from jeoni.errors import ConfigError
from jeoni.evaluation.intervals import Weights, not_too_certain, percentile_interval, resample_weights
from jeoni.evaluation.metrics._counts import class_counts, confidence_bins, mean_of_defined, ratio
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["Evaluation", "checked", "evaluate", "score_resamples"]

_METRICS = "jeoni.evaluation.metrics"
_BINS = 15


@dataclass(frozen=True)
class Evaluation:
    """What is known about predictions on labelled items.

    Attributes:
        metrics: each metric's value and interval, by its id.
        per_class: for each class its name (``class``), number of items (``support``), and ``precision``, ``recall``
            and ``f1`` as intervals; NaN where undefined (precision of a class that is never predicted).
        confusion: ``K x K`` counts, rows true, columns predicted; with repeats their mean.
        reliability: for each bin of confidence that holds items: ``low``, ``high``, ``count`` (with repeats their
            mean), ``confidence`` and ``accuracy``.
        n: number of items.
        class_names: in the order of the confusion matrix.
        seen: how many of the items the model was fitted on, as far as that is known.
        unseen: the same of the other items alone; None where there are no seen ones, or no others.
    """

    metrics: dict[str, Interval]
    per_class: list[dict[str, Any]]
    confusion: list[list[float]]
    reliability: list[dict[str, float]]
    n: int
    class_names: tuple[str, ...]
    seen: int = 0
    unseen: Evaluation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists; what is undefined stays NaN."""
        return {**asdict(self), "class_names": list(self.class_names)}


def evaluate(
    labels: IntArray,
    probs: Array,
    class_names: Sequence[str],
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> Evaluation:
    """Every metric in the metrics folder, the scores of each class, and how far confidence can be believed.

    With repeats, an item is resampled with all its predictions together, and a resample's score is the mean over
    repeats: more repeats do not pretend to be more items.

    Args:
        labels: ``(n,)`` true classes, 0 to K - 1.
        probs: ``(n, K)`` probabilities, or ``(R, n, K)`` for repeated predictions of the same items.
        class_names: K names.
        groups: ``(n,)`` numbers of the groups (patient, panel) that are resampled whole; None resamples items.
        seed: of the resamples.
        resamples: how many.

    Raises:
        ConfigError: shapes that do not match, labels outside the classes, probabilities that are none.

    Example:
        >>> result = evaluate(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]), ["cat", "dog"])
        >>> result.metrics["accuracy"].value
        1.0
    """
    true, repeats = checked(labels, probs)
    classes = repeats.shape[2]
    if len(class_names) != classes:
        raise ConfigError(f"There are {len(class_names)} class names for {classes} columns; one each is needed.")
    once = np.ones((1, len(true)), dtype=np.float32)
    whole = {**score_resamples(true, repeats, once), **_class_scores(true, repeats, once)}
    chunks = [
        {**score_resamples(true, repeats, weights), **_class_scores(true, repeats, weights)}
        for weights in resample_weights(len(true), groups, resamples, seed)
    ]
    scores = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in whole}
    support = np.bincount(true, minlength=classes)
    units = len(true) if groups is None else len(np.unique(groups))
    return Evaluation(
        metrics={m: _interval(m, whole[m][0], scores[m], units) for m in plugins.names(_METRICS)},
        per_class=[
            {"class": name, "support": int(support[k])}
            | {
                s: not_too_certain(percentile_interval(whole[s][0, k], scores[s][:, k]), int(support[k]))
                for s in ("precision", "recall", "f1")
            }
            for k, name in enumerate(class_names)
        ],
        confusion=_confusion(true, repeats),
        reliability=_reliability(true, repeats),
        n=len(true),
        class_names=tuple(class_names),
    )


def _interval(metric: str, value: float, samples: FloatArray, units: int) -> Interval:
    """Percentiles; for a share of right answers that is none or all, no narrower than ``units`` items allow."""
    kind = plugins.load(_METRICS, metric)
    found = percentile_interval(value, samples)
    return not_too_certain(found, units) if kind.unit == "%" and kind.higher_is_better else found


def checked(labels: Array, probs: Array) -> tuple[IntArray, FloatArray]:
    """Labels ``(n,)`` and probabilities as ``(R, n, K)``, or an error that says what is wrong with them.

    Raises:
        ConfigError: shapes that do not match, labels outside the classes, probabilities that are none.
    """
    true, given = np.asarray(labels), np.asarray(probs, dtype=np.float64)
    repeats = given[None] if given.ndim == 2 else given
    if repeats.ndim != 3 or true.ndim != 1 or repeats.shape[1] != len(true) or not len(repeats):
        raise ConfigError(
            f"labels have shape {true.shape} and probs {given.shape}; (n,) and (n, K) or (R, n, K) are needed."
        )
    if not len(true):
        raise ConfigError("There are no items to score; at least one labelled item is needed.")
    classes = repeats.shape[2]
    if classes < 2:
        raise ConfigError(f"probs have {classes} column(s); one for each of two or more classes is needed.")
    if not np.issubdtype(true.dtype, np.integer) or true.min() < 0 or true.max() >= classes:
        raise ConfigError(
            f"Labels go from {true.min()} to {true.max()} ({true.dtype}); whole numbers from 0 to {classes - 1} are "
            "needed. Leave items without a label out."
        )
    if not np.isfinite(repeats).all() or repeats.min() < -1e-6 or np.abs(repeats.sum(axis=2) - 1).max() > 1e-3:
        raise ConfigError(
            "probs hold rows that are no probabilities (not finite, negative, or with another sum than 1); "
            "each row needs a sum of 1. Apply softmax to logits."
        )
    return true.astype(np.int64), repeats


def score_resamples(labels: IntArray, probs: FloatArray, weights: Weights) -> dict[str, FloatArray]:
    """Every metric on each resample, the mean over repeats.

    Args:
        labels: ``(n,)``.
        probs: ``(R, n, K)``.
        weights: ``(B, n)`` how often each item is drawn.

    Returns:
        ``(B,)`` for each metric's id.
    """
    metrics = {name: plugins.load(_METRICS, name)() for name in plugins.names(_METRICS)}
    return {
        name: mean_of_defined(np.stack([metric(labels, p, weights) for p in probs]), axis=0)
        for name, metric in metrics.items()
    }


def _class_scores(labels: IntArray, probs: FloatArray, weights: Weights) -> dict[str, FloatArray]:
    """Precision, recall and F1, ``(B, K)`` each, the mean over the repeats that define them."""
    counts = [class_counts(labels, p, weights) for p in probs]
    every = {
        "precision": [ratio(c.hits, c.predicted) for c in counts],
        "recall": [ratio(c.hits, c.support) for c in counts],
        "f1": [ratio(2 * c.hits, c.support + c.predicted) for c in counts],
    }
    return {name: mean_of_defined(np.stack(values), axis=0) for name, values in every.items()}


def _confusion(labels: IntArray, probs: FloatArray) -> list[list[float]]:
    repeats, _, classes = probs.shape
    pairs = labels * classes + probs.argmax(axis=2)
    counts = np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)
    mean: Array = counts if repeats == 1 else counts / repeats
    table: list[list[float]] = mean.tolist()
    return table


def _reliability(labels: IntArray, probs: FloatArray) -> list[dict[str, float]]:
    repeats, n, classes = probs.shape
    place, confidence, right = confidence_bins(np.tile(labels, repeats), probs.reshape(repeats * n, classes), _BINS)
    rows = []
    for b in np.unique(place):
        inside = place == b
        count = int(inside.sum())
        rows.append(
            {
                "low": float(b / _BINS),
                "high": float((b + 1) / _BINS),
                "count": count if repeats == 1 else count / repeats,
                "confidence": float(confidence[inside].mean()),
                "accuracy": float(right[inside].mean()),
            }
        )
    return rows
