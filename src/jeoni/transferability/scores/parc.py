"""PARC (Bolya, Mittapalli & Hoffman NeurIPS 2021, arXiv:2111.06977): are examples of one class alike to the network?

Spearman's correlation between how unlike two examples' features are (1 minus Pearson's correlation, after each feature
was standardised) and how unlike their labels are, over all pairs. Features are reduced to 32 principal components,
which the paper found best. Ours is not multiplied by 100, and of many examples as many are drawn for every network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.stats import rankdata

from jeoni.transferability.candidate import Needs
from jeoni.transferability.labelled import checked, drawn_rows, indicators, reduced
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["PARC"]


@dataclass(frozen=True)
class PARC:
    """Between -1 and 1.

    Attributes:
        components: principal components that are kept of more features.
        most: examples that are used; of more, as many are drawn.
        seed: of the draw.
    """

    components: int = 32
    most: int = 1000
    seed: int = 0

    title: ClassVar[str] = "PARC"
    needs: ClassVar[Needs] = "features"

    def __call__(self, features: Any, labels: Any, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``.

        Raises:
            ValueError: see :class:`jeoni.transferability.candidate.FeaturesScore`.
        """
        X, y, classes = checked(features, labels)
        some = drawn_rows(len(X), self.most, self.seed)
        rows, member = reduced(X, self.components)[some], indicators(y, classes)[some]
        spread = rows.std(0)
        rows = (rows - rows.mean(0)) / np.where(spread > 0, spread, 1.0)
        pairs = np.triu_indices(len(rows), 1)
        return _correlation(rankdata(_unlike(rows)[pairs]), rankdata(_unlike(member)[pairs]))


def _unlike(rows: FloatArray) -> FloatArray:
    """``(n, n)``: 1 minus the correlation of two rows; a row of equal numbers is correlated with none."""
    centred = rows - rows.mean(1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(length > 0, length, 1.0)
    found: FloatArray = 1 - np.round(unit @ unit.T, 12)  # equal pairs are ties, whatever the order of additions
    return found


def _correlation(a: Array, b: Array) -> float:
    a, b = a - a.mean(), b - b.mean()
    length = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / length) if length > 0 else 0.0
