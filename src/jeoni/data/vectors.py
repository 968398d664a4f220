"""Features that exist already, as rows of one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse

from jeoni.errors import DataError
from jeoni.types import Array, Finding, IntArray

__all__ = ["VectorItems", "check_numbers", "wrong_numbers"]

BINS = 1024
BLOCK, BLOCK_NUMBERS = 4096, 1 << 26
MOST_NUMBERS = 10_000_000
SMALLEST, LARGEST = 1e-15, 1e15


class VectorItems:
    """Rows ``(n, d)`` of one array, or of one sparse matrix in CSR form; nothing is copied.

    Args:
        array: the features, of any numbers but complex ones.
        rows: those that are meant, in order; all if left out.

    Raises:
        DataError: another shape, or what are no numbers.

    Example:
        >>> VectorItems(np.eye(3)).select([2]).read(0).tolist()
        [0.0, 0.0, 1.0]
    """

    def __init__(self, array: Any, rows: IntArray | None = None) -> None:
        if array.ndim != 2:
            raise DataError(f"Vectors are the rows of an array (n, d); this one is {array.shape}.")
        if reason := wrong_numbers(array):
            raise DataError(f"Vectors are rows of numbers; this array holds {reason}.")
        self._array = array
        self._rows = np.arange(array.shape[0]) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """``row 12``."""
        return f"row {int(self._rows[index])}"

    def read(self, index: int) -> Array:
        """One row, ``(d,)`` float32; what is too large for that is infinite."""
        row = self._array[self._rows[index]]
        with np.errstate(over="ignore"):
            return np.asarray(row.toarray().ravel() if issparse(row) else row).astype(np.float32)

    def size(self, index: int) -> int:
        """d."""
        return int(self._array.shape[1])

    def select(self, indices: Sequence[int] | IntArray) -> VectorItems:
        """The same rows, fewer or in another order; none is copied."""
        return VectorItems(self._array, self._rows[np.asarray(indices, dtype=np.int64)])


def wrong_numbers(array: Any) -> str:
    """Why an array cannot be one of features; empty where it can.

    Example:
        >>> wrong_numbers(np.array(["a"])), wrong_numbers(np.ones(2))
        ('no numbers but <U1', '')
    """
    known = {"c": "complex numbers", "O": "no numbers but cells or objects"}
    return "" if array.dtype.kind in "biuf" else known.get(array.dtype.kind, f"no numbers but {array.dtype}")


def check_numbers(array: Any, origin: str) -> list[Finding]:
    """Look at all features ``(n, d)`` once; findings on their scale.

    A few rows with NaN or infinity are named and skipped when they are read, as whatever cannot be read is.

    Raises:
        DataError: empty, too wide, or most rows hold NaN or infinity.
    """
    n, d = array.shape
    if not (n and d):
        raise DataError(f"The features in {origin} are {n} x {d}: empty.", path=origin)
    if d > MOST_NUMBERS:
        raise DataError(
            f"The features in {origin} have {d:,} columns; at most {MOST_NUMBERS:,} are read. Reduce them first, for "
            "example by TruncatedSVD of scikit-learn.",
            path=origin,
        )
    bad = np.zeros(n, dtype=bool)
    columns = np.zeros(d, dtype=bool)
    largest = 0.0
    step = max(1, min(BLOCK, BLOCK_NUMBERS // d))
    for start in range(0, n, step):
        stop = start + step
        block = array[start:stop]
        with np.errstate(over="ignore"):
            numbers = (block.toarray() if issparse(block) else np.asarray(block)).astype(np.float32)
        odd = ~np.isfinite(numbers)
        bad[start:stop] = odd.any(1)
        columns |= odd.any(0)
        largest = max(largest, float(np.abs(numbers).max(initial=0, where=~odd)))
    if bad.sum() * 2 > n:
        first = ", ".join(map(str, np.flatnonzero(bad)[:3]))
        raise DataError(
            f"{int(bad.sum())} of the {n} rows in {origin} hold NaN, infinity or a number too large, in "
            f"{int(columns.sum())} of {d} columns; the first are rows {first}. Fill these values in, or leave out "
            "such columns.",
            path=origin,
        )
    if not largest or SMALLEST <= largest <= LARGEST:
        return []
    told = f"the largest of the features is {largest:.3g}: squares of such numbers leave the range of single precision"
    return [Finding("scale", "", told, "kept; multiply all features by one number, so that they are near 1")]
