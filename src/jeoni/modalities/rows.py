"""Batches of rows, the short ones padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.types import Array

__all__ = ["collate", "padding"]


def padding(dtype: np.dtype[Any]) -> int:
    """The value that pads short rows: of integers the lowest, else zero."""
    return int(np.iinfo(dtype).min) if dtype.kind == "i" else 0


def collate(rows: Sequence[Array]) -> Array:
    """One batch; rows that differ in their first dimension are padded at the end.

    Example:
        >>> collate([np.ones(1), np.ones(2)]).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    if all(r.shape == rows[0].shape for r in rows):
        return np.stack(rows)
    out = np.full((len(rows), max(map(len, rows)), *rows[0].shape[1:]), padding(rows[0].dtype), rows[0].dtype)
    for k, row in enumerate(rows):
        out[k, : len(row)] = row
    return out
