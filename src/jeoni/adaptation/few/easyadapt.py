"""EasyAdapt (Daumé III ACL 2007, arXiv:0907.1815): one classifier on the augmented rows of both domains.

See :class:`jeoni.adaptation.EasyAdapt`. The paper finds that it loses where the source alone already beats the target
alone, so ``auto`` leaves it out there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from jeoni.adaptation.augmented_rows import both, lifted, of_target
from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Task
from jeoni.adaptation.stacked_rows import Rows
from jeoni.types import FloatArray

__all__ = ["EasyAdapted"]


@dataclass
class EasyAdapted(FewLabelAdapter):
    """Shared and own weights, by one penalty."""

    gated: ClassVar[bool] = True
    refits_source: ClassVar[bool] = True

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        self._unit = task.learner.unit
        self._fitted = task.learner.fit(both(task), task.all_labels, self.strength)
        return self

    def probs(self, X: Rows) -> FloatArray:
        """See :class:`FewLabelAdapter`."""
        return super().probs(lifted(X, self._unit))

    def affine(self) -> tuple[FloatArray, FloatArray]:
        """See :class:`FewLabelAdapter`."""
        weights, biases = super().affine()
        own = of_target(weights.T).T
        return own[:, :-1], biases + own[:, -1] * self._unit
