"""Target only: the labelled target rows and nothing else; what there would be without a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jeoni.adaptation.few._task import Task
from jeoni.adaptation.few._way import Way

__all__ = ["TargetOnly"]


@dataclass
class TargetOnly(Way):
    """A classifier of few rows."""

    def fit(self, task: Task) -> Self:
        """See :class:`Way`."""
        self._fitted = task.learner.fit(task.rows, task.labels, self.strength)
        return self
