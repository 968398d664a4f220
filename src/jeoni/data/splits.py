"""Splits that keep classes in proportion and clusters whole."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from jeoni.types import Array, IntArray

__all__ = ["build_folds", "repeats_for", "split_test"]


def repeats_for(n: int) -> int:
    """How often folds are drawn anew: the fewer the examples, the more a single draw depends on luck."""
    return 10 if n < 200 else 3 if n < 1000 else 1


def build_folds(labels: IntArray, clusters: IntArray, folds: int, repeats: int, seed: int) -> IntArray:
    """The fold in which each example is held out, drawn ``repeats`` times.

    Args:
        labels: ``(n,)``.
        clusters: ``(n,)``; examples of one number share a fold.
        folds: how many; fewer where the smallest class has fewer clusters, at least 2.
        repeats: how many draws.
        seed: of the draws.

    Returns:
        ``(repeats, n)``.
    """
    alone = len(np.unique(clusters)) == len(clusters)
    smallest = min(len(np.unique(clusters[labels == k])) for k in np.unique(labels))
    count = max(2, min(folds, smallest))
    out = np.zeros((repeats, len(labels)), dtype=np.int64)
    for r in range(repeats):
        kind = StratifiedKFold if alone else StratifiedGroupKFold
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a class with one cluster only is known, and was reported by the checks
            parts = kind(count, shuffle=True, random_state=seed + r).split(np.zeros(len(labels)), labels, clusters)
            for number, (_, held) in enumerate(parts):
                out[r, held] = number
    return out


def split_test(labels: IntArray, clusters: IntArray, fraction: float, seed: int) -> Array:
    """``(n,)`` bool: the examples kept as test set, about ``fraction`` of them, clusters whole.

    One fold of as many as the fraction asks for, the one whose class shares are nearest to those of all.
    """
    folds = max(2, round(1 / fraction)) if fraction <= 0.5 else max(2, round(1 / (1 - fraction)))
    fold = build_folds(labels, clusters, folds, 1, seed)[0]
    classes = labels.max() + 1
    shares = np.bincount(labels, minlength=classes) / len(labels)

    def distance(number: int) -> float:
        held = labels[fold == number]
        return float(np.abs(np.bincount(held, minlength=classes) / max(1, len(held)) - shares).sum())

    chosen = fold == min(range(int(fold.max()) + 1), key=distance)
    return chosen if fraction <= 0.5 else ~chosen
