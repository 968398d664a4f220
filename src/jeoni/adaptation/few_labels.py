"""The base class of methods for a few target labels, and the choice of their settings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from jeoni.adaptation.few_labels_task import Fitted, Learner, Task, losses, parted
from jeoni.adaptation.stacked_rows import Rows
from jeoni.types import FloatArray

__all__ = ["FewLabelAdapter", "Tuned", "tuned"]


@dataclass
class FewLabelAdapter:
    """A method that learns from both domains; its fields are its settings.

    Attributes:
        strength: of logistic regression; see ``Learner``.
        grid: what is tried of each setting but ``strength``, and of that where a way has strengths of its own.
        gated: whether ``auto`` leaves it out where the source alone is as good as the target alone.
        linear: whether its log-odds are affine in the rows, so that a model can be saved of it; see :meth:`affine`.
        refits_source: whether every fit goes through the source's rows, which takes as long as they are many.
    """

    strength: float = 1.0

    grid: ClassVar[dict[str, tuple[float, ...]]] = {}
    gated: ClassVar[bool] = False
    linear: ClassVar[bool] = True
    refits_source: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._fitted: Fitted | None = None

    def fit(self, task: Task) -> Self:
        """Learn from the source and from all labelled target rows of the task, one at least."""
        raise NotImplementedError

    def probs(self, X: Rows) -> FloatArray:
        """``(n, classes)`` of target rows."""
        assert self._fitted is not None
        return self._fitted.probs(X)

    def affine(self) -> tuple[FloatArray, FloatArray]:
        """Weights ``(classes, d)`` and biases ``(classes,)`` whose softmax is :meth:`probs`."""
        assert self._fitted is not None
        return self._fitted.affine()

    @classmethod
    def choices(cls, learner: Learner) -> dict[str, tuple[float, ...]]:
        """The values to try of each setting; an estimator that was handed over has a strength of its own."""
        return {**({} if learner.estimator is not None else {"strength": learner.strengths}), **cls.grid}

    @classmethod
    def refuses(cls, estimator: Any) -> str:
        """Why it cannot work with this estimator; empty where it can. None is logistic regression."""
        return ""


class Tuned(NamedTuple):
    """The choice made on folds of the labelled target rows.

    Attributes:
        setting: the best on all folds.
        losses: ``(n,)`` log-loss of each labelled target row, by a classifier that has not learned from it, with the
            setting that is best on the other folds: a way with many settings gains nothing by their number.
        probs: ``(n, classes)`` of the same classifiers.
    """

    setting: dict[str, float]
    losses: FloatArray
    probs: FloatArray

    @property
    def loss(self) -> float:
        """Mean over rows."""
        return float(self.losses.mean())


def tuned(way: type[FewLabelAdapter], task: Task) -> Tuned:
    """Try every setting on the same folds of the labelled target rows, two at least."""
    grid = way.choices(task.learner)
    settings = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    fold = parted(task.rows, task.labels, task.learner.seed)
    probs = np.empty((len(settings), len(fold), task.learner.classes))
    for held in range(fold.max() + 1):
        known, asked = task.only(fold != held), task.only(fold == held)
        for k, setting in enumerate(settings):
            probs[k, fold == held] = way(**setting).fit(known).probs(asked.rows)
    found = np.stack([losses(one, task.labels) for one in probs])
    honest = np.empty(probs.shape[1:])
    for held in range(fold.max() + 1):
        best = found[:, fold != held].mean(1).argmin()
        honest[fold == held] = probs[best, fold == held]
    return Tuned(settings[int(found.mean(1).argmin())], losses(honest, task.labels), honest)
