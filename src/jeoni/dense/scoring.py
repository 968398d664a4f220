"""Scores of dense predictions with intervals, and the paired difference of two models on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.dense.protocol import DenseTask
from jeoni.evaluation.evaluate import Evaluation
from jeoni.evaluation.intervals import bootstrap_interval, not_too_certain, resample_weights, units_of
from jeoni.evaluation.measures import Measure, limits_of
from jeoni.types import FloatArray, IntArray, Interval

__all__ = ["difference_of", "evaluate_evidence", "score_evidence"]

RESAMPLES = 2000


def evaluate_evidence(
    task: DenseTask,
    evidence: Sequence[Any],
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Every metric with its interval over resamples of pictures: the metric is computed anew for each of them.

    Args:
        task: what was predicted.
        evidence: of each picture, by :meth:`.DenseTask.evidence`.
        groups: ``(n,)`` groups that are resampled whole; None resamples pictures.
        seed: of the resamples.
        resamples: how many.
    """
    n = len(evidence)
    once = np.ones((1, n))
    whole, alone = task.scored(evidence, once)
    drawn = [
        task.scored(evidence, weights.astype(np.float64)) for weights in resample_weights(n, groups, resamples, seed)
    ]
    samples, rows = _joined([scores for scores, _ in drawn]), [chunk for _, chunk in drawn]
    shares, known = task.shares(evidence), task.metrics()
    units = units_of(n, groups)
    breakdown: list[dict[str, Any]] = []
    for k, row in enumerate(alone):
        scores = _joined([chunk[k].scores for chunk in rows])
        found = {
            name: _interval(value, scores[name], units, min(row.count, units) if name in shares else 0, known.get(name))
            for name, value in row.scores.items()
        }
        breakdown.append({"class": row.name, "support": row.count, **found})
    return Evaluation(
        metrics={
            name: _interval(value, samples[name], units, min(shares.get(name, 0), units), known[name])
            for name, value in whole.items()
        },
        measures={name: measure.as_dict() for name, measure in known.items()},
        breakdown=breakdown,
        details=task.details(evidence),
        n=n,
    )


def score_evidence(
    task: DenseTask,
    evidence: Sequence[Any],
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Every metric of all pictures with its interval, without tables by class; arguments as of the whole."""
    n, shares, known = len(evidence), task.shares(evidence), task.metrics()
    units = units_of(n, groups)
    whole = task.scores(evidence, np.ones((1, n)))
    drawn = resample_weights(n, groups, resamples, seed)
    samples = _joined([task.scores(evidence, weights.astype(np.float64)) for weights in drawn])
    return {
        name: _interval(value, samples[name], units, min(shares.get(name, 0), units), known[name])
        for name, value in whole.items()
    }


def _interval(value: FloatArray, samples: FloatArray, units: int, of: int, measure: Measure | None) -> Interval:
    """Of resamples of so many ``units``; of a share ``of`` so many pictures no narrower than these allow."""
    limits = (-np.inf, np.inf) if measure is None else limits_of(measure)
    return not_too_certain(bootstrap_interval(float(value[0]), samples, units, limits=limits), of)


def difference_of(
    task: DenseTask,
    ours: Sequence[Any],
    theirs: Sequence[Any],
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Each metric of ours minus that of theirs, over the same resamples of the same pictures.

    Args:
        task: what was predicted.
        ours: evidence of each picture.
        theirs: the same of the other model.
        groups: ``(n,)`` groups that are resampled whole.
        seed: of the resamples.
        resamples: how many.
    """
    n = len(ours)

    def difference(weights: FloatArray) -> dict[str, FloatArray]:
        a, b = task.scores(ours, weights), task.scores(theirs, weights)
        return {name: a[name] - b[name] for name in a}

    whole = difference(np.ones((1, n)))
    drawn = resample_weights(n, groups, resamples, seed)
    samples = _joined([difference(weights.astype(np.float64)) for weights in drawn])
    return {
        name: bootstrap_interval(float(value[0]), samples[name], units_of(n, groups)) for name, value in whole.items()
    }


def _joined(chunks: Sequence[Any]) -> dict[str, FloatArray]:
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
