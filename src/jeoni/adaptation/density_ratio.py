"""Density ratios and entropies, which several validators need."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from jeoni.adaptation.posteriors import cross_fitted
from jeoni.types import Array, FloatArray

__all__ = ["density_ratio", "entropies"]


def density_ratio(source: Array, target: Array, seed: int) -> FloatArray:
    """``(ns,)``: ``p_target / p_source`` of the source's rows, by the odds of a domain classifier that saw others.

    Args:
        source: ``(ns, k)`` rows.
        target: ``(nt, k)`` rows.
        seed: of the folds; they do not depend on the order of rows.
    """
    ns, nt = len(source), len(target)
    domain = np.repeat([0, 1], [ns, nt])
    said, _ = cross_fitted(
        None, np.concatenate([source, target]), domain, target[:1], seed, np.array(["source", "target"])
    )
    ratio: FloatArray = np.exp(said[:ns, 1] - said[:ns, 0]) * ns / nt
    return ratio


def entropies(probs: FloatArray) -> FloatArray:
    """Entropy in nats of probabilities ``(…, K)``."""
    found: FloatArray = -xlogy(probs, probs).sum(-1)
    return found
