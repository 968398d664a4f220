"""Vectors as they are: features that exist already, or the columns of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from jeoni.errors import DataError
from jeoni.modalities.bounds import Fields, Width
from jeoni.modalities.inputs import Input
from jeoni.types import Array, Dataset

__all__ = ["VectorInput"]


class _Bounds(Fields):
    dim: Width


@dataclass(frozen=True)
class VectorInput(Input):
    """Vectors as they are.

    Equal vectors are found by their content; there are no nearly identical ones. How near is near depends on what the
    numbers are, and two rows of a table that differ a little are two things.

    Attributes:
        dim: how many numbers a vector has.

    Example:
        >>> VectorInput(2).row(VectorInput(2).open(np.ones(2), "row 0")).tolist()
        [1.0, 1.0]
    """

    kind: ClassVar[str] = "vector"
    modality: ClassVar[str] = "vector"
    bounds: ClassVar[type[Fields]] = _Bounds
    chunk: ClassVar[int] = 256

    dim: int

    def fitted(self, data: Dataset, seconds: float | None = None) -> Self:
        """Itself.

        Raises:
            DataError: not all vectors are as long as the backbone takes them.
        """
        lengths = np.array([data.items.size(i) for i in range(len(data))])
        other = np.flatnonzero(lengths != self.dim)
        if len(other):
            part = " of the test part or target" if data.part[other[0]] == "test" else ""
            raise DataError(
                f"Vectors of {self.dim} numbers are needed, and {len(other)}{part} have {lengths[other[0]]}, for "
                f"example {data.items.name(int(other[0]))}. In a table all columns count but those of labels, groups, "
                "split and id."
            )
        return self

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Array:
        """``(d,)`` float32.

        Raises:
            DataError: no vector, one of another length, or one with NaN or infinity.
        """
        if isinstance(raw, bytes) or raw.ndim != 1:
            raise DataError(f"{name} is no vector; one of {self.dim} numbers is needed.", path=name)
        if len(raw) != self.dim:
            raise DataError(
                f"{name} holds {len(raw)} numbers; {self.dim} are needed. "
                "All columns count but those of labels, groups, split and id.",
                path=name,
            )
        row = raw.astype(np.float32, copy=False)
        bad = int((~np.isfinite(row)).sum())
        if bad:
            raise DataError(
                f"{name} holds NaN, infinity or a number too large in {bad} of its {self.dim} places.", path=name
            )
        return row

    def row(self, opened: Array) -> Array:
        """The vector itself."""
        return opened

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Normally distributed."""
        return np.random.default_rng(seed).standard_normal((n, self.dim), dtype=np.float32)
