"""Both domains' rows in the space of EasyAdapt, a constant with them: each domain has a bias of its own."""

from __future__ import annotations

import numpy as np
from scipy.sparse.linalg import LinearOperator

from jeoni.adaptation.few_labels_task import Task
from jeoni.adaptation.shallow.easyadapt import augmented
from jeoni.adaptation.stacked_rows import Rows, above, with_constant
from jeoni.types import Array, FloatArray

__all__ = ["apart", "both", "lifted", "of_target", "together"]

SOURCE, TARGET = 0, 1


def lifted(X: Rows, unit: float) -> Rows:
    """Target rows, ``(n, 3 (d + 1))``: general, source, target."""
    return _placed(with_constant(X, unit), TARGET)


def both(task: Task) -> Rows:
    """All labelled rows, the source's first."""
    return above(_placed(task.source.wide, SOURCE), lifted(task.rows, task.learner.unit))


def together(task: Task) -> LinearOperator:
    """The operator that multiplies as ``both`` does, without its zeros and copies."""
    S, T = task.source.wide, with_constant(task.rows, task.learner.unit)
    n = S.shape[0]

    def times(W: Array) -> Array:
        general, source, target = np.split(W, 3)
        return np.concatenate([S @ (general + source), T @ (general + target)])

    def back(R: Array) -> Array:
        source, target = S.T @ R[:n], T.T @ R[n:]
        return np.concatenate([source + target, source, target])

    shape = (n + T.shape[0], 3 * S.shape[1])
    return LinearOperator(shape, times, back, times, S.dtype, back)


def apart(task: Task) -> LinearOperator:
    """Multiplies weights to how far the domains differ on unlabelled rows, or to numbers with the same squares."""
    U = task.unlabelled.root

    def times(W: Array) -> Array:
        _, source, target = np.split(W, 3)
        found: Array = U @ (source - target)
        return found

    def back(R: Array) -> Array:
        found = U.T @ R
        return np.concatenate([np.zeros_like(found), found, -found])

    return LinearOperator((U.shape[0], 3 * U.shape[1]), times, back, times, U.dtype, back)


def of_target(weights: FloatArray) -> FloatArray:
    """``(d + 1, scores)``: what the weights come to in the target."""
    general, _, target = np.split(weights, 3)
    return general + target


def _placed(X: Rows, domain: int) -> Rows:
    return augmented(X, np.full(X.shape[0], domain), 2)
