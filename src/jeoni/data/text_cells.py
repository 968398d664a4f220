"""Columns of a table whose cells are texts: which ones plainly are, and which are something else."""

from __future__ import annotations

import re
from typing import Any

from jeoni.data.columns import LABEL_NAMES, RATINGS
from jeoni.data.kinds import Columns, modality_of, option_for
from jeoni.data.text_items import TextItems
from jeoni.errors import DataError

__all__ = ["text_items", "worded"]

_NUMBER = re.compile(r"[+-]?[\d.,]+([eE][+-]?\d+)?%?")

_DATE = re.compile(r"\d{1,4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,4}\s*[일.]?([T ]+\D*\d{1,2}:\d\d[\d:.+ -]*[zZ]?)?")


def worded(table: Any, columns: Columns) -> str:
    """Of the columns whose cells are plainly texts the one with the longest: most of them hold a blank or are not
    ASCII, and none is a date or a file."""
    import pyarrow

    found: dict[str, float] = {}
    for column in table.column_names if columns.modality in ("", "text") else ():
        if table.column_names.count(column) > 1 or not pyarrow.types.is_string(table.schema.field(column).type):
            continue
        cells = [c.strip() for c in table[column].slice(0, 1000).to_pylist() if c]
        plainly = sum((" " in c or not c.isascii()) and not _DATE.fullmatch(c) for c in cells) * 2 > len(cells)
        if plainly and not modality_of(cells) and column.lower() not in (columns.label.lower(), *LABEL_NAMES, *RATINGS):
            found[column] = sum(map(len, cells)) / len(cells)
    return max(found, key=lambda c: found[c], default="")


def text_items(cells: Any, column: str, origin: str, labelled: bool) -> TextItems:
    """The texts of a column.

    Raises:
        DataError: numbers, lists, names of files, or the same text in every row.
    """
    import pyarrow

    if pyarrow.types.is_nested(cells.type):
        first = next((v for v in cells.to_pylist() if v is not None), None)
        raise DataError(
            f"The column {column!r} of {origin} holds {cells.type}, for example {str(first)[:60]}, not texts. "
            f"Join what belongs to one text, or name the column of texts with {option_for('text', labelled)}.",
            path=origin,
        )
    texts = [None if v is None else str(v) for v in cells.to_pylist()]
    filled = [t.strip() for t in texts if t and t.strip()]
    enough = len(filled) > 1  # a single one to predict may well be a number
    for pattern, what in ((_NUMBER, "numbers"), (_DATE, "dates")):
        if enough and sum(bool(pattern.fullmatch(t)) for t in filled) > 0.9 * len(filled):
            raise DataError(
                f"The column {column!r} of {origin} holds {what}, for example {filled[0]!r}, not texts. "
                f"Name the column of texts with {option_for('text', labelled)}.",
                path=origin,
            )
    named = [t for t in filled[:1000] if " " not in t and modality_of([t])]
    if len(named) * 2 > len(filled[:1000]):
        raise DataError(
            f"The column {column!r} of {origin} holds names of files, for example {named[0]!r}, not texts. "
            f"Name the column of texts with {option_for('text', labelled)}.",
            path=origin,
        )
    if labelled and len(filled) > 1 and len(set(filled)) == 1:
        raise DataError(
            f"All texts in the column {column!r} of {origin} are the same: {filled[0][:60]!r}. "
            "Nothing can be learned from them; name the column of texts with --text-column.",
            path=origin,
        )
    return TextItems(texts)
