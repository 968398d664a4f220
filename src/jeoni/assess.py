"""How good is a strategy on these data: the one place where held-out examples are predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.model import Model
from jeoni.types import FloatArray

__all__ = ["Assessment", "Strategy", "by_cross_validation", "by_test_set"]


class Strategy(Protocol):
    """What a strategy file offers: a frozen dataclass whose fields are its hyper-parameters."""

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """What must be in the store before ``fit``, for a data set of ``n``."""

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Transfer."""


@dataclass(frozen=True)
class Assessment:
    """A fitted model and its predictions for examples it did not see.

    Attributes:
        model: fitted on everything that may be fitted on.
        probs: ``(repeats, n, classes)`` for the held-out examples; one repeat with a test set.
    """

    model: Model
    probs: FloatArray


def by_test_set(
    strategy: Strategy, backbone: Backbone, train: Examples, test: Examples, context: Context
) -> Assessment:
    """Fit on ``train``, predict ``test``; the test set decides nothing."""
    model = strategy.fit(backbone, train, context)
    return Assessment(model, model.predict_examples(test, backbone, context)[None])


def by_cross_validation(strategy: Strategy, backbone: Backbone, data: Examples, context: Context) -> Assessment:
    """Repeated cross-validation of the whole procedure: choices are made anew, on inner folds, in every outer fold.

    The model that is returned is fitted on all examples.
    """
    classes = len(data.data.class_names)
    repeats, n = data.folds.shape
    probs = np.zeros((repeats, n, classes))
    with context.console.track("Cross-validation", sum(len(np.unique(f)) for f in data.folds)) as advance:
        for r, fold in enumerate(data.folds):
            for f in np.unique(fold):
                seen, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
                folds = len(np.unique(fold))
                inner = build_folds(data.data.labels[seen], data.clusters[seen], folds, 1, context.seed + r)
                model = strategy.fit(backbone, data.select(seen, inner), context)
                probs[r, held] = model.predict_examples(data.select(held, data.folds[:, held]), backbone, context)
                advance(1)
    return Assessment(strategy.fit(backbone, data, context), probs)
