"""Pred (a baseline of Daumé III ACL 2007, arXiv:0907.1815): what the source says is a feature of the target.

The target's classifier learns from the labelled target rows, each with the source classifier's say beside it: ours
takes centred log-probabilities, so that a weight of one on them gives the source's own opinion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import LEAST, Task
from jeoni.adaptation.stacked_rows import Rows, beside
from jeoni.types import FloatArray

__all__ = ["Pred"]


@dataclass
class Pred(FewLabelAdapter):
    """A classifier of few rows with a hint."""

    linear: ClassVar[bool] = False

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        self._source, self._unit = task.source.model, task.learner.unit
        self._fitted = task.learner.fit(self._hinted(task.rows), task.labels, self.strength)
        return self

    def probs(self, X: Rows) -> FloatArray:
        """See :class:`FewLabelAdapter`."""
        return super().probs(self._hinted(X))

    def _hinted(self, X: Rows) -> Rows:
        logs = np.log(np.maximum(self._source.probs(X), LEAST))
        # in units of the rows: one penalty fits all
        return beside(X, self._unit * (logs - logs.mean(1, keepdims=True)))
