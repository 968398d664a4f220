"""Log-losses of held-out examples, and whether one model's are lower than another's."""

from __future__ import annotations

import numpy as np

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["clearly_lower", "log_losses"]


def log_losses(probs: Array, labels: IntArray) -> FloatArray:
    """``(n,)`` of ``(n, classes)``."""
    losses: FloatArray = -np.log(np.maximum(probs[np.arange(len(labels)), labels], 1e-12))
    return losses


def clearly_lower(ours: FloatArray, other: FloatArray, errors: float) -> bool:
    """Whether our losses ``(n,)`` are lower by more than so many standard errors of the paired difference.

    A single example says nothing of its own error, so nothing is clear.
    """
    gain = other - ours
    return len(gain) > 1 and bool(gain.mean() > errors * gain.std() / np.sqrt(len(gain) - 1))
