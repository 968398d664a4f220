"""CSV and TSV as tables of texts: no row is lost to a quotation mark that was never closed.

A quotation mark at the beginning of a cell makes all that follows part of it, line breaks too, up to the next mark. Who
wrote the table without quoting meant a letter. So where marks do not pair, or a cell reads like several rows, and every
line holds as many cells as the header, the lines are the rows; where some do not, cells that read so are named.
"""

from __future__ import annotations

import csv as plain_csv
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.encodings import as_utf8
from jeoni.errors import DataError
from jeoni.types import Finding, IntArray

__all__ = ["check_width", "in_blocks", "line_numbers", "read_delimited", "rows_where"]

BLOCK, LARGEST = 1 << 20, (1 << 31) - 1
BREAK = r"\r\n|\r|\n"
MARKS = ",;\t|"
MOST_COLUMNS = 50_000
FIRST = 100  # lines by which it is judged what stands between cells
PAIRED = '^([^"]|"([^"]|"")*"$)'  # a cell, as it is in the file, that is not quoted, or is so as it should be


def read_delimited(path: Path) -> tuple[Any, list[Finding]]:
    """A ``pyarrow.Table``, all columns as text: a label ``01`` is no number, and a late word among numbers no error.

    Raises:
        DataError: binary, in an encoding that is not understood, or a line with too many or too few cells.
        pyarrow.ArrowInvalid: nothing in it.
    """
    import pyarrow

    raw, findings = as_utf8(path)
    raw, said = _without_mark(raw)
    check_width(path, _cells_in_header(raw))
    mark, names, above = _header(raw, said or ("\t" if path.suffix.lower() == ".tsv" else ""))
    table, lines, wrong = None, None, ""
    try:
        table = _parsed(raw, mark, names)
    except pyarrow.ArrowInvalid:
        wrong = _complaint(raw, mark, names)
    suspects = [] if table is None else _glued(table, mark)
    if len(names) > 1 and (table is None or suspects or mark == "\t"):
        lines = _lines(raw, mark, names, above)
    if lines is not None and _unpaired(lines):
        told = "quotation marks in it do not pair: every line is taken as a row, and they as letters"
        return lines, [*findings, Finding("quotes", "", told, "kept")]
    if table is None:
        raise _unparsed(path, wrong, mark)
    return table, [*findings, *suspects]


def _without_mark(raw: Path | bytes) -> tuple[Path | bytes, str]:
    """Without the line in which Excel says what stands between cells; and what it says."""
    with _opened(raw) as file:
        found = re.match(rb"(?:\xef\xbb\xbf)?\"?sep=([,;\t|])\"?(?:\r\n|\r|\n)", file.read(32))
    if not found:
        return raw, ""
    whole = raw if isinstance(raw, bytes) else raw.read_bytes()
    return whole[found.end() :], found[1].decode()


def check_width(path: Path, columns: int) -> None:
    """Raise a DataError if a table has more columns than are read; each costs time, whatever it holds."""
    if columns > MOST_COLUMNS:
        raise DataError(
            f"{path} has {columns:,} columns; at most {MOST_COLUMNS:,} are read. Save such features as an array: "
            "np.savez('features.npz', X=X, y=y).",
            path=str(path),
        )


def _cells_in_header(raw: Path | bytes) -> int:
    """At most so many cells the first line holds, whatever stands between them; at a glance, for it may be long."""
    with _opened(raw) as file:
        head = next((line for line in iter(file.readline, b"") if line.strip()), b"")
    return 1 + max(head.count(mark.encode()) for mark in MARKS)


def _between(head: str, lines: Sequence[str], usual: str) -> str:
    """The delimiter: the one that gives most of the first rows as many cells as the header.

    Among equals it is what the header has most of, and the usual where it has nothing of any.
    """

    def rows_of(mark: str) -> list[int]:
        rows = plain_csv.reader([head, *lines], delimiter=mark)
        try:
            return [len(row) for row in rows if row]
        except plain_csv.Error:  # a cell longer than any may be
            return [head.count(mark) + 1]

    def suits(mark: str) -> tuple[float, int, bool]:
        wide, *others = rows_of(mark) or [1]
        return sum(n == wide for n in others) / max(1, len(others)), wide, mark == usual

    able = [mark for mark in MARKS if (rows_of(mark) or [1])[0] > 1]
    return max(able, key=suits, default=usual)


def _header(raw: Path | bytes, usual: str) -> tuple[str, list[str], int]:
    """The delimiter, the names of the columns, and how many lines end with them."""
    with io.TextIOWrapper(_opened(raw), encoding="utf-8-sig", newline="") as letters:
        filled = (line for line in iter(letters.readline, "") if line.strip())
        head, *some = [*islice(filled, FIRST)] or [""]
        letters.seek(0)
        mark = usual if usual in head and usual else _between(head, some, usual or ",")
        rows = plain_csv.reader(letters, delimiter=mark)
        try:
            return mark, next(filter(None, rows), []), rows.line_num
        except plain_csv.Error:  # a mark that is not closed, and then more than any name can be
            return mark, head.rstrip("\r\n").split(mark), 1


def _opened(raw: Path | bytes) -> io.BytesIO | io.BufferedReader:
    return io.BytesIO(raw) if isinstance(raw, bytes) else raw.open("rb")


def _parsed(raw: Path | bytes, mark: str, names: Sequence[str], above: int = 0, threads: bool = True) -> Any:
    """With quotation marks that quote; or, with ``above`` lines left out, as letters."""
    import pyarrow
    from pyarrow import csv

    named = {"column_names": list(names), "skip_rows": above} if above else {}
    parse = csv.ParseOptions(delimiter=mark, quote_char=False if above else '"', newlines_in_values=not above)
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()))
    return in_blocks(
        raw,
        lambda source, size: csv.read_csv(
            source, csv.ReadOptions(use_threads=threads, block_size=size, **named), parse, convert
        ),
    )


def line_numbers(path: Path, n: int) -> IntArray:
    """``(n,)``: the line of the file in which each row of a table begins, from 1 as an editor counts.

    Args:
        path: of a table; rows of one that has no lines (Parquet) are numbered from 1.
        n: its rows.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".tsv", ".jsonl", ".ndjson"):
        return np.arange(1, n + 1)
    raw, _ = as_utf8(path)
    raw, said = _without_mark(raw)
    filled = _filled_lines(raw)
    if kind in (".jsonl", ".ndjson"):
        return np.array(filled if len(filled) == n else range(1, n + 1), dtype=np.int64)
    begun = [] if len(filled) == n + 1 else _first_lines(raw, said or ("\t" if kind == ".tsv" else ""))
    lines = next((found for found in (filled, begun) if len(found) == n + 1), range(1, n + 2))
    return np.array(lines[1:], dtype=np.int64) + bool(said)


def _filled_lines(raw: Path | bytes) -> list[int]:
    """The numbers of the lines in which anything stands."""
    with io.TextIOWrapper(_opened(raw), encoding="utf-8-sig") as letters:
        return [number for number, line in enumerate(letters, 1) if line.strip("\n")]


def _first_lines(raw: Path | bytes, usual: str) -> list[int]:
    """The numbers of the lines in which a row begins: a quoted cell may hold several lines."""
    mark, _, _ = _header(raw, usual)
    begun, before = [], 0
    with io.TextIOWrapper(_opened(raw), encoding="utf-8-sig", newline="") as letters:
        rows = plain_csv.reader(letters, delimiter=mark)
        try:
            for row in rows:
                if row:
                    begun.append(before + 1)
                before = rows.line_num
        except plain_csv.Error:  # a cell longer than any may be
            return []
    return begun


def in_blocks(raw: Path | bytes, read: Callable[[Any, int], Any]) -> Any:
    """The table that one of Arrow's readers makes of a file, in larger blocks where a row does not fit.

    Args:
        raw: the file, or what it holds.
        read: takes a source of Arrow's and the size of a block in bytes.

    Raises:
        pyarrow.ArrowInvalid: it cannot be parsed.
    """
    import pyarrow

    size, most = BLOCK, len(raw) if isinstance(raw, bytes) else raw.stat().st_size
    while True:
        try:
            return read(pyarrow.BufferReader(raw) if isinstance(raw, bytes) else raw, size)
        except pyarrow.ArrowInvalid as error:
            if "block boundaries" not in str(error) or size > min(most, LARGEST - 1):
                raise
        size = min(16 * size, LARGEST)


def _complaint(raw: Path | bytes, mark: str, names: Sequence[str]) -> str:
    """The error with the number of its row, which only one thread knows."""
    import pyarrow

    try:
        _parsed(raw, mark, names, threads=False)
    except pyarrow.ArrowInvalid as error:
        return str(error)
    return "it cannot be parsed"


def _lines(raw: Path | bytes, mark: str, names: Sequence[str], above: int) -> Any:
    """Every line below the names as a row, every mark as a letter; None where some line does not fit."""
    import pyarrow

    try:
        return _parsed(raw, mark, names, above)
    except pyarrow.ArrowInvalid:
        return None


def _unpaired(lines: Any) -> bool:
    """Whether some cell begins with a quotation mark that is not closed at its end."""
    from pyarrow import compute

    return any(compute.any(compute.invert(compute.match_substring_regex(c, PAIRED))).as_py() for c in _filled(lines))


def _filled(table: Any) -> list[Any]:
    """Its columns, without the cells that hold nothing."""
    from pyarrow import compute

    return [c.filter(compute.greater(compute.binary_length(c), 0)) for c in table.columns]


def rows_where(mask: Any) -> list[int]:
    """The numbers of the rows that a column of yes and no says yes to. Arrow before 26 dies of one without rows."""
    from pyarrow import compute

    found: list[int] = compute.indices_nonzero(mask).to_pylist() if len(mask) else []
    return found


def _glued(table: Any, mark: str) -> list[Finding]:
    """A finding for each cell with line breaks that, together with its row, reads like several rows.

    That is, if each of its lines holds as many cells as the header, and one column, such as that of labels, only what
    it holds elsewhere too.
    """
    from pyarrow import compute, types

    found, wide, known = [], table.num_columns, dict[int, set[str]]()
    for column in (c for c in range(wide) if wide > 1 and types.is_string(table.column(c).type)):
        matches = compute.match_substring_regex(table.column(column), "[\r\n]")
        broken = compute.and_kleene(matches, compute.is_valid(matches))  # false where nothing is; a scalar loads pandas
        for row in rows_where(broken):
            whole = mark.join(str(table.column(c)[row].as_py()) for c in range(wide))
            rows = [line.split(mark) for line in re.split(BREAK, whole)]
            if any(len(cells) != wide for cells in rows):
                continue
            known = known or {c: set(table.column(c).filter(compute.invert(broken)).to_pylist()) for c in range(wide)}
            there = [Counter(cells[c] for cells in rows) for c in range(wide)]
            if any(all(v in known[c] or k > 1 for v, k in there[c].items()) for c in range(wide) if c != column):
                told = (
                    f"row {row} holds what looks like {len(rows)} rows: a quotation mark that was never closed? "
                    "Close it, or write it twice within quotes"
                )
                found.append(Finding("quotes", f"row {row}", told, "kept"))
    return found


def _unparsed(path: Path, wrong: str, mark: str) -> DataError:
    """The reader's message, and how to mend a line with too many or too few cells."""
    found = re.search(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)(?:: (.*))?", wrong)
    if not found:
        return DataError(f"{path} cannot be read as a table: {wrong.splitlines()[0].rstrip('.')}.", path=str(path))
    number, wide, came, line = found.groups()
    where = f"row {number}, counting the header," if number else "a row"
    named = {"\t": "a tab", ";": "a semicolon", "|": "a bar"}.get(mark, "a comma")
    mend = (
        f"Put each cell that holds {named} in double quotes"
        if int(came) > int(wide)
        else f"Correct that row; a line break or {named} within a cell needs double quotes around the cell"
    )
    return DataError(
        f"{path} cannot be read as a table: {where} has {came} cells, and the header has {wide}: "
        f"{(line or '').strip()[:80]!r}. {mend}.",
        path=str(path),
    )
