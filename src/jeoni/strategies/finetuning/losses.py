"""Whether one model's losses on held-out examples are lower than another's."""

from __future__ import annotations

import numpy as np

from jeoni.types import FloatArray

__all__ = ["clearly_lower"]


def clearly_lower(ours: FloatArray, other: FloatArray, errors: float) -> bool:
    """Whether our losses ``(n,)`` are lower by more than so many standard errors of the paired difference.

    A single example says nothing of its own error, so nothing is clear.
    """
    gain = other - ours
    return len(gain) > 1 and bool(gain.mean() > errors * gain.std() / np.sqrt(len(gain) - 1))
