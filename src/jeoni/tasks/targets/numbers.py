"""Label cells as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.data.columns import EMPTY, is_missing
from jeoni.tasks.targets.protocol import Unreadable
from jeoni.types import FloatArray

__all__ = ["all_numbers", "as_floats"]


def as_floats(cells: Sequence[Any], column: str) -> FloatArray:
    """``(n,)``; NaN for an empty cell.

    Raises:
        Unreadable: a cell that is no number, or is infinite; its row is named.
    """
    found = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if is_missing(cell) or str(cell).strip().lower() in EMPTY:
            continue
        value = number_in(cell)
        if value is None:
            raise Unreadable(
                f"The column {column!r} holds numbers and other things: row {row + 1} says {str(cell)[:40]!r}. "
                "Needed: a number in each row, or an empty cell. Correct the cell, or say --task classification."
            )
        if np.isinf(value):
            raise Unreadable(
                f"The column {column!r} holds an infinite value in row {row + 1}; needed are finite numbers."
            )
        found[row] = value
    return found


def number_in(cell: Any) -> float | None:
    """The number a cell holds, None where it holds something else; a truth value is no number."""
    if isinstance(cell, (bool, np.bool_)):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def all_numbers(cells: Sequence[Any]) -> bool:
    """Whether every cell that is not empty holds a finite number, and there is one."""
    filled = [c for c in cells if not is_missing(c) and str(c).strip().lower() not in EMPTY]
    values = [number_in(c) for c in filled]
    return bool(values) and all(v is not None and np.isfinite(v) for v in values)
