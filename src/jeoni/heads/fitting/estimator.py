"""A head on a matrix of features, with scikit-learn's manners; strength and temperature are chosen on folds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from jeoni.data.splits import build_folds, repeats_for
from jeoni.evaluation.calibration import softmax
from jeoni.heads.fitting.named import build_head, kind_of_head
from jeoni.tasks.classification import Classification
from jeoni.types import Array, FloatArray

__all__ = ["HeadClassifier"]


class HeadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A tuned, calibrated head.

    Args:
        head: its id, and hyper-parameters behind a colon, such as ``mlp:hidden=128``.
        class_weights: ``auto``, ``balanced`` or ``none``.
        folds: that choose the strength.
        strengths: to choose from, of the head ``linear``; None takes its own.
        random_state: seed of the folds.

    Attributes:
        classes_: the classes.
        head_: features ``(n, d)`` to calibrated logits.
        choice_: what the folds decided.

    Example:
        >>> X = np.r_[np.zeros((10, 3)), np.ones((10, 3))] + np.arange(20)[:, None] / 100
        >>> HeadClassifier().fit(X, ["no"] * 10 + ["yes"] * 10).predict(X[[0, -1]]).tolist()
        ['no', 'yes']
    """

    def __init__(
        self,
        head: str = "linear",
        *,
        class_weights: str = "auto",
        folds: int = 5,
        strengths: tuple[float, ...] | None = None,
        random_state: int | None = 0,
    ) -> None:
        self.head = head
        self.class_weights = class_weights
        self.folds = folds
        self.strengths = strengths
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: FloatArray | None = None) -> Self:
        """Fit on ``X (n, d)``, ``y (n,)``, each row counting as its weight says.

        Raises:
            ValueError: one class only, numbers that differ, NaN, or weights with a head that takes none.
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} needs two classes; the data hold only one class: {y[0]!r}.")
        seed = int(self.random_state or 0)
        labels = labels.astype(np.int64)
        folds = build_folds(labels, np.arange(len(labels)), self.folds, repeats_for(len(labels)), seed)
        known = {} if sample_weight is None else {"weights": np.asarray(sample_weight, dtype=np.float64)}
        if known and kind_of_head(self.head) != "linear":
            raise ValueError(f"The head {self.head!r} takes no weights of examples; linear does.")
        head: Any = build_head(self.head)
        if self.strengths is not None:
            head = replace(head, strengths=self.strengths)
        task = Classification(tuple(map(str, self.classes_)))
        fitted = head.fit(X, labels, task, folds, self.class_weights, **known)
        self.head_ = fitted.module
        self.choice_ = fitted.choice
        self.candidates_ = fitted.candidates
        return self

    def with_choices(self) -> HeadClassifier:
        """The same, with the choices that fitting made: many times faster to fit again on like rows."""
        check_is_fitted(self, "head_")
        made = HeadClassifier(self.head, folds=self.folds, random_state=self.random_state)
        if "strength" in self.choice_:
            made.set_params(strengths=(self.choice_["strength"],), class_weights=self.choice_["class_weights"])
        return made

    def predict_proba(self, X: Any) -> FloatArray:
        """Calibrated probabilities ``(n, classes)``, columns as in ``classes_``."""
        import torch

        check_is_fitted(self, "head_")
        X = validate_data(self, X, dtype=np.float32, reset=False)
        with torch.inference_mode():
            return softmax(self.head_(torch.as_tensor(X)).double().numpy())

    def predict(self, X: Any) -> Array:
        """The most probable class of each row, ``(n,)``."""
        best = self.predict_proba(X).argmax(1)
        return np.asarray(self.classes_[best])
