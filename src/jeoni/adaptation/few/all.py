"""All: one classifier of both domains' labelled rows, each counting alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jeoni.adaptation.few._rows import above
from jeoni.adaptation.few._task import Task
from jeoni.adaptation.few._way import Way

__all__ = ["All"]


@dataclass
class All(Way):
    """The domains as one."""

    def fit(self, task: Task) -> Self:
        """See :class:`Way`."""
        self._fitted = task.learner.fit(above(task.source.rows, task.rows), task.all_labels, self.strength)
        return self
