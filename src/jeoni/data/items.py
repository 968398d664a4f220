"""Where examples come from: files, arrays in memory, encoded bytes in a table. Read one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.files import read_file
from jeoni.data.kinds import spelled
from jeoni.errors import DataError
from jeoni.types import Array, IntArray

__all__ = [
    "ArrayItems",
    "EncodedItems",
    "FileItems",
    "FlawedItems",
    "JoinedItems",
    "PickedItems",
    "content_digest",
    "pixel_scale",
]


def content_digest(raw: bytes | Array) -> bytes:
    """16 bytes that name the content: the same for the same bytes, wherever they lie."""
    state = hashlib.blake2b(digest_size=16)
    if isinstance(raw, bytes):
        state.update(raw)
    else:
        state.update(f"{raw.dtype.str}{raw.shape}".encode())
        state.update(np.ascontiguousarray(raw).tobytes())
    return state.digest()


class FileItems:
    """Files on disk.

    Args:
        paths: where they are.
        names: what to call them, as the user wrote them.
    """

    def __init__(self, paths: Sequence[str], names: Sequence[str]) -> None:
        self._paths = np.asarray(paths, dtype=object)
        self._names = np.asarray(names, dtype=object)

    def __len__(self) -> int:
        return len(self._paths)

    def name(self, index: int) -> str:
        """The path as the user wrote it."""
        return str(self._names[index])

    def read(self, index: int) -> bytes:
        """The file's bytes.

        Raises:
            DataError: missing, unreadable, empty, too large, or no regular file; the message names it.
        """
        name = self.name(index)
        if not self._paths[index]:
            raise DataError(f"{name} names no file.", path=name)
        return read_file(self._paths[index], name)

    def path(self, index: int) -> str:
        """Where the file is; empty where none is named."""
        return str(self._paths[index] or "")

    def size(self, index: int) -> int:
        """Bytes; 0 where it is not there."""
        try:
            return Path(self._paths[index]).stat().st_size
        except (OSError, ValueError):
            return 0

    def select(self, indices: Sequence[int] | IntArray) -> FileItems:
        """The same files, fewer or in another order."""
        index = np.asarray(indices, dtype=np.int64)
        return FileItems(self._paths[index].tolist(), self._names[index].tolist())


class ArrayItems:
    """Images in memory, ``(n, h, w)`` or ``(n, h, w, c)``.

    Unsigned integers are taken as they are; floats to lie in 0 … 1 if all do, else in 0 … 255; booleans are black and
    white. The array is neither copied nor converted as a whole.

    Args:
        array: the images.
        names: what to call them; ``item 12`` if left out.
        rows: those that are meant, in order; all if left out.

    Raises:
        DataError: another shape, or values out of range.
    """

    def __init__(self, array: Array, names: Sequence[str] | None = None, rows: IntArray | None = None) -> None:
        if array.ndim not in (3, 4):
            raise DataError(f"Images are (n, h, w) or (n, h, w, c); this array is {array.shape}.")
        self._array, self._names = array, names
        self._rows = np.arange(len(array)) if rows is None else rows
        self._scale = pixel_scale(array) if rows is None else 0.0

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """``item 12``, or the name given."""
        row = int(self._rows[index])
        return f"item {row}" if self._names is None else self._names[row]

    def read(self, index: int) -> Array:
        """One image, ``(h, w)`` or ``(h, w, c)``, of unsigned integers."""
        image: Array = self._array[self._rows[index]]
        return np.rint(image * self._scale).astype(np.uint8) if self._scale else image

    def size(self, index: int) -> int:
        """All are alike."""
        return 1

    def select(self, indices: Sequence[int] | IntArray) -> ArrayItems:
        """The same images, fewer or in another order; none is copied."""
        chosen = ArrayItems(self._array, self._names, self._rows[np.asarray(indices, dtype=np.int64)])
        chosen._scale = self._scale
        return chosen


def pixel_scale(array: Array, name: str = "The array of images", brightest: float = 0.0) -> float:
    """The factor that brings the values to 0 … 255; 0 for unsigned integers, which stay as they are.

    Args:
        array: pixels of one image or of many.
        name: for messages.
        brightest: the largest value of images that belong to these: whether 1 is white is decided for all of them.

    Raises:
        DataError: values out of range, NaN or infinity.
    """
    if array.dtype.kind == "u" or not array.size:
        return 0.0
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise DataError(f"{name} holds NaN or infinity; finite values are needed.")
    if low < 0 or high > 255:
        raise DataError(
            f"{name} holds values from {low:g} to {high:g}; needed are 0 … 1 or 0 … 255, or unsigned integers."
        )
    return 255.0 if array.dtype.kind in "fb" and max(high, brightest) <= 1 else 1.0


class EncodedItems:
    """A column of a Hugging Face dataset, not decoded: cells hold bytes, or the path of a file.

    Args:
        table: of ``datasets``.
        column: its name.
        rows: those that are meant, in order; all if left out.
        prefix: of the rows' names.
        folder: what paths are relative to.
    """

    def __init__(
        self, table: Any, column: str, rows: IntArray | None = None, prefix: str = "", folder: str = ""
    ) -> None:
        self._table, self._column, self._prefix, self._folder = table, column, prefix, folder
        self._rows = np.arange(len(table)) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """The path kept in the cell, or ``row 12``."""
        cell = self._cell(index)
        path = cell.get("path") if isinstance(cell, dict) and cell.get("bytes") is None else None
        return str(path) if path else f"{self._prefix}row {int(self._rows[index])}"

    def read(self, index: int) -> bytes:
        """The encoded bytes.

        Raises:
            DataError: an empty cell, or a file that cannot be read.
        """
        cell = self._cell(index)
        raw = cell.get("bytes") if isinstance(cell, dict) else cell
        if isinstance(raw, (bytes, bytearray)) and raw:
            return bytes(raw)
        path = cell.get("path") if isinstance(cell, dict) else None
        if path:
            return FileItems([spelled(Path(self._folder) / path)], [path]).read(0)
        name = self.name(index)
        raise DataError(f"{name} is empty.", path=name, row=int(self._rows[index]))

    def size(self, index: int) -> int:
        """Not known without reading."""
        return 1

    def select(self, indices: Sequence[int] | IntArray) -> EncodedItems:
        """The same rows, fewer or in another order."""
        rows = self._rows[np.asarray(indices, dtype=np.int64)]
        return EncodedItems(self._table, self._column, rows, self._prefix, self._folder)

    def _cell(self, index: int) -> Any:
        return self._table[int(self._rows[index])][self._column]


class FlawedItems:
    """Items of which some cannot be used, though they may be there, for what stands beside them is damaged.

    Args:
        items: all of them.
        flaws: item number to what is wrong with it, a whole sentence.
    """

    def __init__(self, items: Any, flaws: Mapping[int, str]) -> None:
        self._items, self._flaws = items, flaws

    def __len__(self) -> int:
        return len(self._items)

    def name(self, index: int) -> str:
        """As its collection calls it."""
        return str(self._items.name(index))

    def read(self, index: int) -> bytes | Array:
        """As its collection reads it.

        Raises:
            DataError: it has a flaw, or cannot be read.
        """
        if index in self._flaws:
            raise DataError(self._flaws[index], path=self.name(index))
        raw: bytes | Array = self._items.read(index)
        return raw

    def path(self, index: int) -> str:
        """Where an item's file is; empty where it has a flaw, or is no file."""
        lies = getattr(self._items, "path", None)
        return "" if index in self._flaws or lies is None else str(lies(index))

    def size(self, index: int) -> int:
        """As its collection says."""
        return int(self._items.size(index))

    def select(self, indices: Sequence[int] | IntArray) -> FlawedItems:
        """Fewer or in another order, with their flaws."""
        index = np.asarray(indices, dtype=np.int64)
        flaws = {k: self._flaws[i] for k, i in enumerate(index.tolist()) if i in self._flaws}
        return FlawedItems(self._items.select(index), flaws)


class JoinedItems:
    """Two collections, one after the other."""

    def __init__(self, first: Any, second: Any) -> None:
        self._parts = (first, second)

    def __len__(self) -> int:
        return len(self._parts[0]) + len(self._parts[1])

    def _at(self, index: int) -> tuple[Any, int]:
        border = len(self._parts[0])
        return (self._parts[0], index) if index < border else (self._parts[1], index - border)

    def name(self, index: int) -> str:
        """As its collection calls it."""
        part, i = self._at(index)
        return str(part.name(i))

    def read(self, index: int) -> bytes | Array:
        """As its collection reads it."""
        part, i = self._at(index)
        raw: bytes | Array = part.read(i)
        return raw

    def path(self, index: int) -> str:
        """Where an item's file is; empty where it is no file."""
        part, i = self._at(index)
        return str(part.path(i)) if hasattr(part, "path") else ""

    def size(self, index: int) -> int:
        """As its collection says."""
        part, i = self._at(index)
        return int(part.size(i))

    def select(self, indices: Sequence[int] | IntArray) -> PickedItems:
        """Some of both, in any order."""
        return PickedItems(self, np.asarray(indices, dtype=np.int64))


class PickedItems:
    """Some items of a joined collection."""

    def __init__(self, whole: JoinedItems, rows: IntArray) -> None:
        self._whole, self._rows = whole, rows

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """As its collection calls it."""
        return self._whole.name(int(self._rows[index]))

    def read(self, index: int) -> bytes | Array:
        """As its collection reads it."""
        return self._whole.read(int(self._rows[index]))

    def path(self, index: int) -> str:
        """Where an item's file is; empty where it is no file."""
        return self._whole.path(int(self._rows[index]))

    def size(self, index: int) -> int:
        """As its collection says."""
        return self._whole.size(int(self._rows[index]))

    def select(self, indices: Sequence[int] | IntArray) -> PickedItems:
        """Fewer still."""
        return PickedItems(self._whole, self._rows[np.asarray(indices, dtype=np.int64)])
