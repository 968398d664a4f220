"""Predict new items with a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.console import console_for
from jeoni.features.engine import check_engine
from jeoni.features.examples import Context
from jeoni.features.store import FeatureStore
from jeoni.models.loading import load_model
from jeoni.models.model import Model
from jeoni.models.predictions import Predictions
from jeoni.specs import PredictSpec
from jeoni.types import Console

__all__ = ["predict"]


def predict(
    model: Model | str | Path,
    data: Any,
    spec: PredictSpec | None = None,
    *,
    console: Console | None = None,
    quiet: bool = False,
    **changes: Any,
) -> Predictions:
    """Predict items of the model's modality; those that cannot be read are listed in ``errors``.

    Args:
        model: a model, or its folder.
        data: a path, or whatever is in memory; see :meth:`jeoni.Model.predict`.
        spec: a table's column, the engine; see :class:`jeoni.PredictSpec`.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        changes: single options of ``spec``, such as ``column="photo"``.

    Raises:
        DataError: nothing there, or nothing that can be read.
        WeightsError: not a model folder, or a damaged one.

    Example:
        ``jeoni.predict("runs/latest/model", "new/").labels``
    """
    spec, console = (spec or PredictSpec()).changed(**changes), console_for(console, quiet)
    check_engine(spec.engine)
    with console.status("Loading the model"):
        model = model if isinstance(model, Model) else load_model(model)
    context = Context(FeatureStore(console=console), spec.engine, spec.workers, spec.strict, console=console)
    with console.status("Predicting"):
        return model.predict(data, context, column=spec.column)
