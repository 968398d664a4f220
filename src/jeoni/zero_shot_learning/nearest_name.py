"""Nearest name: cosine of an item and of its class's name (CLIP, Radford et al. ICML 2021, arXiv:2103.00020).

Score: ``cos(f(x), w_c)``, ``w_c`` the mean of the unit vectors of the name in several sentences, of length 1 again. As
theirs where image and text encoder were trained together; with a sentence encoder for both it is what Yin, Hay & Roth
EMNLP 2019 (arXiv:1909.00161) call the label-embedding baseline. Nothing is learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from jeoni.types import FloatArray
from jeoni.zero_shot_learning.semantics.linear import LinearScores

__all__ = ["NearestName"]


@dataclass(frozen=True)
class NearestName:
    """The class whose name is nearest.

    Example:
        >>> NearestName().scores(np.eye(2))(np.array([[3.0, 4.0]]))
        array([[0.6, 0.8]])
    """

    space: ClassVar[Literal["names"]] = "names"

    def scores(self, vectors: FloatArray) -> LinearScores:
        """Cosines with unit vectors ``(k, d)``."""
        return LinearScores(vectors, np.zeros(len(vectors)), directions=True)
