"""Workbooks of Excel (.xlsx, .xlsm) as tables of texts: the cells of one sheet, formulas by their saved values.

``file.xlsx#Sheet`` names the sheet; without it the only one that holds data is taken. Its first filled row names the
columns. Cells become what a CSV of the sheet would hold, so that columns are found by the same rules.
"""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.files import MOST_TABLE, check_file, check_unpacked
from jeoni.errors import DataError, MissingExtra, did_you_mean
from jeoni.types import Finding, IntArray

__all__ = ["WORKBOOKS", "Sheet", "is_workbook", "read_workbook", "split_sheet"]

WORKBOOKS = (".xlsx", ".xlsm")
NAMED = re.compile(r"(?P<file>.+\.xls[xm])#(?P<sheet>.+)", re.IGNORECASE | re.DOTALL)
ERRORS = ("#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")
EXACT = 2**53  # whole numbers up to it are floats without loss


@dataclass(frozen=True)
class Sheet:
    """A sheet as a table.

    Attributes:
        table: of ``pyarrow``, all columns of texts.
        findings: what its reader has to tell.
        lines: ``(n,)``: the numbers that Excel shows beside the rows.
    """

    table: Any
    findings: list[Finding]
    lines: IntArray


def split_sheet(path: Path) -> tuple[Path, str]:
    """A workbook's file and the sheet that is named behind it; any other path as it is.

    >>> split_sheet(Path("sales.xlsx#2024")), split_sheet(Path("a#b.csv"))
    ((PosixPath('sales.xlsx'), '2024'), (PosixPath('a#b.csv'), ''))
    """
    found = NAMED.fullmatch(str(path))
    return (Path(found["file"]), found["sheet"]) if found and not path.exists() else (path, "")


def is_workbook(path: Path) -> bool:
    """Whether a path names a workbook that can be read, with or without a sheet."""
    return split_sheet(path)[0].suffix.lower() in WORKBOOKS


def read_workbook(path: Path) -> Sheet:
    """One sheet of a workbook.

    Args:
        path: the file, or ``file.xlsx#Sheet``.

    Raises:
        DataError: damaged, too large, no such sheet, several that may be meant, or a sheet that is no table.
        MissingExtra: openpyxl is not installed.
    """
    file, name = split_sheet(path)
    with _opened(file, values=True) as book:
        sheet = _chosen(book, file, name)
        name = sheet.title
        rows = [(number, list(row)) for number, row in _filled_rows(sheet)]
    if not rows:
        raise DataError(f"The sheet {name!r} of {file} is empty.", path=str(path))
    (above, header), body = rows[0], rows[1:]
    where = f"The sheet {name!r} of {file}"
    columns = _columns(header, body, above, where, path)
    if _has_gaps(body, columns):
        _check_formulas(file, name, where, path)
    return _as_sheet(columns, body)


@contextmanager
def _opened(file: Path, values: bool) -> Iterator[Any]:
    """A workbook whose sheets are read row by row, with the values of formulas, or with what they say."""
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("openpyxl", "excel", f"Reading the workbook {file}") from None
    size = check_file(file, MOST_TABLE)
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        check_unpacked(file, unpacked, size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and checks of cells, which are not read
            book = openpyxl.load_workbook(file, read_only=True, data_only=values, keep_links=False)
            try:
                yield book
            finally:
                book.close()
    except DataError:
        raise
    except Exception as error:  # of a damaged file openpyxl raises whatever its parts come to
        raise DataError(
            f"{file} cannot be read as a workbook ({type(error).__name__}: {str(error)[:100]}). If it has a password, "
            "remove it; else open it in Excel and save it again.",
            path=str(file),
        ) from error


def _chosen(book: Any, file: Path, name: str) -> Any:
    """The sheet of a name, or the only one that holds data."""
    names = [sheet.title for sheet in book.worksheets]
    if name:
        if name not in names:
            known = ", ".join(map(repr, names))
            said = f"{file} has no sheet {name!r}.{did_you_mean(name, names)} Its sheets: {known}."
            raise DataError(said, path=str(file))
        return book[name]
    filled = [sheet for sheet in book.worksheets if next(_filled_rows(sheet), None)]
    if not filled:
        raise DataError(f"{file} holds no data in any sheet.", path=str(file))
    if len(filled) > 1:
        known = ", ".join(repr(sheet.title) for sheet in filled)
        raise DataError(
            f"{file} holds data in {len(filled)} sheets: {known}. Say which one: {file}#{filled[0].title}",
            path=str(file),
        )
    return filled[0]


def _filled_rows(sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows in which anything stands, by the numbers that Excel shows, without empty cells at the end."""
    sheet.reset_dimensions()  # what a file says of its size may be anything
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        wide = max((k for k, cell in enumerate(row, 1) if _is_filled(cell)), default=0)
        if wide:
            yield number, row[:wide]


def _is_filled(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _columns(
    header: Sequence[Any], body: Sequence[tuple[int, Sequence[Any]]], above: int, where: str, path: Path
) -> dict[int, str]:
    """The names of the columns by their places; those without a name and without data are none.

    Raises:
        DataError: cells below no name: a title above the header, merged cells, or a table beside the table.
    """
    names = {k: _as_text(cell) or "" for k, cell in enumerate(header) if _is_filled(cell)}
    for number, row in body:
        nameless = next((k for k, cell in enumerate(row) if _is_filled(cell) and k not in names), None)
        if nameless is not None:
            raise DataError(
                f"{where} is no plain table: row {above}, the first that is filled, must name every column, but "
                f"{_letters(nameless)}{above} is empty and {_letters(nameless)}{number} is not. Delete titles above "
                "the names, unmerge merged cells, and give each column one name.",
                path=str(path),
            )
    return names


def _has_gaps(body: Sequence[tuple[int, Sequence[Any]]], columns: dict[int, str]) -> bool:
    return any(len(row) <= k or row[k] is None for _, row in body for k in columns)


def _check_formulas(file: Path, name: str, where: str, path: Path) -> None:
    """Raise a DataError if an empty cell is a formula that no program has computed."""
    with _opened(file, values=True) as computed, _opened(file, values=False) as written:
        sheets = computed[name], written[name]
        for sheet in sheets:
            sheet.reset_dimensions()
        pairs = zip(*(sheet.iter_rows(values_only=True) for sheet in sheets), strict=True)
        for number, (values, formulas) in enumerate(pairs, 1):
            for k, (value, formula) in enumerate(zip(values, formulas, strict=False)):
                if value is None and isinstance(formula, str) and formula.startswith("="):
                    raise DataError(
                        f"{where} has a formula in {_letters(k)}{number} whose value was not saved. Open the file in "
                        "Excel, or another program that computes formulas, and save it again.",
                        path=str(path),
                    )


def _as_sheet(columns: dict[int, str], body: Sequence[tuple[int, Sequence[Any]]]) -> Sheet:
    import pyarrow

    errors = 0
    made: list[Any] = []
    for k in columns:
        cells = [_as_text(row[k]) if k < len(row) else None for _, row in body]
        errors += sum(cell in ERRORS for cell in cells)
        made.append(pyarrow.array([None if cell in ERRORS else cell for cell in cells], pyarrow.string()))
    told = f"{errors} cells that hold an error, such as {ERRORS[0]}, are taken for empty"
    findings = [Finding("columns", "", told, "left out")] if errors else []
    lines = np.array([number for number, _ in body], dtype=np.int64)
    return Sheet(pyarrow.Table.from_arrays(made, names=list(columns.values())), findings, lines)


def _as_text(cell: Any) -> str | None:
    """A cell as a CSV of the sheet would hold it: dates as ISO 8601 writes them, whole numbers without a point.

    >>> _as_text(3.0), _as_text(datetime.datetime(2024, 1, 31)), _as_text(True)
    ('3', '2024-01-31', 'TRUE')
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    return str(cell)


def _letters(column: int) -> str:
    """The letters that Excel gives a column, of its number from 0.

    >>> _letters(0), _letters(27)
    ('A', 'AB')
    """
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
