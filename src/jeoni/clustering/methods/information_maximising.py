"""Regularised information maximisation (RIM; Krause, Perona & Gomes, NIPS 2010).

A softmax regression ``p(y|x)`` is fitted, without labels, to maximise the mutual information of example and cluster,
``H(mean p) - mean H(p)``, less ``strength * |w|^2``: sure of each example, with clusters of like size, and no steeper
than that needs. It starts from k-means, as theirs does, and is solved by L-BFGS. Ours differs in the joint space of
several backbones, and in that the number of clusters is given (theirs starts from many and lets some die out).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.clustering.linear_start import linear_start, scaled
from jeoni.clustering.methods.kmeans import KMeans
from jeoni.clustering.protocol import Clusterer, joined
from jeoni.types import FloatArray, IntArray

__all__ = ["InformationMaximising", "mutual_information"]

TINY = 1e-12


@dataclass(frozen=True)
class InformationMaximising(Clusterer):
    """A softmax regression that is sure of each example and uses all clusters.

    Attributes:
        strength: of the penalty on weights, for features with a mean squared length of 1 for each dimension.
        steps: of L-BFGS at most.
    """

    strength: float = 1e-2
    steps: int = 300

    def fit(self, spaces: Sequence[FloatArray], clusters: int, seed: int) -> IntArray:
        """See :class:`jeoni.clustering.protocol.Clusterer`."""
        from scipy.optimize import minimize

        rows = scaled(joined(spaces))
        start = linear_start(rows, KMeans().fit(spaces, clusters, seed), clusters)
        extended = np.column_stack([rows, np.ones(len(rows))])
        weights = np.vstack([start, np.zeros(clusters)])

        def loss(flat: FloatArray) -> tuple[float, FloatArray]:
            value, gradient = _objective(extended, flat.reshape(weights.shape), self.strength)
            return -value, -gradient.ravel()

        found = minimize(loss, weights.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": self.steps})
        best: IntArray = (extended @ found.x.reshape(weights.shape)).argmax(1)
        return best


def mutual_information(probs: FloatArray) -> float:
    """Of example and cluster, in nats, by ``(n, k)`` shares of each example in the clusters.

    Example:
        >>> round(mutual_information(np.eye(4)), 3)
        1.386
    """
    return _entropy(probs.mean(0)) - float(np.mean([_entropy(row) for row in probs]))


def _entropy(shares: FloatArray) -> float:
    return float(-(shares * np.log(np.maximum(shares, TINY))).sum())


def _objective(rows: FloatArray, weights: FloatArray, strength: float) -> tuple[float, FloatArray]:
    """Mutual information less the penalty, and its gradient by the weights; the last row, the bias, is free.

    With ``r = log p - log mean p`` the gradient by the logits of an example is ``p * (r - sum p r) / n``.
    """
    logits = rows @ weights
    logits -= logits.max(1, keepdims=True)
    probs = np.exp(logits)
    probs /= probs.sum(1, keepdims=True)
    ratio = np.log(np.maximum(probs, TINY)) - np.log(np.maximum(probs.mean(0), TINY))
    information = (probs * ratio).sum(1, keepdims=True)
    by_logits = probs * (ratio - information) / len(rows)
    penalised = weights.copy()
    penalised[-1] = 0
    value = float(information.mean()) - strength * float(np.square(penalised).sum())
    return value, rows.T @ by_logits - 2 * strength * penalised
