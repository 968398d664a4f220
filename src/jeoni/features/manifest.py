"""A shard's manifest: which rows it holds, sealed by a checksum of its own content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.files.regular import read_regular
from jeoni.runs import seal, sealed
from jeoni.types import Array

__all__ = ["Manifest", "UnsealedManifest"]

MOST_BYTES = 8 << 20


class UnsealedManifest(ValueError):  # noqa: N818 - says what it is
    """A manifest of an older jeoni, without a checksum: nobody can tell whether it was damaged."""


@dataclass(frozen=True)
class Manifest:
    """The content of a shard.

    Attributes:
        table: digest of the table's key; a shard that was moved into another table is not taken for one of its own.
        rows: digests of the examples, row by row.
        shape: of one row; of rows that differ in length, without their first dimension.
        dtype: of the values.
        checksum: of the shard's file.
        lengths: of each row where they differ, else None.
    """

    table: str
    rows: tuple[bytes, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    checksum: str
    lengths: tuple[int, ...] | None = None

    def dumps(self) -> str:
        """As JSON, sealed."""
        content: dict[str, Any] = {
            "table": self.table,
            "rows": [digest.hex() for digest in self.rows],
            "shape": list(self.shape),
            "dtype": str(self.dtype),
            "checksum": self.checksum,
        }
        if self.lengths is not None:
            content["lengths"] = list(self.lengths)
        return json.dumps(seal(content))

    @classmethod
    def read(cls, path: Path, table: str, ragged: bool) -> Manifest:
        """The manifest of a shard of this table.

        Raises:
            UnsealedManifest: it has no checksum.
            ValueError: damaged, or of another table.
            OSError: it cannot be read.
        """
        try:
            content = json.loads(read_regular(path, MOST_BYTES))
            if "seal" not in content:
                raise UnsealedManifest(f"{path} has no checksum")
            if not sealed(content):
                raise ValueError(f"{path} is not what was written")
            found = cls(
                str(content["table"]),
                tuple(bytes.fromhex(digest) for digest in content["rows"]),
                tuple(int(side) for side in content["shape"]),
                np.dtype(content["dtype"]),
                str(content["checksum"]),
                tuple(int(length) for length in content["lengths"]) if ragged else None,
            )
        except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise ValueError(f"{path} is not a manifest") from error
        if found.table != table or (found.lengths is not None and len(found.lengths) != len(found.rows)):
            raise ValueError(f"{path} is not a manifest of this table")
        return found

    def describes(self, rows: Array) -> bool:
        """Whether a shard's array is what the manifest says."""
        count = len(self.rows) if self.lengths is None else sum(self.lengths)
        return bool(rows.shape == (count, *self.shape) and rows.dtype == self.dtype)
