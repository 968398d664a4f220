"""A table as Arrow has it: read from its file, and what cells say that hold nothing, or broken bytes, taken out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeoni.data.columns import NOTHING
from jeoni.data.delimited import check_width, in_blocks, line_numbers, read_delimited, rows_where
from jeoni.data.encodings import BROKEN, as_utf8
from jeoni.data.files import MOST_TABLE, check_file, check_unpacked
from jeoni.data.workbooks import is_workbook, read_workbook
from jeoni.errors import DataError
from jeoni.types import Finding, IntArray

__all__ = ["emptied", "load_table", "plain_strings", "readers_errors", "without_flaws"]


def load_table(path: Path) -> tuple[Any, list[Finding], IntArray]:
    """The table, what there is to tell of how it is written, and ``(n,)`` the lines of the file its rows stand in.

    Raises:
        DataError: damaged, too large, or with too many columns; a workbook of which it is not clear what is meant.
        MissingExtra: a workbook, and openpyxl is not installed.
    """
    if is_workbook(path):
        sheet = read_workbook(path)
        check_width(path, sheet.table.num_columns)
        names = [name.strip() for name in sheet.table.column_names]
        return sheet.table.rename_columns(names), sheet.findings, sheet.lines
    packed = path.suffix.lower() == ".parquet"
    size = check_file(path, sys.maxsize if packed else MOST_TABLE)
    with readers_errors(path):
        table, findings = (_parquet(path, size), []) if packed else _of_text(path)
        table.validate(full=True)  # of changed bytes some readers take whatever comes, also as letters
        names = table.column_names
    check_width(path, len(names))
    if odd := [name.replace(BROKEN, "\ufffd") for name in names if BROKEN in name]:
        raise DataError(f"The column {odd[0]!r} of {path} has a name of broken bytes. Write it anew.", path=str(path))
    table = table.rename_columns([name.strip() for name in names])
    return table, findings, line_numbers(path, len(table))


@contextmanager
def readers_errors(path: Path) -> Iterator[None]:
    """Turn what Arrow raises inside, of a damaged or unknown file, into a DataError."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, UnicodeError, OverflowError, MemoryError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise DataError(f"{path} cannot be read as a table: {said[:200]}.", path=str(path)) from error


def _parquet(path: Path, size: int) -> Any:
    """A Parquet file, once its own description says that it has a size that can be read."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        about = file.metadata
        check_width(path, about.num_columns)
        groups = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        # a column of which all rows say the same takes hardly any bytes, and one at least for each row once it is read
        check_unpacked(path, max(groups, about.num_rows * about.num_columns), size)
        return plain_strings(file.read())


def _of_text(path: Path) -> tuple[Any, list[Finding]]:
    if path.suffix.lower() not in (".jsonl", ".ndjson"):
        return read_delimited(path)
    raw, findings = as_utf8(path)
    return _lines_of_json(raw), findings


def plain_strings(table: Any) -> Any:
    """With all columns of strings of the one type: they come large, as views, or as numbers of what is said often."""
    import pyarrow

    kinds = (pyarrow.string(), pyarrow.large_string(), pyarrow.string_view())
    for at, field in enumerate(table.schema):
        kind = field.type.value_type if pyarrow.types.is_dictionary(field.type) else field.type
        if kind in kinds and field.type != kinds[0]:
            table = table.set_column(at, field.name, table.column(at).cast(kinds[0]))
    return table


def emptied(table: Any, columns: Sequence[str]) -> tuple[Any, list[Finding]]:
    """The table with nothing in those cells of some columns that say so, as pandas writes it; and what is told."""
    import pyarrow
    from pyarrow import compute

    findings = []
    for name in (c for c in columns if pyarrow.types.is_string(table.schema.field(c).type)):
        plain = compute.utf8_trim_whitespace(table[name])
        matches = compute.match_substring_regex(plain, rf"\A(?:{'|'.join(map(re.escape, NOTHING))})\z")
        nothing = compute.and_kleene(matches, compute.is_valid(matches))  # false where nothing is
        if count := compute.sum(nothing).as_py():
            told = f"the cells of the column {name!r} that say nan ({count}) are taken for empty"
            findings.append(Finding("columns", "", told, "left out"))
            cells = compute.if_else(nothing, pyarrow.scalar(None, pyarrow.string()), table[name])
            table = table.set_column(table.column_names.index(name), name, cells)
    return table, findings


def without_flaws(table: Any, columns: Sequence[str], path: Path) -> tuple[Any, dict[int, str]]:
    """The table with nothing in those cells of some columns that hold broken bytes; and by row what is to be said."""
    import pyarrow
    from pyarrow import compute

    flaws: dict[int, str] = {}
    for name in (c for c in columns if pyarrow.types.is_string(table.schema.field(c).type)):
        matches = compute.match_substring(table[name], BROKEN)
        broken = compute.and_kleene(matches, compute.is_valid(matches))  # false where nothing is; a scalar loads pandas
        for row in rows_where(broken):
            before, _, after = table[name][row].as_py().partition(BROKEN)
            read = f"{before[-20:]}\ufffd{after[:20]}".replace(BROKEN, "\ufffd")
            flaws[row] = f"row {row} of {path.name} holds broken bytes, in {read!r}. Correct that row."
        if not compute.any(broken).as_py():
            continue
        empty = compute.if_else(broken, pyarrow.scalar(None, pyarrow.string()), table[name])
        table = table.set_column(table.column_names.index(name), name, empty)
    return table, flaws


def _lines_of_json(raw: Path | bytes) -> Any:
    """With what Arrow takes for dates as it is written: a label ``2020-01-01`` is no midnight."""
    import pyarrow
    from pyarrow import json

    def read(dated: Sequence[str] = ()) -> Any:
        parse = json.ParseOptions(explicit_schema=pyarrow.schema([(name, pyarrow.string()) for name in dated]))
        return in_blocks(raw, lambda source, size: json.read_json(source, json.ReadOptions(block_size=size), parse))

    table = read()
    dated = [field.name for field in table.schema if pyarrow.types.is_timestamp(field.type)]
    return read(dated) if dated else table
