"""The evaluation of a model of places in pictures on annotated pictures it did not see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jeoni.data.annotations import are_annotations
from jeoni.data.checks import tell, unlabelled, unreadable
from jeoni.dense.assess import evidence_of
from jeoni.dense.model import DenseModel
from jeoni.dense.reading import reread_dense
from jeoni.dense.scoring import evaluate_evidence
from jeoni.errors import DataError
from jeoni.evaluation.evaluate import Evaluation
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.locale import Said
from jeoni.types import Array, Dataset

__all__ = ["evaluate_dense"]


def evaluate_dense(model: DenseModel, data: Dataset, context: Context, seed: int) -> Evaluation:
    """Every metric of the task with its interval; pictures that the model was fitted on are scored apart.

    Args:
        model: saved before.
        data: pictures with annotations.
        context: where to compute.
        seed: of the bootstrap.

    Raises:
        DataError: no annotations, or others than those of the model's task.
    """
    if not are_annotations(data.targets):
        raise DataError(
            f"{data.origin or data.name} holds no annotations that say where in pictures something is; a model for "
            f"{model.task.id} is evaluated on such. `jeoni predict` works without."
        )
    data = reread_dense(data, model.task)
    seen = context.extract(data.items, [Request(model.backbone, ())])
    known = model.task.known(data.targets)
    lacking = seen.readable & ~known
    tell([*data.findings, *unreadable(data.items, seen.errors), *unlabelled(data.items, lacking)], context.console)
    use = np.flatnonzero(seen.readable & known)
    if not len(use):
        raise DataError(Said("dense.none_annotated"))
    chosen = data.select(use)
    examples = Examples(chosen, use, seen, use, np.zeros((1, len(use)), dtype=np.int64))
    evidence = evidence_of(model, model.backbone, examples, context)
    fitted = model.fitted_on.holds(examples.digests)

    def score(which: Array) -> Evaluation:
        some: list[Any] = [evidence[int(i)] for i in np.flatnonzero(which)]
        groups = None if chosen.groups is None else chosen.groups[which]
        return evaluate_evidence(model.task, some, groups, seed)

    unseen = score(~fitted) if 0 < fitted.sum() < len(fitted) else None
    return replace(score(np.ones_like(fitted)), seen=int(fitted.sum()), unseen=unseen)
