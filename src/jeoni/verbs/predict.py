"""Predict new items with a saved model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Unpack

from jeoni.console import console_for
from jeoni.dense.model import DenseModel, DensePredictions
from jeoni.distributed import select_device
from jeoni.features.engine import check_engine
from jeoni.features.examples import Context
from jeoni.features.store import FeatureStore
from jeoni.models.loading import AnyModel, load_model
from jeoni.models.predictions import Predictions
from jeoni.scaling.choose import executor_of
from jeoni.specs import PredictSpec
from jeoni.specs.keywords import PredictKeywords
from jeoni.types import Console
from jeoni.verbs.session.dense_options import refuse_format, refuse_subjects, refuse_unused
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.subjects import predict_subjects, takes_boxes

__all__ = ["predict"]


@takes_options(PredictSpec)
def predict(
    model: AnyModel | str | Path,
    data: Any,
    spec: PredictSpec | None = None,
    *,
    console: Console | None = None,
    quiet: bool = False,
    **options: Unpack[PredictKeywords],
) -> Predictions | DensePredictions:
    """Predict items of the model's modality; those that cannot be read are listed in ``errors``.

    Args:
        model: a model, or its folder.
        data: a path, or whatever is in memory; see :meth:`jeoni.Model.predict`.
        spec: a table's column, the engine; see :class:`jeoni.PredictSpec`.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: nothing there, or nothing that can be read.
        WeightsError: not a model folder, or a damaged one.
        ConfigError: a device that is not there; a cluster that cannot be reached, or that cannot do it; a model of
            several subjects in a picture without their boxes.

    Example:
        ``jeoni.predict("runs/latest/model", "new/").labels``
    """
    spec, console = (spec or PredictSpec()).changed(**options), console_for(console, quiet)
    select_device(spec.device)
    check_engine(spec.engine)
    executor = executor_of(spec)
    with console.status("Loading the model"):
        model = load_model(model) if isinstance(model, (str, os.PathLike)) else model
    if isinstance(model, DenseModel):
        refuse_unused(spec, model.task.id)
    else:
        refuse_format(spec, model.task.id)
        refuse_subjects(spec, model.task.id)
    store, workers = FeatureStore(console=console), spec.workers or 0
    context = Context(
        store, spec.engine, workers, spec.strict, console=console, decoding=spec.decoding, executor=executor
    )
    with console.status("Predicting"):
        if isinstance(model, DenseModel) and takes_boxes(model, spec.boxes):
            return predict_subjects(model, data, spec.boxes, context, column=spec.column, frames=spec.frames)
        return model.predict(data, context, column=spec.column, frames=spec.frames)
