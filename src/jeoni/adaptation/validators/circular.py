"""Circular validation (Bruzzone & Marconcini TPAMI 2010, doi.org/10.1109/TPAMI.2009.57): there and back again.

The target's predictions serve as labels, adaptation runs the other way, and what comes back is compared with the true
labels of the source. Ours takes the mean of the classes' recalls, so that a collapse earns ``1 / K`` however unequal
the classes are. It cannot see a mistake that the way back repeats the other way round, such as two classes swapped by
adaptation and swapped again; and it takes one more adaptation a candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.adaptation.candidate import Candidate

__all__ = ["Circular"]


@dataclass(frozen=True)
class Circular:
    """Balanced accuracy in the source after the way there and back, from 0 to 1.

    Raises:
        ValueError: in the call, if the candidate has no ``reverse``.

    Example:
        >>> probs = np.eye(2)
        >>> Circular()(Candidate("plain", probs, probs, np.array([0, 1]), probs, probs, lambda pseudo: pseudo))
        1.0
    """

    margins: ClassVar[Mapping[str, float]] = {
        "moves": -0.02,
        "moves far": 0.1,
        "weighs classes": -0.15,
        "weighs rows": -0.1,
        "represents": -0.02,
    }
    blind_to: ClassVar[tuple[str, ...]] = ("swapped there and back",)

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better."""
        if candidate.reverse is None:
            raise ValueError(f"{candidate.name!r} has no reverse; circular validation needs the way back.")
        pseudo = candidate.target_probs.argmax(1).astype(np.int64)
        labels = candidate.labels
        # no classifier learns from one class
        back = candidate.reverse(pseudo) if len(np.unique(pseudo)) > 1 else np.full(len(labels), pseudo[0])
        return float(np.mean([(back[labels == k] == k).mean() for k in np.unique(labels)]))
