"""How much of what a backbone knows helps here: a probe on its features against one on features of random weights.

Stage by stage, on features that are in the store, with a closed form where there is one: a look of seconds at the data.
Both are fitted to the same labels in the same folds, and compared item by item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from jeoni.assessment.control import sample_order
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds, build_inner_folds
from jeoni.evaluation.clustered import clustered_interval
from jeoni.evaluation.intervals import FEW_UNITS, bootstrap_interval, resample_weights, units_of
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.results import code_digest, digest_of, kept_once
from jeoni.heads.fitting.named import build_head
from jeoni.planning.rules import Level, level_of
from jeoni.tasks import strata_of, task_of
from jeoni.tasks.classification import Classification
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["MOST", "Similarity", "StageScore", "mean_interval", "measure_similarity", "sample_of"]

MOST = 1000  # examples that a look needs: the interval of a difference is then a few points wide
FOLDS = 5
RESAMPLES = 1000


@dataclass(frozen=True)
class StageScore:
    """A probe on the features of one stage.

    Attributes:
        name: of the stage.
        stage: its number, from 1.
        score: held-out, in the task's measure, with its interval.
        to_top: score minus that of the topmost stage, item by item.
    """

    name: str
    stage: int
    score: Interval
    to_top: Interval


@dataclass(frozen=True)
class Similarity:
    """Pretrained against untrained features.

    Attributes:
        pretrained: score of a probe on the topmost features.
        untrained: the same on a network of random weights.
        gain: their difference, item by item.
        removed: the share of the untrained features' errors that the pretrained ones do not make; below 0 where they
            make more.
        stages: stage by stage, those that were looked at.
        examples: that were looked at.
    """

    pretrained: Interval
    untrained: Interval
    gain: Interval
    removed: float
    stages: tuple[StageScore, ...]
    examples: int

    @property
    def peak(self) -> StageScore:
        """The stage that serves best: the topmost unless a lower one is clearly better."""
        better = [stage for stage in self.stages if stage.to_top.low > 0]
        return max(better, key=lambda stage: stage.score.value) if better else self.stages[-1]

    @property
    def lower_is_better(self) -> bool:
        """Whether a lower stage serves clearly better than the topmost."""
        return self.peak is not self.stages[-1]

    @property
    def level(self) -> Level:
        """Similar or different; see :func:`jeoni.planning.rules.level_of`."""
        return level_of(self.gain, self.removed, self.lower_is_better)


def sample_of(examples: Examples, seed: int, most: int = MOST) -> Examples:
    """At most so many of the examples, those that a fit measures its control on, with folds of their own."""
    strata = strata_of(examples.data)
    chosen = np.sort(sample_order(strata, seed)[:most])
    return examples.select(chosen, build_folds(strata[chosen], examples.clusters[chosen], FOLDS, 1, seed))


def measure_similarity(
    examples: Examples,
    backbone: Backbone,
    untrained: Backbone,
    context: Context,
    stages: Sequence[int] = (),
    kept: Sequence[Tap] = (),
) -> Similarity:
    """Probe the features of both networks.

    Args:
        examples: a sample, with folds; see :func:`sample_of`. The backbone's features are in their extraction.
        backbone: the pretrained network.
        untrained: its twin, whose features are computed for these examples only.
        context: store, engine, seed.
        stages: numbers of lower stages to look at too; their pooled features are in the extraction.
        kept: of the untrained network, features that will be asked for later: they take no pass of their own.
    """
    top = Tap(backbone.n, True)
    control = context.extract(examples.data.items, [Request(untrained, tuple(dict.fromkeys((top, *kept))))])
    bare = control.features(untrained, top).numpy()
    features = {k: examples.features(backbone, Tap(k, True)).numpy() for k in dict.fromkeys((*stages, backbone.n))}
    scores = {k: _held_out_scores(rows, examples, context) for k, rows in features.items()}
    without = _held_out_scores(bare, examples, context)
    best, groups, seed = scores[backbone.n], examples.groups, context.seed
    ceiling = 1.0 if without.min(initial=0.0) >= 0 else 0.0  # of errors in a unit the best score is none
    missed = max(ceiling - float(without.mean()), 1e-12)
    found = [
        StageScore(
            backbone.stages[k - 1].name,
            k,
            mean_interval(scores[k], groups, seed),
            mean_interval(scores[k] - best, groups, seed),
        )
        for k in sorted(scores)
    ]
    return Similarity(
        pretrained=mean_interval(best, groups, seed),
        untrained=mean_interval(without, groups, seed),
        gain=mean_interval(best - without, groups, seed),
        removed=1 - (ceiling - float(best.mean())) / missed,
        stages=tuple(found),
        examples=len(examples),
    )


def mean_interval(values: FloatArray, groups: IntArray | None, seed: int) -> Interval:
    """The mean of ``values (n,)`` with its interval: by the bootstrap, of whole groups where ``groups (n,)`` are given.

    Where these are few, by Student's t; see :mod:`jeoni.evaluation.clustered`.
    """
    if units_of(len(values), groups) < FEW_UNITS:
        return clustered_interval(values, groups)
    samples = []
    for weights in resample_weights(len(values), groups, RESAMPLES, seed):
        total = weights.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            samples.append((weights @ values) / total)
    return bootstrap_interval(float(values.mean()), np.concatenate(samples).astype(np.float64))


def _held_out_scores(rows: Array, examples: Examples, context: Context) -> FloatArray:
    """``(n,)`` the score of each item by a head that did not see its fold; from the store where it is there."""
    data = examples.data
    code = code_digest("jeoni.planning.similarity", "jeoni.heads", "jeoni.tasks")
    of = digest_of(code, repr(data.task), rows, data.targets, examples.clusters, examples.folds[0])
    return kept_once(context.store, "scores of a look", of, (len(rows),), lambda: _computed_scores(rows, examples))


def _computed_scores(rows: Array, examples: Examples) -> FloatArray:
    task, targets, fold = task_of(examples.data), examples.data.targets, examples.folds[0]
    if isinstance(task, Classification):
        fitted = build_head("ridge").fit(rows, targets, task, examples.folds[:1], "none", examples.clusters)
        assert fitted.held_out is not None
        return task.scores(task.decode(fitted.held_out[0]), targets)
    scores = np.zeros(len(targets))
    for number in np.unique(fold):
        seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        inner = build_inner_folds(task.strata(targets[seen]), examples.clusters[seen], FOLDS, 1, 0)
        fitted = build_head("linear").fit(rows[seen], targets[seen], task, inner, "none", examples.clusters[seen])
        with torch.inference_mode():
            outputs = fitted.module(torch.from_numpy(rows[held].astype(np.float32))).numpy()
        scores[held] = task.scores(fitted.task.decode(outputs), targets[held])
    return scores
