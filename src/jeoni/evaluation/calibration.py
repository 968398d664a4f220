"""Temperature scaling (Guo et al., ICML 2017, arXiv:1706.04599): one number that makes probabilities believable.

Ours searches the logarithm of the temperature between fixed bounds instead of following a gradient; the loss has one
valley along it, so the search finds the bottom. And it can count one item more than there are, a wrong one, so that
a few right answers do not make it certain (the smoothed targets of Platt 1999, by the number of all items).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from jeoni.errors import ConfigError
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["softmax", "temperature"]

_COLDEST, _HOTTEST = 0.05, 20.0


def softmax(logits: Array) -> FloatArray:
    """Probabilities along the last axis; any size of logits is safe.

    Args:
        logits: ``(..., K)``.

    Example:
        >>> softmax(np.array([[0.0, 0.0]]))
        array([[0.5, 0.5]])
    """
    shifted = np.asarray(logits, dtype=np.float64)
    powers: FloatArray = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    probs: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return probs


def temperature(logits: Array, labels: IntArray, weights: Array | None = None, doubt: float = 0.0) -> float:
    """The number to divide logits by so that the log-loss is least.

    Args:
        logits: ``(n, K)`` of items the head was not trained on.
        labels: ``(n,)`` true classes.
        weights: ``(n,)`` not negative; None counts every item once.
        doubt: probability that is spread over the other classes, ``1 / (items + 2)`` for few items.

    Returns:
        Between 0.05 and 20; exactly 1 where no other temperature is better.

    Raises:
        ConfigError: shapes that do not match, no items, or numbers that are not finite.

    Example:
        >>> round(temperature(np.array([[4.0, 0.0]] * 4), np.array([0, 0, 0, 1])), 2)  # 3 of 4 right: 4 / ln 3
        3.64
    """
    given = np.asarray(logits, dtype=np.float64)
    true = np.asarray(labels)
    share = np.ones(len(true)) if weights is None else np.asarray(weights, dtype=np.float64)
    _check(given, true, share)
    items = np.arange(len(true))

    def loss(log_temperature: float) -> float:
        said = log_softmax(given * np.exp(-log_temperature), axis=1)
        right = said[items, true]
        surprise = -(1 - doubt) * right
        if doubt:
            surprise -= doubt * (said.sum(1) - right) / max(1, given.shape[1] - 1)
        return float(np.average(surprise, weights=share))

    found = minimize_scalar(
        loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded", options={"xatol": 1e-6}
    )
    if not found.fun < loss(0.0):
        return 1.0
    return float(np.clip(np.exp(found.x), _COLDEST, _HOTTEST))


def _check(logits: FloatArray, labels: Array, weights: FloatArray) -> None:
    if logits.ndim != 2 or labels.shape != (len(logits),) or weights.shape != labels.shape:
        raise ConfigError(
            f"logits have shape {logits.shape}, labels {labels.shape}, weights {weights.shape}; "
            "(n, K), (n,) and (n,) with the same n are needed."
        )
    if not len(labels) or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ConfigError(
            f"There are {len(labels)} items for {logits.shape[1]} classes; at least one is needed, and labels from 0 "
            f"to {logits.shape[1] - 1}. Leave items without a label out."
        )
    if not np.isfinite(logits).all():
        raise ConfigError("Some logits are NaN or infinite; finite ones are needed. Check the features of the head.")
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.sum() <= 0:
        raise ConfigError("Weights must be finite and not negative, and at least one must be above 0.")
