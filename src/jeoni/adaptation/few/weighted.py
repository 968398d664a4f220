"""Weighted: both domains' labelled rows, those of the source counting less; how much less is tuned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.linear_model import LogisticRegression

from jeoni.adaptation.classifier import weight_option
from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Task
from jeoni.adaptation.stacked_rows import above

__all__ = ["Weighted"]


@dataclass
class Weighted(FewLabelAdapter):
    """One classifier; a target row counts 1.

    Attributes:
        weight: what a source row counts.
    """

    weight: float = 0.1

    refits_source: ClassVar[bool] = True
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"weight": (0.01, 0.03, 0.1, 0.3, 1.0)}

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        weights = np.repeat([self.weight, 1.0], [len(task.source.labels), len(task.labels)])
        rows = above(task.source.rows, task.rows)
        self._fitted = task.learner.fit(rows, task.all_labels, self.strength, weights)
        return self

    @classmethod
    def refuses(cls, estimator: Any) -> str:
        """An estimator that takes no weights."""
        try:
            weight_option(LogisticRegression() if estimator is None else estimator)
        except ValueError as error:
            return str(error)
        return ""
