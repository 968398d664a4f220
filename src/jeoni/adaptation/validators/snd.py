"""SND (Saito et al. ICCV 2021, arXiv:2108.10860): whether target rows have many neighbours that are predicted alike.

The entropy of each row's soft neighbours in the space of normalised predictions, at temperature 0.05. Ours leaves a row
out of its own neighbours altogether, where the authors' code keeps it with a similarity below all others. It cannot see
whether neighbours are predicted right, and a classifier that collapses gets the highest score there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import log_softmax

from jeoni.adaptation.candidate import Candidate
from jeoni.types import FloatArray

__all__ = ["SND"]

ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class SND:
    """The mean entropy of soft neighbourhoods in nats, from 0 to ``log(nt - 1)``; time grows with the rows' square.

    Attributes:
        temperature: by which similarities are divided.

    Raises:
        ValueError: in the call, if the target has one row.

    Example:
        >>> probs = np.eye(2)[[0, 0, 0, 1, 1, 1]]
        >>> round(SND()(Candidate("plain", probs, probs, np.array([0, 0, 0, 1, 1, 1]), probs, probs)), 4)
        0.6931
    """

    temperature: float = 0.05
    blind_to: ClassVar[tuple[str, ...]] = ("collapse", "collapsed target", "shuffled target", "swapped target")

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better."""
        probs = candidate.target_probs
        if len(probs) < 2:
            raise ValueError(f"The target of {candidate.name!r} has {len(probs)} row; neighbours need two.")
        probs = probs / np.linalg.norm(probs, axis=1, keepdims=True)
        starts = range(0, len(probs), ROWS_AT_ONCE)
        return float(np.concatenate([self._entropies(probs, start) for start in starts]).mean())

    def _entropies(self, probs: FloatArray, start: int) -> FloatArray:
        """Of some rows' neighbourhoods; ``probs`` ``(nt, K)`` have length 1."""
        near = probs[start : start + ROWS_AT_ONCE] @ probs.T / self.temperature
        own = np.arange(len(near))
        near[own, start + own] = -np.inf
        logs = log_softmax(near, axis=1)
        shares = np.exp(logs)
        logs[own, start + own] = 0.0  # 0 log 0
        found: FloatArray = -(shares * logs).sum(1)
        return found
