"""Labels in a table of their own: which items of a data set it names, by path or by text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.columns import LABEL_NAMES, find_column
from jeoni.data.kinds import composed, found_at
from jeoni.data.tables import TABLES, printed_columns
from jeoni.data.workbooks import split_sheet
from jeoni.errors import DataError
from jeoni.types import Array, Dataset

__all__ = ["is_label_table", "match_labels"]

SHOWN = 3  # names in a message
IN_MEMORY = "the labels"


def is_label_table(given: Any) -> bool:
    """Whether labels come in a table: the path of one, several with commas between, or one in memory.

    Example:
        >>> is_label_table("labels.csv"), is_label_table("labelled/"), is_label_table({"a.png": "cat"})
        (True, False, True)
    """
    if not isinstance(given, (str, os.PathLike)):
        return True
    paths = _paths(str(given))
    return bool(paths) and all(split_sheet(Path(path))[0].suffix.lower() in TABLES for path in paths)


def match_labels(given: Any, data: Dataset, label_column: str = "", option: str = "--labelled") -> Array:
    """The labels that tables give to items of a data set.

    An item is named by its path as the data set calls it, by a path that leads to the same file, or, where items are
    texts, by its text. Rows without a label say nothing: a list of queries can be filled in halfway.

    Args:
        given: the path of a table, several with commas between or in a list, a frame, a dictionary of columns, or a
            dictionary of labels by item.
        data: whose items are named.
        label_column: the one that holds the labels; recognised if left out.
        option: what the labels were given as, for messages.

    Returns:
        ``(n,)`` cells; None where an item is given no label.

    Raises:
        DataError: no such file, no column of labels, no label in it, items that are not in the data, or two labels for
            one item.
    """
    found = np.full(len(data), None, dtype=object)
    names = _Names(data)
    for origin, columns in _tables(given, option):
        label = find_column(list(columns), label_column, LABEL_NAMES, "label", origin)
        cells = [composed(cell.strip()) for cell in columns[label]]
        filled = [row for row, cell in enumerate(cells) if cell]
        if not filled:
            raise DataError(
                f"The column {label!r} of {origin} is empty. Write a label in some of its {len(cells):,} rows, and "
                "run this again.",
                path=origin,
            )
        places = _places(columns, label, filled, names, origin)
        for row in filled:
            for item in places[row]:
                _take(found, item, cells[row], data, origin)
    return found


def _take(found: Array, item: int, label: str, data: Dataset, origin: str) -> None:
    if found[item] not in (None, label):
        name = data.items.name(item)
        raise DataError(
            f"{origin} labels {name} as {label!r}, and it has the label {found[item]!r} already. One item has one "
            "label: correct the wrong one.",
            path=origin,
        )
    found[item] = label


def _places(
    columns: Mapping[str, Sequence[str]], label: str, filled: Sequence[int], names: _Names, origin: str
) -> dict[int, list[int]]:
    """By row, the items that it names; the column that names most of them counts."""
    others = [name for name in columns if name != label]
    if not others:
        raise DataError(
            f"{origin} has no column beside {label!r}. Needed: one with the items' paths or texts.", path=origin
        )
    tried = {name: {row: names.find(columns[name][row]) for row in filled} for name in others}
    best = max(others, key=lambda name: sum(bool(items) for items in tried[name].values()))
    lost = [row for row in filled if not tried[best][row]]
    if len(lost) == len(filled):
        raise DataError(
            f"None of the {len(filled):,} items that {origin} labels is in the data, such as "
            f"{_quoted(columns[best], lost)}. Items are called as in {names.example}; copy their names from there.",
            path=origin,
        )
    if lost:
        raise DataError(
            f"{len(lost):,} of the {len(filled):,} items that {origin} labels are not in the data: "
            f"{_quoted(columns[best], lost)}. Items are called as in {names.example}; correct these rows or take them "
            "out.",
            path=origin,
        )
    return tried[best]


def _quoted(cells: Sequence[str], rows: Sequence[int]) -> str:
    more = " …" if len(rows) > SHOWN else ""
    return ", ".join(repr(cells[row][:80]) for row in rows[:SHOWN]) + more


class _Names:
    """Finds items by what a table may call them."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._by_name: dict[str, list[int]] = {}
        for i in range(len(data)):
            self._by_name.setdefault(composed(data.items.name(i)), []).append(i)
        self._by_file: dict[str, list[int]] = {}
        self._by_text: dict[str, list[int]] = {}

    @property
    def example(self) -> str:
        """The first item's name."""
        return repr(self._data.items.name(0)[:80]) if len(self._data) else "an empty data set"

    def find(self, cell: str) -> list[int]:
        """The items that a cell names."""
        said = composed(cell.strip())
        if not said:
            return []
        if said in self._by_name:
            return self._by_name[said]
        if self._data.modality == "text" and said in self._texts():
            return self._by_text[said]
        if self._data.modality in ("image", "audio"):
            return self._files().get(os.path.realpath(said), [])
        return []

    def _texts(self) -> dict[str, list[int]]:
        if not self._by_text:
            for i in range(len(self._data)):
                self._by_text.setdefault(composed(_text(self._data, i).strip()), []).append(i)
        return self._by_text

    def _files(self) -> dict[str, list[int]]:
        if not self._by_file:
            origin = Path(self._data.origin)
            folder = origin if origin.is_dir() else origin.parent
            for name, items in self._by_name.items():
                self._by_file.setdefault(os.path.realpath(folder / name), []).extend(items)
        return self._by_file


def _text(data: Dataset, index: int) -> str:
    try:
        raw = data.items.read(index)
    except DataError:
        return ""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _tables(given: Any, option: str) -> Iterable[tuple[str, dict[str, list[str]]]]:
    """What each table is called, and its columns as texts."""
    if isinstance(given, (str, os.PathLike)):
        for path in _paths(str(given)):
            yield _read(path, option)
    elif isinstance(given, (list, tuple)) and all(isinstance(one, (str, os.PathLike)) for one in given):
        for one in given:
            yield _read(str(one), option)
    else:
        yield IN_MEMORY, _columns_of(given, option)


def _paths(given: str) -> list[str]:
    """One path, or several with commas between; a path may hold a comma itself."""
    return [given] if found_at(given) else [part.strip() for part in given.split(",") if part.strip()]


def _read(path: str, option: str) -> tuple[str, dict[str, list[str]]]:
    file = split_sheet(Path(path))[0]
    if found_at(file) != "file" or file.suffix.lower() not in TABLES:
        came = "does not exist" if not found_at(file) else "is no table"
        raise DataError(
            f"{option}: {path} {came}. Needed: a table ({', '.join(TABLES)}) with a column of paths or texts and one "
            "of labels.",
            path=path,
        )
    return path, printed_columns(Path(path))


def _columns_of(given: Any, option: str) -> dict[str, list[str]]:
    """A table in memory, as texts; a dictionary of labels by item has two columns."""
    import pandas

    if isinstance(given, Mapping) and all(isinstance(cell, (str, int, float)) for cell in given.values()):
        given = {"path": list(given), "label": list(given.values())}
    frame = given.to_pandas() if hasattr(given, "to_pandas") else given
    try:
        table = pandas.DataFrame(frame)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{option}: a {type(given).__name__} came, which is no table: {error}. Needed: a table with a column of "
            "paths or texts and one of labels, or a dictionary of labels by item."
        ) from error
    empty = table.isna()
    return {
        str(name): ["" if empty.iloc[row, k] else str(cell) for row, cell in enumerate(table.iloc[:, k])]
        for k, name in enumerate(table.columns)
    }
