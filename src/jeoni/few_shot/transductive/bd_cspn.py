"""Class means rectified by the queries (BD-CSPN, Liu, Song & Qin ECCV 2020, arXiv:1911.10713).

See :func:`jeoni.few_shot.vectors.rectified_means`; the class is that of the mean with the largest cosine. Ours differs
in the probabilities, a softmax of ten times the cosine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.evaluation.calibration import softmax
from jeoni.few_shot.vectors import centred_unit_rows, rectified_means
from jeoni.types import FloatArray, IntArray

__all__ = ["BDCSPN"]


@dataclass(frozen=True)
class BDCSPN:
    """Nearest rectified class mean by cosine.

    Attributes:
        sharpness: of the softmax; without effect on the classes.
    """

    sharpness: float = 10.0

    def __call__(self, support: FloatArray, labels: IntArray, queries: FloatArray, classes: int) -> FloatArray:
        """See :class:`jeoni.few_shot.transductive.Transductive`."""
        rows, others = centred_unit_rows(support, queries)
        means, moved = rectified_means(rows, labels, others, classes)
        lengths = np.linalg.norm(moved, axis=1)[:, None] * np.linalg.norm(means, axis=1)
        return softmax(self.sharpness * (moved @ means.T) / np.maximum(lengths, 1e-12))
