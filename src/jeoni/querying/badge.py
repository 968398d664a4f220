"""BADGE (Ash, Zhang, Krishnamurthy, Langford & Agarwal ICLR 2020, arXiv:1906.03671): unsure and different at once.

Each item is embedded as the gradient that the last layer's weights would get if its most probable class were its label:
``(p - 1[c = argmax p])`` times the layer's input. Items are drawn by k-means++ in that space, the longest gradient
first, as in the authors' code. The layer is the head, whatever kind it is, and its input the frozen features; the
embeddings, which are outer products, are never written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.querying.choosing.pool import Chosen, Pool
from jeoni.querying.choosing.seeding import seed_products
from jeoni.types import FloatArray

__all__ = ["BADGE", "residuals"]


@dataclass(frozen=True)
class BADGE:
    """Batch active learning by diverse gradient embeddings."""

    needs_labels: ClassVar[bool] = True
    score: ClassVar[str] = "gradient"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        left, right = residuals(pool.probs), np.asarray(pool.rows, dtype=np.float64)
        drawn = seed_products(left, right, budget, pool.seed)
        lengths = np.linalg.norm(left[drawn], axis=1) * np.linalg.norm(right[drawn], axis=1)
        return Chosen(drawn, lengths)


def residuals(probs: FloatArray) -> FloatArray:
    """``(n, K)``: the gradient of the log-loss by the logits, if the most probable class is right."""
    found = probs.copy()
    found[np.arange(len(probs)), probs.argmax(1)] -= 1.0
    return found
