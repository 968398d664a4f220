"""Contextual calibration (Zhao et al. ICML 2021, arXiv:2102.09690): what texts without content say of a class.

The mean score of ``N/A``, ``[MASK]`` and an empty text, theirs, is taken from each class's scores: theirs divides
probabilities, ours takes from scores, which is the same at a fixed temperature. An empty text cannot be read here; a
full stop stands for it. No item is needed, and nothing is assumed of how frequent classes are.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.errors import ConfigError
from jeoni.types import FloatArray

__all__ = ["Contextual"]


@dataclass(frozen=True)
class Contextual:
    """The mean over texts without content."""

    def __call__(self, scores: FloatArray, neutral: FloatArray | None) -> FloatArray:
        """See :class:`jeoni.zero_shot_learning.semantics.protocol.Calibration`.

        Raises:
            ConfigError: the items are no texts.
        """
        if neutral is None:
            raise ConfigError(
                "The calibration contextual needs texts without content, and the items are no texts, or are scored by "
                "a map that was learned on seen classes. Say --calibration batch, or none."
            )
        mean: FloatArray = neutral.mean(0)
        return mean
