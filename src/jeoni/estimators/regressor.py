"""TransferRegressor: transfer as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from jeoni.data.splits import build_folds, repeats_for
from jeoni.estimators.examples import OnExamples, are_examples, as_list
from jeoni.heads.fitting.named import build_head
from jeoni.tasks.regression import Regression
from jeoni.types import Array, FloatArray

__all__ = ["TransferRegressor"]


class TransferRegressor(OnExamples, RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A pretrained backbone with a new head that predicts numbers, with scikit-learn's manners.

    ``X`` is as for :class:`TransferClassifier`; ``y`` is ``(n,)``, or ``(n, k)`` for several numbers.

    Args:
        backbone: a name from ``jeoni list backbones``; ``auto`` goes by the data.
        strategy: how to transfer, see ``jeoni list strategies``; ``probe`` fits a head on frozen features, the others
            train the network, and take examples only.
        recipe: options of a training, such as ``{"steps": 200, "learning_rate": 1e-4}``.
        head: the head's id.
        stages: how many of the upper stages a probe has a head on, what they say averaged: `jeoni fit` takes two, of
            texts three. Of examples only.
        folds: folds inside ``fit`` that choose the head's strength.
        crop: ``squash`` or ``center``.
        seconds: how much of each example of audio is used; None lets the data decide.
        engine: what runs the frozen stages.
        random_state: seed of the folds.

    Attributes:
        head_: the fitted head.
        task_: units, centre and scale of the numbers.
        model_: the trained model, or that of several stages; None of a probe on one.
        backbone_: the backbone's name; empty where features were given.
        input_: how the backbone takes such examples.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(60, 3))
        >>> round(TransferRegressor().fit(X, 2 * X[:, 0]).score(X, 2 * X[:, 0]), 2)
        1.0
    """

    def __init__(
        self,
        backbone: str = "auto",
        *,
        strategy: str = "probe",
        recipe: Mapping[str, Any] | None = None,
        head: str = "linear",
        stages: int = 1,
        folds: int = 5,
        crop: str = "squash",
        seconds: float | None = None,
        engine: str = "auto",
        random_state: int | None = 0,
    ) -> None:
        self.backbone = backbone
        self.strategy = strategy
        self.recipe = recipe
        self.stages = stages
        self.head = head
        self.folds = folds
        self.crop = crop
        self.seconds = seconds
        self.engine = engine
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the head on the frozen features of ``X``, or train as the strategy does.

        Raises:
            ConfigError: a backbone that takes something else, a strategy that trains a network or several stages where
                ``X`` are features, or a number of stages that is none.
            DataError: an example that cannot be read, or is missing.
            ValueError: labels that are no finite numbers, or not as many as examples.
        """
        X = as_list(X)
        self._check(X)
        self.backbone_, self.input_, self.model_ = "", None, None
        if are_examples(X):
            y = check_array(y, ensure_2d=False, dtype=np.float64)
            if len(y) != len(X):
                raise ValueError(f"X holds {len(X)} examples and y {len(y)} labels; they must be as many.")
            self.backbone_, self.input_ = self._choose(X)
        else:
            X, y = validate_data(self, X, y, dtype=np.float32, multi_output=True, y_numeric=True)
        if len(y) < 2:
            raise ValueError(f"{type(self).__name__} needs 2 samples to draw folds; X holds {len(y)} sample.")
        self._single = np.ndim(y) == 1
        columns = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        task, targets, _ = Regression.read({f"y{k}": column.tolist() for k, column in enumerate(columns.T)})
        if self._on_features:
            self._fit_head(self._features(X), task, targets)
        else:
            self.model_ = self._trained(X, task, targets)
            self.head_, self.task_ = self.model_.head, self.model_.task
        return self

    def _fit_head(self, features: FloatArray, task: Regression, targets: Array) -> None:
        folds = build_folds(
            task.strata(targets), np.arange(len(targets)), self.folds, repeats_for(len(targets)),
            int(self.random_state or 0),
        )  # fmt: skip
        fitted = build_head(self.head).fit(features, targets, task, folds, "none")
        self.head_, self.task_, self.choice_ = fitted.module, fitted.task, fitted.choice

    def __sklearn_tags__(self) -> Any:
        """It takes several numbers for each example."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> FloatArray:
        """Numbers ``(n,)``, or ``(n, k)`` where several were fitted."""
        import torch

        check_is_fitted(self, "head_")
        X = as_list(X)
        if self.model_ is not None:
            values = self._values(self.model_, X)
        else:
            features = self._features(X)
            if not are_examples(X):
                features = validate_data(self, X, dtype=np.float32, reset=False)
            with torch.inference_mode():
                values = self.task_.decode(self.head_(torch.tensor(features)).double().numpy())
        return values[:, 0] if self._single else values
