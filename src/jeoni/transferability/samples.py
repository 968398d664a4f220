"""Two samples, checked; choices among their rows that do not depend on the order of these."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils.validation import check_array

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["folds", "line_up", "lined_up", "median_distance", "paired", "squared_distances", "thinned"]


def paired(Xs: Any, Xt: Any) -> tuple[Array, Array]:
    """Both samples as float matrices ``(n, d)``; single precision stays, and nothing is copied that need not be.

    Raises:
        ValueError: not two matrices with the same number of columns and two rows at least, or NaN.
    """
    needed: dict[str, Any] = {"dtype": [np.float64, np.float32]}
    Xs, Xt = check_array(Xs, input_name="Xs", **needed), check_array(Xt, input_name="Xt", **needed)
    if Xs.shape[1] != Xt.shape[1]:
        raise ValueError(
            f"The source has {Xs.shape[1]} features and the target {Xt.shape[1]}; both need the same ones. "
            "Extract them with the same backbone."
        )
    if min(len(Xs), len(Xt)) < 2:
        raise ValueError(f"There are {len(Xs)} rows of the source and {len(Xt)} of the target; two of each are needed.")
    return Xs, Xt


def line_up(X: Array, seed: int = 0) -> IntArray:
    """The rows' numbers along a random direction: the same rows come in the same order, however they were handed over.

    Args:
        X: ``(n, d)``.
        seed: of the direction.
    """
    direction = np.asarray(np.random.default_rng(seed).normal(size=X.shape[1]), dtype=X.dtype)
    return np.argsort(X @ direction, kind="stable").astype(np.int64)


def lined_up(X: Array, seed: int) -> Array:
    """The rows themselves in that order."""
    return X[line_up(X, seed)]


def thinned(X: Array, most: int, seed: int) -> Array:
    """``most`` rows drawn at random, lined up; all where there are no more."""
    X = lined_up(X, seed)
    if len(X) <= most:
        return X
    return X[np.sort(np.random.default_rng(seed + 1).choice(len(X), most, replace=False))]


def folds(n: int, parts: int, seed: int) -> IntArray:
    """``(n,)``: to which of equally large parts each of the lined-up rows belongs."""
    return np.random.default_rng(seed).permutation(n) % parts


def median_distance(squared: FloatArray) -> float:
    """The median distance between two different rows, from all squared ones ``(n, n)``; 1 where all rows are equal."""
    pairs = squared[np.triu_indices(len(squared), 1)]
    found = float(np.median(pairs))
    if found == 0 and pairs.max() > 0:  # half of the pairs are equal rows
        found = float(np.median(pairs[pairs > 0]))
    return float(np.sqrt(found)) or 1.0


def squared_distances(X: Array, Y: Array) -> FloatArray:
    """``(n, m)`` in double precision."""
    found: FloatArray = euclidean_distances(X, Y, squared=True).astype(np.float64, copy=False)
    return found
