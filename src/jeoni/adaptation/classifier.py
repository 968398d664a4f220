"""An adapter and a classifier as one: fitted on both domains, predicting in the target."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from jeoni.adaptation.adapter import Adapter
from jeoni.types import Array, FloatArray

__all__ = ["AdaptedClassifier", "fit_weighted", "weight_option"]


class AdaptedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Learns from the adapted source, predicts in the target.

    Args:
        adapter: what brings the domains together; None leaves the source as it is.
        estimator: any scikit-learn classifier; logistic regression if left out. For adapters that re-weight it must
            take ``sample_weight``.

    Attributes:
        adapter_, estimator_: fitted copies.
        classes_: the source's classes.

    Example:
        >>> from jeoni.adaptation import CORAL
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(60, 2)), rng.normal(size=(40, 2)) @ [[2, 1], [0, 1]]
        >>> AdaptedClassifier(CORAL()).fit(Xs, Xs[:, 0] > 0, Xt).predict(Xt[:1]).shape
        (1,)
    """

    def __init__(self, adapter: Adapter | None = None, estimator: Any = None) -> None:
        self.adapter = adapter
        self.estimator = estimator

    def fit(self, Xs: Any, ys: Any, Xt: Any) -> Self:
        """Adapt, then fit the classifier on what became of the source.

        Args:
            Xs: ``(ns, d)`` source rows.
            ys: ``(ns,)`` their labels.
            Xt: ``(nt, d)`` target rows.

        Raises:
            ValueError: what the adapter or the classifier cannot use.
        """
        self.estimator_ = clone(self.estimator) if self.estimator is not None else LogisticRegression(max_iter=1000)
        self.adapter_ = clone(self.adapter) if self.adapter is not None else None
        rows: Any = Xs
        weights = None
        if self.adapter_ is not None:
            self.adapter_.fit(Xs, ys, Xt)
            rows = self.adapter_.transform(Xs, source=True)
            weights = getattr(self.adapter_, "weights_", None)
        fit_weighted(self.estimator_, rows, ys, weights)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X: Any) -> Array:
        """The class of each target row, ``(n,)``."""
        return np.asarray(self._moved("predict", X))

    def predict_proba(self, X: Any) -> Array:
        """``(n, classes)``, where the classifier has probabilities."""
        return np.asarray(self._moved("predict_proba", X))

    def decision_function(self, X: Any) -> Array:
        """The classifier's decision values."""
        return np.asarray(self._moved("decision_function", X))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def _moved(self, what: str, X: Any) -> Any:
        check_is_fitted(self, "estimator_")
        rows = X if self.adapter_ is None else self.adapter_.transform(X)
        return getattr(self.estimator_, what)(rows)


def fit_weighted(estimator: Any, X: Any, y: Any, weights: FloatArray | None) -> None:
    """Fit in place, each row counting as its weight says; None: all alike.

    Raises:
        ValueError: weights for a classifier that takes none.
    """
    estimator.fit(X, y, **({} if weights is None else {weight_option(estimator): weights}))


def weight_option(estimator: Any) -> str:
    """The name of the option of ``fit`` for weights of examples.

    Raises:
        ValueError: it takes none.
    """
    last = estimator
    option = "sample_weight"
    if hasattr(last, "estimator"):  # a search hands options on
        last = last.estimator
    if isinstance(last, Pipeline):
        name, last = last.steps[-1]
        option = f"{name}__{option}"
    if not has_fit_parameter(last, "sample_weight"):
        raise ValueError(
            f"The adapter weights examples, and {type(last).__name__} takes no sample_weight; use a classifier that "
            "does, such as LogisticRegression."
        )
    return option
