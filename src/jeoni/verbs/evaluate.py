"""Score a saved model on labelled data it did not see."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from jeoni.console import console_for
from jeoni.data.checks import tell, unlabelled
from jeoni.dense.model import DenseModel
from jeoni.distributed import select_device
from jeoni.errors import DataError
from jeoni.evaluation.evaluate import Evaluation
from jeoni.evaluation.evaluate import evaluate as score_predictions
from jeoni.features.engine import check_engine
from jeoni.features.examples import Context
from jeoni.features.store import FeatureStore
from jeoni.models.loading import AnyModel, load_model
from jeoni.scaling.choose import executor_of
from jeoni.specs import EvaluateSpec
from jeoni.specs.keywords import EvaluateKeywords
from jeoni.tasks import reread_targets
from jeoni.types import Array, Console
from jeoni.verbs.session.dense_evaluate import evaluate_dense
from jeoni.verbs.session.dense_options import refuse_subjects, refuse_unused, with_sigma
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.reading import read
from jeoni.verbs.session.subjects import evaluate_subjects, takes_boxes

__all__ = ["evaluate"]


@takes_options(EvaluateSpec)
def evaluate(
    model: AnyModel | str | Path,
    data: Any,
    spec: EvaluateSpec | None = None,
    *,
    console: Console | None = None,
    quiet: bool = False,
    **options: Unpack[EvaluateKeywords],
) -> Evaluation:
    """Score a saved model on labelled data it did not see; where it saw some in fitting, the others are scored apart.

    Args:
        model: a model, or its folder.
        data: labelled data of any kind that :func:`fit` takes; classes by the model's names.
        spec: names of the columns, the engine, the seed; see :class:`jeoni.EvaluateSpec`.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: a class the model does not know; no labels.
        ConfigError: a device that is not there.
    """
    spec = (spec or EvaluateSpec()).changed(**options)
    console = console_for(console, quiet, spec.language)
    select_device(spec.device)
    check_engine(spec.engine)
    with console.status("Loading the model"):
        model = load_model(model) if isinstance(model, (str, os.PathLike)) else model
    store, workers, executor = FeatureStore(console=console), spec.workers or 0, executor_of(spec)
    context = Context(
        store, spec.engine, workers, spec.strict, console=console, decoding=spec.decoding, executor=executor
    )
    if isinstance(model, DenseModel):
        with console.status("Reading the data"):
            pictures = read(data, spec, modality="image", task=model.task.id)
        refuse_unused(spec, model.task.id, pictures)
        model = replace(model, task=with_sigma(model.task, spec.oks_sigma))
        if spec.boxes and takes_boxes(model, spec.boxes):
            return evaluate_subjects(model, pictures, spec.boxes, context, spec.seed)
        return evaluate_dense(model, pictures, context, spec.seed)
    refuse_subjects(spec, model.task.id)
    with console.status("Reading the data"):
        dataset = read(data, spec, modality=model.backbone.input.modality, kept=model.column)
    dataset = reread_targets(dataset, model.task)
    with console.status("Predicting"):
        predictions = model.predict(dataset, context)
    known = model.task.known(dataset.targets)
    tell(unlabelled(dataset.items, predictions.readable & ~known), console)
    use = predictions.readable & known
    if not use.any():
        raise DataError("None of the data has a label; `jeoni predict` works without labels, evaluate needs them.")
    scored = known[predictions.readable]
    targets, values, seen = dataset.targets[use], predictions.values[scored], predictions.seen[scored]
    groups = None if dataset.groups is None else dataset.groups[use]

    def score(which: Array) -> Evaluation:
        of_groups = None if groups is None else groups[which]
        return score_predictions(model.task, targets[which], values[which], of_groups, spec.seed)

    with console.status("Scoring"):
        unseen = score(~seen) if 0 < seen.sum() < len(seen) else None
        return replace(score(np.ones_like(seen)), seen=int(seen.sum()), unseen=unseen)
