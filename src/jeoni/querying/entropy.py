"""Entropy sampling (Shannon's entropy of the prediction; Settles 2009, section 3.1): where the head is least sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import entropy

from jeoni.querying.choosing.pool import Chosen, Pool

__all__ = ["Entropy"]


@dataclass(frozen=True)
class Entropy:
    """The highest entropy of the predicted probabilities first, in nats."""

    needs_labels: ClassVar[bool] = True
    score: ClassVar[str] = "entropy"

    def __call__(self, pool: Pool, budget: int) -> Chosen:
        """See :class:`jeoni.querying.choosing.pool.Querier`."""
        unsure = entropy(pool.probs, axis=1)
        first = np.argsort(-unsure, kind="stable")[:budget]
        return Chosen(first.astype(np.int64), unsure[first])
