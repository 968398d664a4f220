"""Cross-fitted class probabilities, their calibration, and the base class of label-shift adapters."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jeoni.adaptation.adapter import Adapter
from jeoni.evaluation.calibration import temperature
from jeoni.transferability.samples import line_up
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Confusion", "LabelShift", "calibrated", "confusion", "cross_fitted"]

FOLDS = 5
LEAST = 1e-15  # probabilities, before logarithms


class LabelShift(Adapter):
    """Weights of classes, and with them of examples, from what a classifier says of both domains.

    Args:
        estimator: any classifier with ``predict_proba``; standardised logistic regression if left out.
        seed: of the folds.

    Attributes:
        class_weights_: ``(classes,)``: ``p_target(y) / p_source(y)``, in the order of ``classes_``.
        priors_: ``(classes,)``: the target's class shares.
    """

    labelled: ClassVar[bool] = True

    def __init__(self, estimator: Any = None, *, seed: int = 0) -> None:
        self.estimator = estimator
        self.seed = seed

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        assert ys is not None  # labelled
        held, target = cross_fitted(self.estimator, Xs, ys, Xt, self.seed, self.classes_)
        shares = np.bincount(ys) / len(ys)
        priors = shares * self._class_weights(held, ys, target)
        self.priors_ = priors / priors.sum()
        self.class_weights_ = self.priors_ / shares
        self._weigh(self.class_weights_[ys])

    def _class_weights(self, held: FloatArray, ys: IntArray, target: FloatArray) -> FloatArray:
        """Weights ``(K,)``, not negative, from log-probabilities of source ``(ns, K)`` and target ``(m, K)``."""
        raise NotImplementedError


class Confusion(NamedTuple):
    """Cross-fitted log-probabilities.

    Attributes:
        joint: ``(K, K)``: share of held-out source examples said to be ``i`` and being ``j``.
        said: ``(K,)``: share of the target said to be ``i``.
    """

    joint: FloatArray
    said: FloatArray


def cross_fitted(
    estimator: Any, Xs: Array, ys: IntArray, Xt: Array, seed: int, names: Array | None = None
) -> tuple[FloatArray, FloatArray]:
    """Log-probabilities of classifiers that learned from the other folds of the source.

    The target is asked of every fold's classifier, so that both domains are predicted by the same ones: a confusion
    matrix over all folds is the mean of theirs, and so are the target's rows.

    Args:
        estimator: a classifier with ``predict_proba``; None for standardised logistic regression.
        Xs: ``(ns, d)`` source rows.
        ys: ``(ns,)`` labels ``0 … K - 1``, each there.
        Xt: ``(nt, d)`` target rows.
        seed: of the folds; they do not depend on the order of rows.
        names: ``(K,)`` what messages call the classes.

    Returns:
        ``(ns, K)`` held-out ones of the source and ``(folds · nt, K)`` of the target.

    Raises:
        ValueError: a class with one example, or a classifier without probabilities.
    """
    if estimator is None:
        estimator = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"{type(estimator).__name__} has no predict_proba; probabilities are needed. Use LogisticRegression, or "
            "wrap it in CalibratedClassifierCV."
        )
    counts = np.bincount(ys)
    if counts.min() < 2:
        name = counts.argmin() if names is None else names[counts.argmin()]
        raise ValueError(
            f"Class {name} has one example; two are needed, to learn from one and to test on the other. "
            "Leave the class out or add examples."
        )
    order = line_up(Xs, seed)
    folds = StratifiedKFold(min(FOLDS, int(counts.min())), shuffle=True, random_state=seed)
    held = np.empty((len(ys), len(counts)))
    target = []
    for known, asked in folds.split(order, ys[order]):
        model = clone(estimator).fit(Xs[order[known]], ys[order[known]])
        held[order[asked]] = _log(model.predict_proba(Xs[order[asked]]))
        target.append(_log(model.predict_proba(Xt)))
    return held, np.concatenate(target)


def confusion(held: FloatArray, ys: IntArray, target: FloatArray, soft: bool) -> Confusion:
    """Counts of the likeliest classes, or means of the probabilities where ``soft``."""
    source, other = (np.exp(x) if soft else np.eye(x.shape[1])[x.argmax(1)] for x in (held, target))
    return Confusion(source.T @ np.eye(held.shape[1])[ys] / len(ys), other.mean(0))


def calibrated(held: FloatArray, ys: IntArray, target: FloatArray, how: str | None) -> tuple[FloatArray, FloatArray]:
    """The same log-probabilities after calibration on the held-out ones.

    Args:
        held: ``(ns, K)``.
        ys: ``(ns,)`` their classes.
        target: ``(m, K)``.
        how: ``"temperature"`` (Guo 2017), ``"bcts"``, which adds a bias for each class (Alexandari 2020), or None.

    Raises:
        ValueError: another name.
    """
    if how is None:
        return held, target
    if how == "temperature":
        cold, bias = 1 / temperature(held, ys), np.zeros(held.shape[1])
    elif how == "bcts":
        cold, bias = _bias_corrected(held, ys)
    else:
        raise ValueError(f"calibration is {how!r}; 'bcts', 'temperature' or None is needed.")
    return log_softmax(cold * held + bias, axis=1), log_softmax(cold * target + bias, axis=1)


def _bias_corrected(logits: FloatArray, ys: IntArray) -> tuple[float, FloatArray]:
    """Inverse temperature and biases of the least log-loss; the loss is convex in both."""
    n, K = logits.shape
    ones = np.eye(K)[ys]
    right = logits[np.arange(n), ys].mean()

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        z = at[0] * logits + at[1:]
        log_total = logsumexp(z, axis=1, keepdims=True)
        over = np.exp(z - log_total)
        slope = np.concatenate([[(over * logits).sum() / n - right], (over - ones).mean(0)])
        return float(log_total.mean() - at[0] * right - (ones @ at[1:]).mean()), slope

    bounds = [(0.05, 20.0), *[(-20.0, 20.0)] * K]
    options = {"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, np.eye(K + 1)[0], jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return float(found.x[0]), np.asarray(found.x[1:])


def _log(probs: Array) -> FloatArray:
    logs: FloatArray = np.log(np.maximum(probs, LEAST, dtype=np.float64))
    return logs
