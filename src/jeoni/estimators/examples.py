"""What an estimator does with examples that are no features: choose a backbone, extract, train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from jeoni.assessment.holdout import taps_of
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.columns import is_missing, label_cells
from jeoni.data.pairs import examples_modality, items_of
from jeoni.data.splits import build_folds, repeats_for
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.modalities.inputs import Input
from jeoni.models.model import Model
from jeoni.specs import TransferOptions, check_span
from jeoni.strategies import build_strategy, check_training
from jeoni.tasks import strata_of
from jeoni.types import Array, Dataset, FloatArray

__all__ = ["OnExamples", "are_examples", "as_list", "modality_of_examples"]


class OnExamples:
    """The part of an estimator that is about examples: its parameters are those of :class:`TransferClassifier`."""

    backbone: str
    strategy: str
    recipe: Mapping[str, Any] | None
    head: str
    stages: int
    folds: int
    crop: str
    seconds: float | None
    engine: str
    random_state: int | None
    backbone_: str
    input_: Input | None

    def _check(self, X: Any) -> None:
        """Refuse what cannot be meant, before anything is read.

        Raises:
            ConfigError: a length that is none; a strategy, or a recipe, without anything to train; stages of what has
                none.
        """
        if self.seconds is not None and not self.seconds > 0:
            raise ConfigError(f"seconds is {self.seconds}; it must be above 0, or None to let the data decide.")
        check_span(self.seconds or 0)
        check_training(self.strategy, self._options("auto").recipe)
        if self.stages < 1 or (self.stages > 1 and self.strategy != "probe"):
            raise ConfigError(
                f"stages is {self.stages} and strategy {self.strategy!r}; the strategy probe takes a number of stages "
                "from 1, others have a head on the topmost."
            )
        if self.stages > 1 and not are_examples(X):
            raise ConfigError(
                f"stages is {self.stages}, and X are features already: those of one stage. Give images, texts, audio "
                "or paths of these, or leave stages out."
            )
        if self.strategy != "probe" and not are_examples(X):
            raise ConfigError(
                f"The strategy {self.strategy} trains a network, and X are features already. Give images, texts, audio "
                "or paths of these, or take strategy='probe'."
            )

    @property
    def _on_features(self) -> bool:
        """Whether it is a head on a matrix of features: a probe on one stage."""
        return self.strategy == "probe" and self.stages == 1

    def _options(self, class_weights: str) -> TransferOptions:
        return TransferOptions(head=self.head, class_weights=class_weights).changed(**(self.recipe or {}))

    def _choose(self, X: Any) -> tuple[str, Input]:
        """The backbone for such examples, by its name, and how it takes them."""
        named = None if self.backbone == "auto" else load_backbone(self.backbone, crop=self.crop)
        modality = modality_of_examples(X, named.input.modality if named else "image")
        data = Dataset("X", items_of(X, modality), label_cells({}, len(X)), modality=modality)
        name = self.backbone if named else default_backbone(data)
        return name, fitted_to(named or load_backbone(name, crop=self.crop), data, self.seconds).input

    def _chosen(self, X: Any) -> Backbone:
        """The backbone that was chosen in fitting, or one for such examples."""
        name, taken = self._choose(X) if self.input_ is None else (self.backbone_, self.input_)
        return replace(load_backbone(name, crop=self.crop), input=taken)

    def _context(self) -> Context:
        return Context(engine=self.engine, strict=True, seed=int(self.random_state or 0))

    def _features(self, X: Any) -> Any:
        """``(n, d)`` float32 of examples; a matrix is what it is."""
        if not are_examples(X):
            return X
        backbone = self._chosen(X)
        tap = Tap(backbone.n, True)
        items = items_of(X, backbone.input.modality)
        seen = self._context().extract(items, [Request(backbone, (tap,))])
        if not seen.readable.all():
            raise DataError(next(iter(seen.errors.values())))
        return seen.features(backbone, tap).numpy()

    def _trained(self, X: Any, task: Any, targets: Array, class_weights: str = "auto") -> Model:
        """The model that the strategy makes of examples; every choice is made on folds of them."""
        probe = self.strategy == "probe"
        backbone, context = self._chosen(X), self._context()
        items = items_of(X, backbone.input.modality)
        data = Dataset("X", items, targets, task=task, modality=backbone.input.modality)
        options = self._options(class_weights)
        strategy = build_strategy(self.strategy, options, {"stages": self.stages} if probe else {})
        alone = np.arange(len(data))
        seen = context.extract(items, [Request(backbone, taps_of(strategy, backbone, len(data)))])
        folds = build_folds(strata_of(data), alone, self.folds, repeats_for(len(data)) if probe else 1, context.seed)
        return strategy.fit(backbone, Examples(data, alone, seen, alone, folds), context)

    def _values(self, model: Model, X: Any) -> FloatArray:
        """``(n, p)`` of a trained model."""
        return model.predict(items_of(X, model.backbone.input.modality), self._context()).values


def as_list(X: Any) -> Any:
    """Strings, paths or pictures of a list, an array or a column of a table as a list, None where one is missing."""
    one_by_one = getattr(X, "ndim", 0) == 1 or (isinstance(X, Sequence) and not isinstance(X, str))
    if one_by_one and any(isinstance(x, (str, Path, Image)) for x in X):
        return [None if not isinstance(x, Image) and is_missing(x) else x for x in X]
    return X


def are_examples(X: Any) -> bool:
    """Whether these are images, or a list of pictures, strings or paths; else they are features ``(n, d)``."""
    if isinstance(X, np.ndarray):
        return X.ndim in (3, 4)
    if not isinstance(X, list):
        return False
    return any(isinstance(x, (str, Path, Image)) or (isinstance(x, np.ndarray) and x.ndim in (2, 3)) for x in X)


def modality_of_examples(X: Any, doubtful: str) -> str:
    """The modality of examples; ``doubtful`` where they are files whose endings do not tell it."""
    if not isinstance(X, np.ndarray) and all(x is None or not str(x).strip() for x in X):
        return "text"
    return examples_modality(X, doubtful)
