"""Prior (Chelba & Acero EMNLP 2004, aclanthology.org/W04-3237): a classifier of the target, pulled to the source's.

Logistic regression on the labelled target rows with ``|w - w_source|²`` as its penalty. Ours pulls the bias as well, so
that a class without a labelled target row keeps the source's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.few_labels_task import Task
from jeoni.adaptation.softmax_regression import affine_of, class_probs, fit_softmax
from jeoni.adaptation.stacked_rows import Rows, with_constant
from jeoni.types import FloatArray

__all__ = ["Prior"]


@dataclass
class Prior(FewLabelAdapter):
    """A logistic regression of its own; ``strength`` is how freely it leaves the source's weights."""

    grid: ClassVar[dict[str, tuple[float, ...]]] = {"strength": (0.01, 0.1, 1.0, 10.0, 100.0)}

    def fit(self, task: Task) -> Self:
        """See :class:`FewLabelAdapter`."""
        learner, source = task.learner, task.source.model.model
        self._unit = learner.unit
        centre = np.hstack([source.coef_, source.intercept_[:, None] / self._unit]).T.astype(np.float64)
        rows = with_constant(task.rows, self._unit)
        strength = self.strength / learner.scale
        self._weights = fit_softmax(rows, task.labels, learner.classes, strength, towards=centre, unit=self._unit)
        return self

    def probs(self, X: Rows) -> FloatArray:
        """See :class:`FewLabelAdapter`."""
        return class_probs(with_constant(X, self._unit), self._weights)

    def affine(self) -> tuple[FloatArray, FloatArray]:
        """See :class:`FewLabelAdapter`."""
        return affine_of(self._weights, self._unit)

    @classmethod
    def refuses(cls, estimator: Any) -> str:
        """Any estimator."""
        return "" if estimator is None else "prior is a logistic regression of its own; leave estimator out."
