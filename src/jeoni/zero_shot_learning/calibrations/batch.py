"""Batch calibration (Zhou et al. ICLR 2024, arXiv:2309.17249): what the unlabelled items say of a class on average.

A name may be near to everything, or to nothing, whatever it means: so each class's mean score over the items is taken
from its scores. Theirs takes the logarithm of the mean probability, ours the mean of the scores themselves: without
labels there is no temperature that would make probabilities of them. Right where classes are about equally frequent;
the further from that, the more it costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.errors import DataError
from jeoni.types import FloatArray

__all__ = ["Batch"]

LEAST = 20


@dataclass(frozen=True)
class Batch:
    """The mean over the unlabelled items."""

    def __call__(self, scores: FloatArray, neutral: FloatArray | None) -> FloatArray:
        """See :class:`jeoni.zero_shot_learning.semantics.protocol.Calibration`.

        Raises:
            DataError: so few items that their mean says more of them than of the names.
        """
        if len(scores) < LEAST:
            raise DataError(
                f"The calibration batch needs {LEAST} items at least, there are {len(scores)}. Give more items, or say "
                "--calibration none."
            )
        mean: FloatArray = scores.mean(0)
        return mean
