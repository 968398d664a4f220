"""Covariances of single- or double-precision rows, and their axes."""

from __future__ import annotations

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = ["axes", "moments", "power"]


def moments(X: Array) -> tuple[FloatArray, FloatArray]:
    """Mean ``(d,)`` and covariance ``(d, d)`` of rows ``(n, d)``; one copy of the rows in their own precision."""
    mean = X.mean(0, dtype=np.float64)
    centred = X - mean.astype(X.dtype)
    return mean, (centred.T @ centred).astype(np.float64) / max(1, len(X) - 1)


def axes(C: FloatArray, dtype: np.dtype[np.floating]) -> tuple[FloatArray, FloatArray]:
    """Variances ``(r,)``, largest first, and axes ``(d, r)`` of a covariance; rounding noise is no axis.

    Args:
        C: ``(d, d)`` symmetric.
        dtype: of the rows that alone it was computed from; below ten times its precision a variance is noise.

    Example:
        >>> axes(np.diag([1.0, 0.0, 4.0]), np.dtype(np.float64))[0]
        array([4., 1.])
    """
    values, vectors = np.linalg.eigh(C)
    least = max(10 * float(np.finfo(dtype).eps) * float(values[-1]), float(np.finfo(np.float64).tiny))
    r = int((values > least).sum())
    return values[::-1][:r], vectors[:, ::-1][:, :r]


def power(values: FloatArray, vectors: FloatArray, exponent: float) -> FloatArray:
    """``(d, d)`` from variances and axes as :func:`axes` gives them; nothing outside the axes."""
    found: FloatArray = (vectors * values**exponent) @ vectors.T
    return found
