"""The head that the folds prefer, where labels are few; the linear probe where they are many.

With some dozens of examples of each class the linear probe wins or is level; with a handful, class means and shrunk
discriminants do (`benchmarks/few_labels.py`). Candidates are compared by their held-out log-loss on the same folds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from jeoni.heads.fitting.named import build_head
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task
from jeoni.types import Array, IntArray, RowsLike

__all__ = ["Auto"]

FEW = ("linear", "gda", "prototype")
ONE_EACH = "prototype:metric=cosine"  # where nothing can be held out


@dataclass(frozen=True)
class Auto:
    """Choose among heads on the folds.

    Attributes:
        few: examples of a class, on the mean, up to which others than ``linear`` are candidates.
    """

    few: int = 32

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module of the linear probe; another choice is known by its own name, :attr:`FittedHead.id`."""
        return build_head("linear").build(dim, width)

    def fit(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None = None,
    ) -> FittedHead:
        """See :meth:`jeoni.heads.linear.Linear.fit`; :attr:`FittedHead.id` is the head that was chosen."""
        names = self._candidates(targets, task, folds)
        fitted = {n: build_head(n).fit(features, targets, task, folds, class_weights, clusters) for n in names}
        best = min(names, key=lambda name: _loss(fitted[name])) if len(names) > 1 else names[0]
        tried = [{"head": name, **record} for name in names for record in fitted[name].candidates]
        return replace(fitted[best], id=best, candidates=tried)

    def _candidates(self, targets: Array, task: Task, folds: IntArray) -> tuple[str, ...]:
        if task.link != "softmax" or task.parts or len(targets) > self.few * task.width:
            return ("linear",)
        return FEW if len(folds) else (ONE_EACH,)


def _loss(fitted: FittedHead) -> float:
    """The held-out log-loss of the candidate that was chosen."""
    own = [c for c in fitted.candidates if all(c[key] == value for key, value in _scalars(fitted.choice).items())]
    return float(min((c["log_loss"] for c in own), default=np.inf))


def _scalars(choice: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in choice.items() if isinstance(value, (str, int, float))}
