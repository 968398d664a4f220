"""A head on the labelled rows: what the query methods ask for probabilities, and what the simulation scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from jeoni.data.splits import build_folds
from jeoni.evaluation.calibration import softmax
from jeoni.heads.fitting.named import build_head
from jeoni.tasks.classification import Classification
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Learner", "fit_learner"]

FOLDS, REPEATS = 5, 2  # labels are few and heads are fitted often: ten folds are enough to choose by
BLOCK = 4096


@dataclass(frozen=True)
class Learner:
    """A fitted head.

    Attributes:
        module: rows ``(n, d)`` to logits of the known classes.
        known: ``(K,)`` the classes that had a label, in order.
    """

    module: nn.Module
    known: IntArray

    def probs(self, rows: Array) -> FloatArray:
        """``(n, K)``, a column for each known class."""
        with torch.inference_mode():
            parts = [self._logits(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)]
        return softmax(np.concatenate(parts))

    def predict(self, rows: Array) -> IntArray:
        """``(n,)`` the most probable class of each row."""
        best: IntArray = self.known[self.probs(rows).argmax(1)]
        return best

    def _logits(self, rows: Array) -> FloatArray:
        found: FloatArray = self.module(torch.as_tensor(np.asarray(rows, dtype=np.float32))).double().numpy()
        return found


def fit_learner(rows: Array, labels: IntArray, head: str = "gda", seed: int = 0) -> Learner | None:
    """A head fitted on ``rows (m, d)`` and ``labels (m,)``; None where these are of fewer than two classes.

    Args:
        rows: frozen features.
        labels: classes, any whole numbers from 0 on.
        head: its id; see ``jeoni list heads``.
        seed: of the folds that choose its strength and temperature.

    Raises:
        ConfigError: no such head.
    """
    known, own = np.unique(labels, return_inverse=True)
    if len(known) < 2:
        return None
    own = own.astype(np.int64)
    alone = np.bincount(own).max() < 2
    one_each = np.zeros((0, len(own)), dtype=np.int64)  # nothing can be held out
    folds = one_each if alone else build_folds(own, np.arange(len(own)), FOLDS, REPEATS, seed)
    task = Classification(tuple(f"class {k}" for k in known))
    module = build_head(head).fit(np.asarray(rows, dtype=np.float32), own, task, folds, "none").module
    return Learner(module.eval(), known.astype(np.int64))
