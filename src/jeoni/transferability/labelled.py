"""Rows and their labels, checked; moments of classes that several scores go by."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_array

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["checked", "checked_posteriors", "class_means", "drawn_rows", "indicators", "reduced", "weighted_means"]

SUM_TOLERANCE = 1e-3


def checked(rows: Any, labels: Any) -> tuple[FloatArray, IntArray, int]:
    """Rows ``(n, d)`` in double precision, labels ``(n,)`` as 0 … C-1, and C.

    Raises:
        ValueError: no matrix of finite numbers, another number of labels than of rows, or labels of one class.
    """
    X = check_array(rows, input_name="features", dtype=np.float64)
    given = np.asarray(labels)
    if given.shape != (len(X),):
        raise ValueError(
            f"There are {len(X)} rows and labels of shape {given.shape}; one label for each row is needed."
        )
    names, y = np.unique(given, return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f"All {len(X)} labels are {names[0]!r}; a score asks how well classes are told apart. Give two or more."
        )
    return X, y.astype(np.int64), len(names)


def checked_posteriors(posteriors: Any, labels: Any) -> tuple[FloatArray, IntArray, int]:
    """As :func:`checked`, of rows that are probabilities.

    Raises:
        ValueError: also where a row holds a negative number or does not sum to 1.
    """
    P, y, classes = checked(posteriors, labels)
    sums = P.sum(1)
    if P.min() < 0 or np.abs(sums - 1).max() > SUM_TOLERANCE:
        worst = int(np.abs(sums - 1).argmax())
        raise ValueError(
            f"Row {worst} of the posteriors sums to {sums[worst]:.4g} and the least value is {P.min():.4g}; "
            "probabilities of the old classes are needed. Take the softmax of the old head's outputs."
        )
    return P / sums[:, None], y, classes


def indicators(y: IntArray, classes: int) -> FloatArray:
    """``(n, C)``: 1 where an example is of a class, else 0."""
    found: FloatArray = np.eye(classes)[y]
    return found


def class_means(X: FloatArray, y: IntArray, classes: int) -> FloatArray:
    """``(C, d)``."""
    found: FloatArray = indicators(y, classes).T @ X / np.bincount(y, minlength=classes)[:, None]
    return found


def reduced(X: FloatArray, components: int) -> FloatArray:
    """The leading principal components ``(n, k)``, where there are more columns; else the rows as they are."""
    most = min(components, len(X))
    if X.shape[1] <= components:
        return X
    found: FloatArray = PCA(most, svd_solver="covariance_eigh" if len(X) > X.shape[1] else "full").fit_transform(X)
    return found


def drawn_rows(n: int, most: int, seed: int) -> Array:
    """The numbers of ``most`` rows in order, the same for all candidates; all where there are no more."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def weighted_means(right: Array, weights: FloatArray) -> FloatArray:
    """``(b,)`` means over resamples; NaN where nothing was drawn."""
    total = weights.sum(1)
    found: FloatArray = np.where(total > 0, weights @ right.astype(np.float64) / np.where(total > 0, total, 1), np.nan)
    return found
