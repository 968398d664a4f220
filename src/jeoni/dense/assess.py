"""How good a transfer to a dense task is: evidence of pictures that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.data.annotations import Prediction
from jeoni.dense.model import DenseModel
from jeoni.dense.reading import dense_task_of
from jeoni.dense.shown import choose_shown, kept_small
from jeoni.dense.transfer import Transfer
from jeoni.features.examples import Context, Examples
from jeoni.types import IntArray

__all__ = ["DenseAssessment", "assess_dense", "evidence_of", "to_learn_from"]


@dataclass(frozen=True)
class DenseAssessment:
    """A fitted model, and evidence of pictures that it, or its like of another fold, did not see.

    Attributes:
        model: fitted on everything that may be fitted on; None where only the evidence is wanted.
        evidence: ``(n,)`` of the held-out pictures.
        shown: predictions of some of them, by their numbers, for pictures; empty where only the evidence is wanted.
    """

    model: DenseModel | None
    evidence: list[Any]
    shown: dict[int, Prediction] = field(default_factory=dict)


def assess_dense(
    transfer: Transfer,
    backbone: Backbone,
    train: Examples,
    test: Examples | None,
    context: Context,
    *,
    keep_model: bool = True,
) -> DenseAssessment:
    """Fit, and look at the pictures that the scores come from: the test part, or all of them by cross-validation.

    Args:
        transfer: how.
        backbone: what to start from.
        train: with folds.
        test: None: the folds are the estimate.
        context: where to compute.
        keep_model: whether the model is needed; without it, cross-validation saves the fit on all pictures.
    """
    if test is not None:
        context.begin_fit()
        model = transfer.fit(backbone, to_learn_from(train), context)
        evidence = evidence_of(model, backbone, test, context)
        few = _shown(model, backbone, test, evidence, context) if keep_model else {}
        return DenseAssessment(model, evidence, few)
    fold = train.folds[0]
    found: list[Any] = [None] * len(train)
    shown: dict[int, Prediction] = {}
    with context.console.track("Cross-validation", len(np.unique(fold))) as advance:
        for f in np.unique(fold):
            held, seen = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
            part = train.select(seen, train.folds[:, seen])
            context.begin_fit()
            model = transfer.fit(backbone, to_learn_from(part), context)
            out = _part(train, held)
            evidence = evidence_of(model, backbone, out, context)
            for i, one in zip(held, evidence, strict=True):
                found[int(i)] = one
            if keep_model:
                few = _shown(model, backbone, out, evidence, context)
                shown |= {int(held[k]): prediction for k, prediction in few.items()}
            advance(1)
    if not keep_model:
        return DenseAssessment(None, found, shown)
    context.begin_fit()
    last = transfer.fit(backbone, to_learn_from(train), context)
    return DenseAssessment(last, found, shown)


def to_learn_from(examples: Examples) -> Examples:
    """Those that the task's heads are trained on."""
    task = dense_task_of(examples.data)
    return _part(examples, np.flatnonzero(task.learns_from(examples.data.targets)))


def evidence_of(model: DenseModel, backbone: Backbone, examples: Examples, context: Context) -> list[Any]:
    """Evidence of each picture; predictions are not kept."""
    found = []
    with context.console.track("Predicting", len(examples)) as advance:
        predictions = model.predict_examples(examples, backbone, context)
        for one, annotation in zip(predictions, examples.data.targets, strict=True):
            found.append(model.task.evidence(one, annotation))
            advance(1)
    return found


def _shown(
    model: DenseModel, backbone: Backbone, examples: Examples, evidence: Sequence[Any], context: Context
) -> dict[int, Prediction]:
    """What the model predicts of its worst, typical and best pictures, once more: which they are is known only now."""
    chosen = choose_shown(model.task.item_scores(evidence)).all
    if not chosen:
        return {}
    part = _part(examples, np.array(chosen, dtype=np.int64))
    predictions = model.predict_examples(part, backbone, context)
    return {i: kept_small(one) for i, one in zip(chosen, predictions, strict=True)}


def _part(examples: Examples, which: IntArray) -> Examples:
    return examples.select(which, examples.folds[:, which])
