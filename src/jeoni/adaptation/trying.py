"""A candidate as validators see it: fitted on both domains, with predictions for rows it has not learned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from jeoni import plugins
from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.candidate import Candidate
from jeoni.adaptation.classifier import AdaptedClassifier, fit_weighted
from jeoni.evaluation.calibration import softmax, temperature
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Tried", "probabilities", "try_adapter"]

VALIDATORS = "jeoni.adaptation.validators"
FOLDS = 3


@dataclass(frozen=True)
class Tried:
    """One candidate.

    Attributes:
        name: of the method.
        fitted: on both domains; None where it could not be.
        scores: of the validators; higher is better.
        losses: ``(ns,)`` log-loss of each source row, predicted by a classifier that has not learned from it and whose
            temperature is the best for all of them.
        note: why it could not be fitted.
    """

    name: str
    fitted: AdaptedClassifier | None
    scores: dict[str, float] = field(default_factory=dict)
    losses: FloatArray = field(default_factory=lambda: np.zeros(0), repr=False)
    note: str = ""


def try_adapter(
    name: str,
    adapter: Adapter | None,
    estimator: Any,
    Xs: Array,
    ys: IntArray,
    Xt: Array,
    validators: tuple[str, ...],
    seed: int = 0,
) -> Tried:
    """Fit on both domains, and score without target labels.

    Args:
        name: what it is called.
        adapter: None is the source alone.
        estimator: learns from the adapted source.
        Xs: ``(ns, d)``.
        ys: ``(ns,)`` in ``0 … K - 1``.
        Xt: ``(nt, d)``.
        validators: ids.
        seed: of the folds.
    """
    try:
        fitted = AdaptedClassifier(adapter, estimator).fit(Xs, ys, Xt)
        candidate = _candidate(name, fitted, _without_search(fitted.estimator_), Xs, ys, Xt, seed)
        scores = {v: float(plugins.load(VALIDATORS, v)()(candidate)) for v in validators}
    except ValueError as error:
        return Tried(name, None, note=str(error).split(". ")[0])
    return Tried(name, fitted, scores, _losses(candidate.source_probs, ys))


def probabilities(estimator: Any, X: Array) -> FloatArray:
    """``(n, K)``: what the classifier says, or a softmax of what it decides by."""
    if hasattr(estimator, "predict_proba"):
        found: FloatArray = np.asarray(estimator.predict_proba(X), dtype=np.float64)
        return _normal(found)
    decided = np.asarray(estimator.decision_function(X), dtype=np.float64)
    return softmax(np.stack([-decided / 2, decided / 2], 1) if decided.ndim == 1 else decided)


def _without_search(estimator: Any) -> Any:
    """Like a fitted one, without the search for what it has found already."""
    if hasattr(estimator, "with_choices"):
        return estimator.with_choices()
    return clone(getattr(estimator, "best_estimator_", estimator))


def _candidate(
    name: str, fitted: AdaptedClassifier, estimator: Any, Xs: Array, ys: IntArray, Xt: Array, seed: int
) -> Candidate:
    adapter = fitted.adapter_
    source = Xs if adapter is None else adapter.transform(Xs, source=True)
    target = Xt if adapter is None else adapter.transform(Xt)
    weights = None if adapter is None else getattr(adapter, "weights_", None)

    def back(pseudo: IntArray) -> IntArray:
        if adapter is not None and adapter.shared:  # the map back is the same
            return np.asarray(clone(estimator).fit(target, pseudo).predict(source))
        other = AdaptedClassifier(fitted.adapter, estimator).fit(Xt, pseudo, Xs)
        found: IntArray = np.asarray(other.predict(Xs))
        return found

    return Candidate(
        name=name,
        source=source,
        target=target,
        labels=ys,
        source_probs=_held_out(estimator, source, ys, weights, seed),
        target_probs=probabilities(fitted.estimator_, target),
        reverse=back,
    )


def _held_out(estimator: Any, X: Array, y: IntArray, weights: FloatArray | None, seed: int) -> FloatArray:
    """``(n, K)``: every row predicted by a classifier that has not learned from it."""
    found = np.zeros((len(y), int(y.max()) + 1))
    for seen, held in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, y):
        one = clone(estimator)
        fit_weighted(one, X[seen], y[seen], None if weights is None else weights[seen])
        found[np.ix_(held, one.classes_)] = probabilities(one, X[held])
    return _normal(found)


def _losses(probs: FloatArray, y: IntArray) -> FloatArray:
    logits = np.log(np.maximum(probs, 1e-12))
    found: FloatArray = -log_softmax(logits / temperature(logits, y, doubt=1 / (len(y) + 2)), 1)[np.arange(len(y)), y]
    return found


def _normal(rows: FloatArray) -> FloatArray:
    """Rows that sum to 1."""
    found: FloatArray = rows / rows.sum(1, keepdims=True)
    return found
