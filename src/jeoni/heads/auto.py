"""The head for as many labels as there are: the linear probe where they are many, a discriminant where they are few.

Of one example each, class means. Up to some dozens of each class, the shrunk discriminant ``gda``, unless the linear
probe makes clearly fewer mistakes on held-out examples: by more than two standard errors of the paired difference. The
held-out log-loss would not do: of a handful of examples it prefers a probe that is unsure and wrong more often
(`benchmarks/few_labels.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from jeoni.heads.fitting.named import build_head
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["Auto"]

FEW, MANY = "gda", "linear"
ONE_EACH = "prototype:metric=cosine"  # where nothing can be held out
CLEAR = 2.0  # standard errors


@dataclass(frozen=True)
class Auto:
    """Choose among heads on the folds.

    Attributes:
        few: examples of a class, on the mean, up to which ``gda`` is a candidate.
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
        if task.link != "softmax" or task.parts or len(targets) > self.few * task.width:
            names = [MANY]
        else:
            names = [FEW, MANY] if len(folds) else [ONE_EACH]
        fitted = {n: build_head(n).fit(features, targets, task, folds, class_weights, clusters) for n in names}
        best = names[0] if len(names) == 1 else _chosen(fitted[FEW], fitted[MANY], targets)
        tried = [{"head": name, **record} for name in names for record in fitted[name].candidates]
        return replace(fitted[best], id=best, candidates=tried)


def _chosen(few: FittedHead, many: FittedHead, targets: IntArray) -> str:
    """The discriminant, unless the probe is clearly right more often about the same held-out rows."""
    gains = _mistakes(few, targets) - _mistakes(many, targets)
    error = gains.std(ddof=1) / len(gains) ** 0.5
    return MANY if gains.mean() > CLEAR * error else FEW


def _mistakes(fitted: FittedHead, targets: IntArray) -> FloatArray:
    """``(n,)`` the share of the repeats in which a row was taken for another class."""
    assert fitted.held_out is not None
    shares: FloatArray = np.mean(fitted.held_out.argmax(2) != targets, axis=0, dtype=np.float64)
    return shares
