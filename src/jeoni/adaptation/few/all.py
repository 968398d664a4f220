"""All: one classifier of both domains' labelled rows, each counting alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Task
from jeoni.adaptation.stacked_rows import above

__all__ = ["All"]


@dataclass
class All(FewLabelAdapter):
    """The domains as one."""

    refits_source: ClassVar[bool] = True

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        self._fitted = task.learner.fit(above(task.source.rows, task.rows), task.all_labels, self.strength)
        return self
