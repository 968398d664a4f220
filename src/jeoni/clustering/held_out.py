"""How a classifier that has not seen an example judges of its cluster: one measure of sureness for all methods."""

from __future__ import annotations

import numpy as np

from jeoni.data.splits import build_folds
from jeoni.errors import DataError
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["held_out_probs", "parts_held_out"]

FOLDS = 5


def held_out_probs(rows: Array, clusters: IntArray, alike: IntArray, seed: int) -> FloatArray:
    """The probability of each cluster for each example, ``(n, k)``, by a classifier fitted to the other folds.

    It is linear discriminant analysis with a covariance that is shrunk as Ledoit & Wolf (2004) have it, scikit-learn's.
    Where nothing can be held out, as of clusters of one example each, all clusters are as probable; a cluster that lies
    within one fold is improbable to those that never saw it.

    Args:
        rows: ``(n, d)`` features.
        clusters: ``(n,)`` from 0 on without gaps.
        alike: ``(n,)``: examples of one number share a fold.
        seed: of the folds.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    number = int(clusters.max()) + 1
    probs = np.full((len(rows), number), 1 / number)
    for held in parts_held_out(clusters, alike, seed):
        known = np.unique(clusters[~held])
        probs[held] = 0.0
        if len(known) == 1:
            probs[held, known[0]] = 1.0
            continue
        classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(rows[~held], clusters[~held])
        probs[np.ix_(held, known)] = classifier.predict_proba(rows[held])
    return probs


def parts_held_out(clusters: IntArray, alike: IntArray, seed: int) -> list[Array]:
    """Masks ``(n,)`` of what each fold holds out; none where there is one cluster, or nothing can be held out."""
    if clusters.max() < 1:
        return []
    try:
        fold = build_folds(clusters, alike, FOLDS, 1, seed)[0]
    except DataError:
        return []
    return [fold == number for number in np.unique(fold)]
