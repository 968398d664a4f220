"""Rows of numbers, dense or sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from jeoni.types import Array

__all__ = ["Rows", "above", "beside", "sum_of_squares", "with_constant"]

Rows = Any  # (n, d): an array or a CSR matrix, float32 or float64


def above(upper: Rows, lower: Rows) -> Rows:
    """One matrix above the other."""
    return sparse.vstack([upper, lower], format="csr") if sparse.issparse(upper) else np.concatenate([upper, lower])


def beside(X: Rows, columns: Array) -> Rows:
    """Rows with ``(n, k)`` more columns, in their own precision."""
    more = np.asarray(columns, dtype=X.dtype)
    return sparse.hstack([X, more], format="csr") if sparse.issparse(X) else np.concatenate([X, more], axis=1)


def with_constant(X: Rows, value: float) -> Rows:
    """Rows with a column that does not vary, through which a learner can have a penalised bias."""
    return beside(X, np.full((X.shape[0], 1), value))


def sum_of_squares(X: Rows) -> float:
    """Of all values.

    Example:
        >>> sum_of_squares(np.array([[3.0, 4.0], [1.0, 0.0]]))
        26.0
    """
    values = (X.data if sparse.issparse(X) else X).ravel(order="K")
    return float(np.dot(values, values))
