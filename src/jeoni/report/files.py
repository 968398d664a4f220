"""The files of a run that go into its page as they are: pictures and audio, each held against what it should be."""

from __future__ import annotations

import base64
import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from jeoni.errors import DataError
from jeoni.files.cells import plain_cell
from jeoni.files.regular import open_regular, read_regular

__all__ = ["Figures", "read_rows"]

MOST_BYTES = 8 << 20
MOST_IN_ALL = 96 << 20
LONGEST_LINE = 16 << 20
# by ending: the type, and how such files begin
KINDS = {
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".flac": ("audio/flac", (b"fLaC",)),
    # a tag, or the eleven set bits that every frame begins with, of any version and layer
    ".mp3": ("audio/mpeg", (b"ID3", *(bytes([0xFF, second]) for second in range(0xE0, 0x100)))),
}


class Figures:
    """The folder ``figures`` of a run, of which files are taken into a page.

    Args:
        folder: ``figures`` of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._left = MOST_IN_ALL

    def inline(self, name: str, *endings: str) -> str:
        """A file as a ``data:`` address; empty where there is none.

        Args:
            name: of a file in the folder, or in a folder in it; empty for none.
            endings: that are expected, such as ``.jpg``.

        Raises:
            DataError: the file is a link or no regular file, is of another type, or is too large.
        """
        path = self.folder / name
        if not name or not os.path.lexists(path):
            return ""
        try:
            if self.folder.is_symlink() or path.parent.is_symlink():
                raise OSError(0, "it lies behind a link, and links are not followed")
            content = read_regular(path, min(MOST_BYTES, self._left))
        except OSError as error:
            raise DataError(f"{path} cannot be shown: {error.strerror or error}.", path=str(path)) from error
        kind, begins = KINDS.get(path.suffix, ("", ())) if path.suffix in endings else ("", ())
        if not content.startswith(begins) or not begins:
            wanted = " or ".join(ending[1:].upper() for ending in endings)
            raise DataError(
                f"{path} cannot be shown: it is no {wanted} file. Remove it, and it is left out.", path=str(path)
            )
        self._left -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a CSV file of a run, of which only some columns are taken.

    Raises:
        DataError: the file is missing, no regular file, not a table in UTF-8, lacks a column, or a row is shorter.
    """
    try:
        with open_regular(path) as raw:
            reader = csv.reader(_lines(raw))
            header = next(reader, [])
            lacking = [c for c in columns if c not in header]
            if lacking:
                raise DataError(f"{path} has no column {lacking[0]!r}; repeat the run.", path=str(path))
            places = [header.index(c) for c in columns]
            for row in reader:
                if len(row) < len(header):
                    raise DataError(f"{path}, line {reader.line_num}: the row is cut short.", path=str(path))
                yield {c: plain_cell(row[k]) for c, k in zip(columns, places, strict=True)}
    except FileNotFoundError:
        raise DataError(f"{path} is missing; it is part of every run folder of its kind.", path=str(path)) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.", path=str(path)) from error
    except (ValueError, csv.Error) as error:
        raise DataError(f"{path} is not a table in UTF-8: {error}.", path=str(path)) from error


def _lines(raw: BinaryIO) -> Iterator[str]:
    encoding = "utf-8-sig"  # a byte order mark may stand before the first line
    while line := raw.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line is longer than {LONGEST_LINE:,} bytes")
        yield line.decode(encoding)
        encoding = "utf-8"
