"""Source only: what a classifier of the source says of the target; the least that every other way has to beat.

Its strength is chosen on folds of the source: it sees nothing of the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Learner, Task

__all__ = ["SourceOnly"]


@dataclass
class SourceOnly(FewLabelAdapter):
    """The source's classifier as it is."""

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        self._fitted = task.source.model
        return self

    @classmethod
    def choices(cls, learner: Learner) -> dict[str, tuple[float, ...]]:
        """None: the source has chosen."""
        return {}
