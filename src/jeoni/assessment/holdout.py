"""How good is a strategy on these data: the one place where held-out examples are predicted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jeoni.assessment.split import Split
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of, kept_once
from jeoni.models.model import Model
from jeoni.tasks import task_of
from jeoni.types import FloatArray

__all__ = ["Assessment", "Strategy", "assess", "by_cross_validation", "by_test_set", "held_out_predictions", "taps_of"]


class Strategy(Protocol):
    """A strategy, as its file offers it: a frozen dataclass whose fields are its hyper-parameters.

    It may also have ``work(backbone, n, of) -> Work``, which says beforehand what ``fit`` has to compute for ``n``
    examples of a data set of ``of``: then a run can tell how long it will take. And it may have
    ``identity(backbone, train) -> bytes``, which stands for all that ``fit`` depends on besides folds and seed: then it
    is not fitted to folds again whose predictions are in the store; None where it cannot be said. And it may have
    ``fit_once``, which is ``fit`` for the model that is kept in the end, and may take it from the store.
    """

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """The taps whose rows must be in the store before ``fit``, for a data set of ``n``."""

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Transfer."""


@dataclass(frozen=True)
class Assessment:
    """A fitted model and its predictions for examples it did not see.

    Attributes:
        model: fitted on everything that may be fitted on.
        predictions: ``(repeats, n, p)`` for the held-out examples; one repeat with a test set.
    """

    model: Model
    predictions: FloatArray


def taps_of(strategy: Strategy, backbone: Backbone, n: int) -> tuple[Tap, ...]:
    """The taps of a strategy, and the pooled features: for the probe beside it and for the map."""
    return tuple(dict.fromkeys((*strategy.taps(backbone, n), Tap(backbone.n, True))))


def assess(strategy: Strategy, backbone: Backbone, split: Split, context: Context) -> Assessment:
    """Fit, and predict the examples that the scores come from, by the test set if there is one."""
    if split.test is None:
        return by_cross_validation(strategy, backbone, split.train, context)
    return by_test_set(strategy, backbone, split.train, split.test, context)


def by_test_set(
    strategy: Strategy, backbone: Backbone, train: Examples, test: Examples, context: Context
) -> Assessment:
    """Fit on ``train``, predict ``test``; the test set decides nothing."""
    model = _fitted_once(strategy, backbone, train, context)
    return Assessment(model, model.predict_examples(test, backbone, context)[None])


def by_cross_validation(strategy: Strategy, backbone: Backbone, data: Examples, context: Context) -> Assessment:
    """Repeated cross-validation of the whole procedure: choices are made anew, on inner folds, in every outer fold.

    The model that is returned is fitted on all examples.
    """
    predictions = _kept_predictions_of_folds(strategy, backbone, data, context)
    return Assessment(_fitted_once(strategy, backbone, data, context), predictions)


def _fitted_once(strategy: Strategy, backbone: Backbone, train: Examples, context: Context) -> Model:
    """The model that stays, taken from the store where the strategy can."""
    context.begin_fit()
    fit: Callable[[Backbone, Examples, Context], Model] = getattr(strategy, "fit_once", strategy.fit)
    return fit(backbone, train, context)


def held_out_predictions(strategy: Strategy, backbone: Backbone, split: Split, context: Context) -> FloatArray:
    """The predictions of :func:`assess` alone, ``(repeats, n, p)``: of a control whose model nobody uses."""
    if split.test is None:
        return _kept_predictions_of_folds(strategy, backbone, split.train, context)
    return by_test_set(strategy, backbone, split.train, split.test, context).predictions


def _kept_predictions_of_folds(strategy: Strategy, backbone: Backbone, data: Examples, context: Context) -> FloatArray:
    """From the store where the strategy says what they depend on, else computed."""
    identity_of = getattr(strategy, "identity", None)
    own = identity_of(backbone, data) if identity_of is not None else None
    if own is None:
        return _predictions_of_folds(strategy, backbone, data, context)
    code = code_digest("jeoni.assessment", "jeoni.data.splits")
    identity = digest_of(code, own, data.folds, str(context.seed))
    shape = (*data.folds.shape, len(task_of(data.data).columns))

    def compute() -> FloatArray:
        return _predictions_of_folds(strategy, backbone, data, context)

    return kept_once(context.store, "predictions of folds", identity, shape, compute)


def _predictions_of_folds(strategy: Strategy, backbone: Backbone, data: Examples, context: Context) -> FloatArray:
    """``(repeats, n, p)``: each example is predicted by a model that did not see its fold."""
    task, targets = task_of(data.data), data.data.targets
    repeats, n = data.folds.shape
    predictions = np.zeros((repeats, n, len(task.columns)))
    with context.console.track("Cross-validation", sum(len(np.unique(f)) for f in data.folds)) as advance:
        for r, fold in enumerate(data.folds):
            for f in np.unique(fold):
                seen, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
                folds = len(np.unique(fold))
                inner = build_folds(task.strata(targets[seen]), data.clusters[seen], folds, 1, context.seed + r)
                model = _fitted(strategy, backbone, data.select(seen, inner), context)
                held_out = data.select(held, data.folds[:, held])
                predictions[r, held] = model.predict_examples(held_out, backbone, context)
                advance(1)
    return predictions


def _fitted(strategy: Strategy, backbone: Backbone, train: Examples, context: Context) -> Model:
    """A fit, for which time was set aside where there is a deadline."""
    context.begin_fit()
    return strategy.fit(backbone, train, context)
