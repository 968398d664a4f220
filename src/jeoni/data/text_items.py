"""Texts as examples: cells of a table, objects in memory, files of which some tell the encoding of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from jeoni.data.encodings import common_encoding, decode
from jeoni.data.items import FileItems
from jeoni.errors import DataError
from jeoni.types import Finding, IntArray

__all__ = ["TextFiles", "TextItems", "named_files"]

SAMPLE = 1000  # files that tell the encoding of all


class TextItems:
    """Texts in memory, such as the cells of a table.

    Args:
        texts: one each; None and blanks are read as an error.
        names: what to call them; ``row 12`` if left out.
        rows: those that are meant, in order; all if left out.
    """

    def __init__(self, texts: Any, names: Sequence[str] | None = None, rows: IntArray | None = None) -> None:
        self._texts, self._names = texts, names
        self._rows = np.arange(len(texts)) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """``row 12``, or the name given."""
        row = int(self._rows[index])
        return f"row {row}" if self._names is None else self._names[row]

    def read(self, index: int) -> bytes:
        """The text as UTF-8, without null characters: no tokenizer reads them, and binary files are known by them.

        Raises:
            DataError: an empty cell.
        """
        text = self.text(index)
        if not text.strip():
            raise DataError(f"{self.name(index)} is empty.", path=self.name(index), row=int(self._rows[index]))
        return text.replace("\0", "").encode("utf-8", "replace")

    def size(self, index: int) -> int:
        """Letters."""
        return len(self.text(index))

    def select(self, indices: Sequence[int] | IntArray) -> TextItems:
        """The same texts, fewer or in another order; none is copied."""
        return TextItems(self._texts, self._names, self._rows[np.asarray(indices, dtype=np.int64)])

    def text(self, index: int) -> str:
        """The text; empty where there is none."""
        cell = self._texts[int(self._rows[index])]
        value = cell.as_py() if hasattr(cell, "as_py") else cell  # a column of Arrow, or a list
        return "" if value is None else str(value)


def named_files(paths: Sequence[str], names: Sequence[str], modality: str) -> tuple[FileItems, list[Finding]]:
    """Files, and what there is to tell of them: texts, that some of tell the encoding of all.

    Args:
        paths: where they are.
        names: what to call them, as the user wrote them.
        modality: of what they hold.
    """
    files = FileItems(paths, names)
    encoding = common_encoding(_some(files)) if modality == "text" else ""
    if not encoding:
        return files, []
    told = f"the files are in {encoding.upper()}, not in UTF-8"
    return TextFiles(paths, names, encoding), [Finding("encoding", "", told, "converted")]


def _some(files: FileItems) -> Iterator[bytes]:
    for i in range(0, len(files), -(-len(files) // SAMPLE) or 1):
        with suppress(DataError):
            yield files.read(i)


class TextFiles(FileItems):
    """Files of texts in one encoding, in which short ones are read that tell little of it by themselves.

    Args:
        paths: where they are.
        names: what to call them, as the user wrote them.
        encoding: of all of them.
    """

    def __init__(self, paths: Sequence[str], names: Sequence[str], encoding: str) -> None:
        super().__init__(paths, names)
        self._encoding = encoding

    def read(self, index: int) -> bytes:
        """The text as UTF-8.

        Raises:
            DataError: missing, unreadable or empty, or plainly in another encoding; the message names the file.
        """
        return decode(super().read(index), self.name(index), self._encoding)[0].encode()

    def select(self, indices: Sequence[int] | IntArray) -> TextFiles:
        """The same files, fewer or in another order."""
        index = np.asarray(indices, dtype=np.int64)
        return TextFiles(self._paths[index].tolist(), self._names[index].tolist(), self._encoding)
