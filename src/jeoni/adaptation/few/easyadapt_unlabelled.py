"""EA++ (Kumar, Saha & Daumé III NIPS 2010): EasyAdapt whose domains have to agree on unlabelled target rows.

The paper adds each unlabelled row as ``<0, u, -u>`` with both labels of a hinge loss; ours adds ``|(W_s - W_t) u|²``,
which holds for any number of classes. No agreement is EasyAdapt, full agreement is one classifier of both domains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from jeoni.adaptation.augmented_rows import apart, of_target, together
from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Task
from jeoni.adaptation.softmax_regression import Silence, affine_of, class_probs, fit_softmax
from jeoni.adaptation.stacked_rows import Rows, with_constant
from jeoni.types import FloatArray

__all__ = ["CoRegularised"]


@dataclass
class CoRegularised(FewLabelAdapter):
    """A logistic regression of its own.

    Attributes:
        agreement: what the mean squared difference between the domains' scores costs, in what weights of length one
            cost, rows being of length one.
    """

    agreement: float = 100.0

    grid: ClassVar[dict[str, tuple[float, ...]]] = {"agreement": (10.0, 100.0, 1000.0)}
    gated: ClassVar[bool] = True
    refits_source: ClassVar[bool] = True

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        learner, m = task.learner, task.unlabelled.rows.shape[0]
        self._unit = learner.unit
        silence = Silence(apart(task), self.agreement / (self.strength * m)) if m else None
        strength = self.strength / learner.scale
        rows, labels = together(task), task.all_labels
        self._weights = fit_softmax(rows, labels, learner.classes, strength, silence=silence, unit=self._unit)
        return self

    def probs(self, X: Rows) -> FloatArray:
        """See :class:`FewLabelAdapter`."""
        return class_probs(with_constant(X, self._unit), of_target(self._weights))

    def affine(self) -> tuple[FloatArray, FloatArray]:
        """See :class:`FewLabelAdapter`."""
        return affine_of(of_target(self._weights), self._unit)

    @classmethod
    def refuses(cls, estimator: Any) -> str:
        """Any estimator."""
        what = "easyadapt_unlabelled is a logistic regression of its own; leave estimator out."
        return "" if estimator is None else what
