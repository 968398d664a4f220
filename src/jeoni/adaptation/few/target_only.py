"""Target only: the labelled target rows and nothing else; what there would be without a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Task

__all__ = ["TargetOnly"]


@dataclass
class TargetOnly(FewLabelAdapter):
    """A classifier of few rows."""

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        self._fitted = task.learner.fit(task.rows, task.labels, self.strength)
        return self
