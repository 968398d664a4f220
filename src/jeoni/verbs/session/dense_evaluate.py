"""The evaluation of a model of places in pictures on annotated pictures it did not see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.data.annotations import are_annotations
from jeoni.data.checks import tell, unlabelled, unreadable
from jeoni.dense.model import DenseModel
from jeoni.dense.reading import reread_dense
from jeoni.dense.scoring import evaluate_evidence
from jeoni.errors import DataError
from jeoni.evaluation.evaluate import Evaluation
from jeoni.features.examples import Context
from jeoni.locale import Said
from jeoni.types import Array, Dataset, Finding

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
    known = model.task.known(data.targets)
    scored = _scored(model, data.select(np.flatnonzero(known)), context)
    lacking = unlabelled(data.items, ~known)
    tell([*data.findings, *scored.findings, *lacking], context.console)
    if not scored.evidence:
        raise DataError(Said("dense.none_annotated"))
    evidence, groups_of = scored.evidence, scored.data.groups
    fitted = model.fitted_on.holds(scored.digests)

    def score(which: Array) -> Evaluation:
        some: list[Any] = [evidence[int(i)] for i in np.flatnonzero(which)]
        groups = None if groups_of is None else groups_of[which]
        return evaluate_evidence(model.task, some, groups, seed)

    unseen = score(~fitted) if 0 < fitted.sum() < len(fitted) else None
    return replace(score(np.ones_like(fitted)), seen=int(fitted.sum()), unseen=unseen)


@dataclass(frozen=True)
class _Scored:
    """Annotated pictures that could be read.

    Attributes:
        data: the pictures.
        evidence: of each; predictions are not kept.
        digests: of the content of each.
        findings: about the others.
    """

    data: Dataset
    evidence: list[Any]
    digests: list[bytes]
    findings: list[Finding]


def _scored(model: DenseModel, data: Dataset, context: Context) -> _Scored:
    """Predict in one pass; a picture or a mask that cannot be read costs itself only."""
    kept: dict[int, tuple[Any, bytes]] = {}
    errors: dict[int, str] = {}
    with context.console.track("Predicting", len(data.items)) as advance:
        for one in model.predictions(data.items, context):
            advance(1)
            if one.prediction is None:
                errors[one.index] = one.error
                continue
            try:
                kept[one.index] = model.task.evidence(one.prediction, data.targets[one.index]), one.digest
            except DataError as error:
                if context.strict:
                    raise
                errors[one.index] = str(error)
    chosen = data.select(np.array(list(kept), dtype=np.int64))
    evidence, digests = [one for one, _ in kept.values()], [digest for _, digest in kept.values()]
    return _Scored(chosen, evidence, digests, unreadable(data.items, errors))
