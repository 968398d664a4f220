"""LinInt (a baseline of Daumé III ACL 2007, arXiv:0907.1815): the source's and the target's predictions, mixed.

How much of each is tuned on folds of the labelled target rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Task
from jeoni.adaptation.stacked_rows import Rows
from jeoni.types import FloatArray

__all__ = ["LinInt"]


@dataclass
class LinInt(FewLabelAdapter):
    """Two classifiers.

    Attributes:
        mix: the target's share.
    """

    mix: float = 0.5

    linear: ClassVar[bool] = False
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"mix": (0.1, 0.3, 0.5, 0.7, 0.9)}

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        self._source = task.source.model
        self._fitted = task.learner.fit(task.rows, task.labels, self.strength)
        return self

    def probs(self, X: Rows) -> FloatArray:
        """See :class:`FewLabelAdapter`."""
        return (1 - self.mix) * self._source.probs(X) + self.mix * super().probs(X)
