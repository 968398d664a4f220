"""Tables in memory: frames of pandas and polars, tables of Arrow and of ``datasets``, columns or records of Python's.

They are recognised by what they offer; pandas and polars are never imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.arrow import plain_strings
from jeoni.data.columns import dataset_of, find_column, find_labels, label_names, single_values
from jeoni.data.kinds import Columns, composed, usual_names
from jeoni.data.objects import ObjectItems, is_encoded
from jeoni.data.saved import loaded_dataset
from jeoni.data.tables import table_dataset
from jeoni.errors import DataError
from jeoni.types import Dataset

__all__ = ["is_frame", "read_frame"]

NAME = Path("the table")  # in messages; paths in its cells are relative to the working folder


def is_frame(data: Any) -> bool:
    """Whether it has columns: a frame, a table, a dictionary of columns, a list of records, a structured array."""
    return (
        (isinstance(data, Mapping) and not is_encoded(data))
        or (hasattr(data, "iloc") and getattr(data, "ndim", 0) == 2)
        or hasattr(data, "column_names")
        or hasattr(data, "collect_schema")
        or bool(getattr(getattr(data, "dtype", None), "names", None))
        or _are_records(data)
    )


def read_frame(data: Any, columns: Columns, column: str = "", labelled: bool = False) -> Dataset:
    """A table in memory; paths in it are relative to the working folder.

    Args:
        data: what :func:`is_frame` says is one.
        columns: those that the user named.
        column: of vectors, where one column holds them all.
        labelled: False reads the examples only, to predict.

    Raises:
        DataError: as :func:`jeoni.data.tables.read_table`; columns of different lengths, or values that are none.
    """
    try:
        if hasattr(data, "cast_column") or _are_splits(data):
            return _of_datasets(data, columns, column, labelled)
        return _of_columns(_columns_of(data), columns, column, labelled)
    except DataError as error:  # what is an option on the command line is an argument here
        raise DataError(_in_python(str(error)), path=error.path, row=error.row) from error


def _in_python(said: str) -> str:
    said = re.sub(r"--(\w+)-column(?: (?='))?", r"\1_column=", said)
    return re.sub(r"--column(?: (?='))?", "column=", said)


def _are_records(data: Any) -> bool:
    listed = isinstance(data, (list, tuple)) and len(data) > 0
    return listed and all(isinstance(record, Mapping) and not is_encoded(record) for record in data)


def _are_splits(data: Any) -> bool:
    return isinstance(data, Mapping) and any(hasattr(part, "cast_column") for part in data.values())


def _of_datasets(data: Any, columns: Columns, column: str, labelled: bool) -> Dataset:
    """Of the library ``datasets``, images and audio still encoded."""
    parts = data if isinstance(data, Mapping) else {"": data}
    if not all(hasattr(part, "__len__") for part in parts.values()):
        raise DataError("An IterableDataset came, whose length is not known. Give some of it: list(data.take(1000)).")
    if not columns.modality and len(parts) == 1:  # vectors: all columns together are the example
        arrow = next(iter(parts.values())).with_format("arrow")[:]
        return _of_columns(list(zip(arrow.column_names, arrow.columns, strict=True)), columns, column, labelled)
    plain = {name: part.with_format(None) for name, part in parts.items()}
    return loaded_dataset(plain if isinstance(data, Mapping) else plain[""], NAME.name, str(NAME), columns, labelled)


def _columns_of(data: Any) -> list[tuple[str, Any]]:
    """Names and cells, in order."""
    if hasattr(data, "collect"):  # polars, lazy
        data = data.collect()
    if hasattr(data, "iloc"):  # pandas
        return [(str(name), data.iloc[:, k]) for k, name in enumerate(data.columns)]
    if hasattr(data, "to_arrow"):  # polars
        data = data.to_arrow()
    if hasattr(data, "column_names"):  # Arrow
        return list(zip(data.column_names, data.columns, strict=True))
    if isinstance(data, np.ndarray):
        return [(name, data[name].ravel()) for name in data.dtype.names or ()]
    if isinstance(data, Mapping):
        return [(str(name), _cells(name, cells)) for name, cells in data.items()]
    names = dict.fromkeys(name for record in data for name in record)
    return [(str(name), [record.get(name) for record in data]) for name in names]


def _cells(name: Any, cells: Any) -> Any:
    if isinstance(cells, (str, bytes, Mapping)) or not (hasattr(cells, "__len__") and hasattr(cells, "__getitem__")):
        raise DataError(
            f"A dictionary is read as columns, each a list; {name!r} holds {type(cells).__name__}. "
            "A record alone goes in a list: [record]."
        )
    return cells


def _of_columns(found: list[tuple[str, Any]], columns: Columns, column: str, labelled: bool) -> Dataset:
    import pyarrow

    found = [(composed(name.strip()), cells) for name, cells in found]
    names, lengths = [name for name, _ in found], {name: len(cells) for name, cells in found}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} {n}" for name, n in list(lengths.items())[:8])
        raise DataError(f"The columns of the table differ in length: {said}. One cell for each row is needed.")
    if column and not columns.modality:
        kept = find_column(names, column, (), "vector", str(NAME), "--column")
        found = [(name, cells) for name, cells in found if name in (kept, columns.label, columns.group)]
    arrays = [(name, _as_arrow(cells)) for name, cells in found]
    examples = _example_column(names, columns)
    if any(name == examples and array is None for name, array in arrays):
        return _of_objects(dict(found), examples, columns, labelled)
    held = [(name, array) for name, array in arrays if array is not None]
    table = pyarrow.table([array for _, array in held], names=[name for name, _ in held])
    return table_dataset(plain_strings(table), (), NAME, columns, labelled)


def _as_arrow(cells: Any) -> Any:
    """None where they are objects that Arrow does not hold, such as PIL pictures."""
    import pyarrow

    if isinstance(cells, (pyarrow.Array, pyarrow.ChunkedArray)):
        return cells
    if getattr(cells, "ndim", 1) > 1:
        cells = list(cells)
    try:
        return pyarrow.array(cells, from_pandas=True)
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
        return None


def _example_column(names: Sequence[str], columns: Columns) -> str:
    """The column of examples, by what was named and by its name alone; empty where that does not tell."""
    by_name = {name.lower(): name for name in reversed(names)}
    usual = usual_names(columns.modality)
    return columns.among(names).items[0] or next((by_name[name] for name in usual if name in by_name), "")


def _of_objects(found: Mapping[str, Any], column: str, columns: Columns, labelled: bool) -> Dataset:
    """Examples that are objects, with what stands beside them."""
    cells = list(found[column])
    labels, groups = dict[str, Sequence[Any]](), None
    if labelled:
        named = label_names(columns.label, list(found))
        if len(named) < 2:
            named = (find_labels(list(found), columns.label, lambda name: list(found[name]), str(NAME)),)
        labels = {find_column(list(found), name, (), "label", str(NAME)): list(found[name]) for name in named}
    if labelled and columns.group:
        group = find_column(list(found), columns.group, (), "group", str(NAME))
        groups = single_values(list(found[group]), group, str(NAME))
    return dataset_of(
        NAME,
        ObjectItems(cells, columns.modality or "image"),
        columns.modality or "image",
        labels=labels,
        groups=groups,
        parts=None,
        pattern="",
        no_labels="The table holds no labels.",
        findings=(),
        column=column,
    )
