"""TransferClassifier: transfer as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from jeoni.estimators.examples import OnExamples, are_examples, as_list
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.tasks.classification import Classification
from jeoni.types import FloatArray

__all__ = ["TransferClassifier"]


class TransferClassifier(OnExamples, HeadClassifier):
    """A pretrained backbone with a new head, with scikit-learn's manners.

    ``X`` is a list (or a column of a table) of texts, of paths of images or of audio, or of pictures (PIL or arrays),
    an array of images ``(n, h, w)`` or ``(n, h, w, c)``, or a matrix ``(n, d)`` of features that were extracted
    already. Frozen features are cached, so that a grid search extracts them once; of audio if ``seconds`` are given,
    else each fold may use another length.

    Args:
        backbone: a name from ``jeoni list backbones``; ``auto`` goes by the data.
        strategy: how to transfer, see ``jeoni list strategies``; ``probe`` fits a head on frozen features, the others
            train the network, and take examples only.
        recipe: options of a training, such as ``{"steps": 200, "learning_rate": 1e-4}``.
        head: the head's id.
        stages: how many of the upper stages a probe has a head on, what they say averaged: `jeoni fit` takes two, of
            texts three. Of examples only.
        class_weights: ``auto``, ``balanced`` or ``none``.
        folds: folds inside ``fit`` that choose the head's strength.
        crop: ``squash`` or ``center``.
        seconds: how much of each example of audio is used; None lets the data decide.
        engine: what runs the frozen stages.
        random_state: seed of the folds.

    Attributes:
        classes_: the classes.
        head_: the fitted head.
        model_: the trained model, or that of several stages; None of a probe on one.
        backbone_: the backbone's name; empty where features were given.
        input_: how the backbone takes such examples.

    Example:
        >>> import numpy as np
        >>> X = np.r_[np.zeros((10, 3)), np.ones((10, 3))] + np.arange(20)[:, None] / 100
        >>> TransferClassifier().fit(X, ["no"] * 10 + ["yes"] * 10).predict(X[[0, -1]]).tolist()
        ['no', 'yes']
    """

    def __init__(
        self,
        backbone: str = "auto",
        *,
        strategy: str = "probe",
        recipe: Mapping[str, Any] | None = None,
        head: str = "linear",
        stages: int = 1,
        class_weights: str = "auto",
        folds: int = 5,
        crop: str = "squash",
        seconds: float | None = None,
        engine: str = "auto",
        random_state: int | None = 0,
    ) -> None:
        super().__init__(head, class_weights=class_weights, folds=folds, random_state=random_state)
        self.backbone = backbone
        self.strategy = strategy
        self.recipe = recipe
        self.stages = stages
        self.crop = crop
        self.seconds = seconds
        self.engine = engine

    def fit(self, X: Any, y: Any) -> Self:  # type: ignore[override]  # what folds decide is not that of repeated rows
        """Fit the head on the frozen features of ``X``, or train as the strategy does.

        Raises:
            ConfigError: a backbone that takes something else, ``seconds`` that are no length, a strategy that trains
                a network or several stages where ``X`` are features, or a number of stages that is none.
            DataError: an example that cannot be read, or is missing.
            ValueError: one class only, or numbers of examples that differ.
        """
        X = as_list(X)
        self._check(X)
        self.backbone_, self.input_, self.model_ = "", None, None
        if are_examples(X):
            y = check_array(y, ensure_2d=False, dtype=None)
            if len(y) != len(X):
                raise ValueError(f"X holds {len(X)} examples and y {len(y)} labels; they must be as many.")
            self.backbone_, self.input_ = self._choose(X)
        if self._on_features:
            return super().fit(self._features(X), y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} needs two classes; the data hold only one class: {y[0]!r}.")
        task = Classification(tuple(map(str, self.classes_)))
        self.model_ = self._trained(X, task, labels.astype(np.int64), self.class_weights)
        self.head_, self.choice_, self.candidates_ = self.model_.head, self.model_.choice, self.model_.candidates
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Calibrated probabilities ``(n, classes)``, columns as in ``classes_``."""
        check_is_fitted(self, "head_")
        X = as_list(X)
        if self.model_ is not None:
            return self._values(self.model_, X)
        return super().predict_proba(self._features(X))
