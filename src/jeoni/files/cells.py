"""The CSV files that jeoni writes: no cell is a formula to a spreadsheet, and reading gives back what was written.

A name or label that begins as a formula does (``=``, ``+``, ``@``, ``-``, a tab or a line end) gets an apostrophe
before it, as one types it into a spreadsheet. So does one that begins with apostrophes before such a sign: the first
one can then be taken away again without doubt. Numbers stay.
"""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

from jeoni.errors import DataError
from jeoni.files.names import encodable

__all__ = ["plain_cell", "read_rows", "safe_cell", "write_rows", "write_table"]

BYTE_ORDER_MARK = "\ufeff"
IN_MEMORY = 64 << 20  # bytes of a table that are not put on disk before they are written

# spreadsheets set to Chinese, Japanese or Korean take the wide signs for the narrow ones
FORMULA = re.compile("'*[=+@\\-\t\r\n\uff1d\uff0b\uff20\uff0d]")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\Z")


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet takes for text, or for a plain number.

    >>> safe_cell("=1+1"), safe_cell("-0.5"), safe_cell("cat")
    ("'=1+1", '-0.5', 'cat')
    """
    return f"'{text}" if FORMULA.match(text) and not NUMBER.match(text) else text


def plain_cell(cell: str) -> str:
    """The inverse of :func:`safe_cell`.

    >>> plain_cell("'=1+1"), plain_cell("'s Gravenhage")
    ('=1+1', "'s Gravenhage")
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def write_rows(file: IO[Any], header: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\r\n") -> bool:
    """A header and rows as CSV; returns whether all of it is ASCII."""
    writer = csv.writer(file, lineterminator=line_end)
    plain = True
    for row in chain([header], rows):
        cells = [_written(cell) for cell in row]
        plain = plain and all(map(str.isascii, cells))
        writer.writerow(cells)
    return plain


def write_table(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\r\n") -> None:
    """The same into a file of its own: where not all is ASCII, a byte order mark says that it is UTF-8.

    Without it Excel takes the file for one in the encoding of the machine, such as CP949 in Korea.
    """
    with tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as draft:
        plain = write_rows(draft, header, rows, line_end)
        draft.seek(0)
        if not plain:
            file.write(BYTE_ORDER_MARK)
        shutil.copyfileobj(draft, file)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file that :func:`write_table` or :func:`write_rows` wrote, by column.

    Raises:
        DataError: it is missing, no CSV in UTF-8, or a row has more or fewer cells than the header.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            header, *rows = list(csv.reader(file, strict=True)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table that jeoni wrote: {error}.", path=str(path)) from error
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            said = f"{path}, row {number}, has {len(row)} cells; the header has {len(header)}."
            raise DataError(said, path=str(path), row=number)
    columns = [plain_cell(cell) for cell in header]
    return [dict(zip(columns, map(plain_cell, row), strict=True)) for row in rows]


def _written(cell: object) -> str:
    return "" if cell is None else safe_cell(encodable(str(cell)))
