"""TIM where the queries' classes may be equally frequent, alpha-TIM where a test refuses that.

Most transductive methods assume equal frequencies and fall below the inductive head without them (Veilleux et al.
2021, arXiv:2204.11181). The test is :func:`jeoni.few_shot.balance.balance_test` on the nearest class means.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.evaluation.calibration import softmax
from jeoni.few_shot.balance import balance_test
from jeoni.few_shot.transductive.alpha_tim import AlphaTIM
from jeoni.few_shot.transductive.tim import TIM
from jeoni.few_shot.vectors import centred_unit_rows, distances
from jeoni.heads.fitting.closed_form import class_means
from jeoni.types import FloatArray, IntArray

__all__ = ["Auto"]


@dataclass(frozen=True)
class Auto:
    """Choose by the balance of the queries.

    Attributes:
        level: of the test.
        sharpness: of the probabilities that are tested.
    """

    level: float = 0.05
    sharpness: float = 10.0

    def __call__(self, support: FloatArray, labels: IntArray, queries: FloatArray, classes: int) -> FloatArray:
        """See :class:`jeoni.few_shot.transductive.Transductive`."""
        rows, others = centred_unit_rows(support, queries)
        found = softmax(-self.sharpness / 2 * distances(others, class_means(rows, labels, classes)))
        method = TIM() if balance_test(found).p >= self.level else AlphaTIM()
        return method(support, labels, queries, classes)
