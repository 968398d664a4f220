"""Rows on one scale and in fewer columns, by one affine map that a saved linear model can take in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = ["Projection", "fit_projection"]


@dataclass(frozen=True)
class Projection:
    """``(x - centre) @ basis``.

    Attributes:
        centre: ``(d,)``.
        basis: ``(d, k)``.
    """

    centre: FloatArray
    basis: FloatArray

    def __call__(self, rows: Array) -> FloatArray:
        """``(n, d)`` to ``(n, k)``."""
        found: FloatArray = (np.asarray(rows, dtype=np.float64) - self.centre) @ self.basis
        return found

    def before(self, weights: FloatArray, biases: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same linear model on rows that are not projected: ``(classes, d)`` and ``(classes,)``."""
        own = weights @ self.basis.T
        return own, biases - own @ self.centre


def fit_projection(source: Array, target: Array, most: int) -> Projection:
    """Columns are divided by their deviation in the source, then the first principal components of both are kept.

    Args:
        source: ``(ns, d)``.
        target: ``(nt, d)``.
        most: components, at most.

    Example:
        >>> rows = np.array([[0.0, 1.0, 5.0], [2.0, 3.0, 5.0], [4.0, 1.0, 5.0]])
        >>> fit_projection(rows, rows, 2)(rows).shape
        (3, 2)
    """
    wide = np.asarray(source, dtype=np.float64)
    spread = wide.std(0)
    alive = spread > 1e-6 * max(float(spread.max()), 1e-12)
    scale = np.where(alive, 1.0 / np.where(alive, spread, 1.0), 0.0)
    both = np.concatenate([wide, np.asarray(target, dtype=np.float64)])
    centre = both.mean(0)
    scaled = (both - centre) * scale
    values, vectors = np.linalg.eigh(scaled.T @ scaled) if len(both) >= both.shape[1] else _few(scaled)
    order = np.argsort(-values)[: min(most, int((values > 1e-9 * max(float(values.max()), 1e-12)).sum()) or 1)]
    return Projection(centre, scale[:, None] * vectors[:, order])


def _few(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues and vectors of ``rows.T @ rows`` where there are fewer rows than columns."""
    _, singular, right = np.linalg.svd(rows, full_matrices=False)
    return np.square(singular), right.T
