"""Tables of paths, or of images themselves, and labels: CSV, TSV, JSONL, Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.columns import IMAGE_NAMES, LABEL_NAMES, class_numbers, find_column, group_numbers, part_names
from jeoni.data.items import EncodedItems, FileItems
from jeoni.errors import DataError
from jeoni.types import Dataset, Items

__all__ = ["TABLES", "read_table"]

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def read_table(
    path: Path, image_column: str = "", label_column: str = "", group_column: str = "", labelled: bool = True
) -> Dataset:
    """Read a table; paths in it are relative to its folder.

    Args:
        path: a file that ends in one of :data:`TABLES`.
        image_column: paths, or encoded images; recognised by its name if left out.
        label_column: labels; recognised by its name if left out.
        group_column: groups that are never split.
        labelled: False reads the images only, to predict.

    Raises:
        DataError: a column that is not there, paths of which most do not exist, no labels; the message says which.
    """
    table, origin = _load(path), str(path)
    image = find_column(table.column_names, image_column, IMAGE_NAMES, "image", origin)
    n = len(table)
    if not n:
        raise DataError(f"{path} has no rows.", path=origin)
    label = find_column(table.column_names, label_column, LABEL_NAMES, "label", origin) if labelled else ""
    group = find_column(table.column_names, group_column, (), "group", origin) if group_column else ""
    labels, classes = class_numbers(table[label].to_pylist()) if label else (np.full(n, -1, dtype=np.int64), ())
    if labelled and not classes:
        raise DataError(f"The column {label!r} of {path} holds no labels.", path=origin)
    split = next((c for c in table.column_names if c.lower() == "split"), "") if labelled else ""
    return Dataset(
        name=path.stem,
        items=_items(table, image, path),
        labels=labels,
        class_names=classes,
        groups=group_numbers(table[group].to_pylist(), origin) if group else None,
        part=part_names(table[split].to_pylist(), origin) if split else np.full(n, "", dtype="<U5"),
        origin=origin,
    )


def _load(path: Path) -> Any:
    import pyarrow
    from pyarrow import json, parquet

    try:
        if path.suffix.lower() == ".parquet":
            return parquet.read_table(path)
        if path.suffix.lower() in (".jsonl", ".ndjson"):
            return json.read_json(path)
        return _load_text(path)
    except UnicodeDecodeError as error:
        raise DataError(
            f'{path} is not UTF-8: {error}. Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").', path=str(path)
        ) from error
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}.", path=str(path)) from error


def _load_text(path: Path) -> Any:
    """CSV or TSV, all columns as text: a label ``01`` is no number, and a late word among numbers no error."""
    import pyarrow
    from pyarrow import csv

    with path.open(encoding="utf-8-sig", newline="") as lines:
        head = lines.readline()
        for _ in iter(lambda: lines.read(1 << 20), ""):
            pass  # so that a byte that is not UTF-8 is met here, with its place
    mark = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=head.count)
    parse = csv.ParseOptions(delimiter=mark, newlines_in_values=True)
    names = csv.open_csv(path, parse_options=parse).schema.names
    types = csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()))
    return csv.read_csv(path, parse_options=parse, convert_options=types)


def _items(table: Any, column: str, path: Path) -> Items:
    """Files that the cells name, or the images that they hold."""
    import pyarrow

    kind = table.schema.field(column).type
    if pyarrow.types.is_struct(kind) or pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        import datasets

        return EncodedItems(datasets.Dataset(table.select([column]).replace_schema_metadata(None)), column)
    paths = [str(v).strip() if v is not None else "" for v in table[column].to_pylist()]
    files = [str(path.parent / p) for p in paths]
    _check_paths(path, paths, files)
    return FileItems(files, [p or f"row {i}" for i, p in enumerate(paths)])


def _check_paths(table: Path, paths: Sequence[str], files: Sequence[str]) -> None:
    missing = [p for p, f in zip(paths, files, strict=True) if not _is_file(f)]
    if len(missing) * 2 > len(paths):
        raise DataError(
            f"{len(missing)} of the {len(paths)} paths in {table} do not exist, for example "
            f"{', '.join(p[:200] for p in missing[:3])}. Paths are taken relative to {table.parent}.",
            path=str(table),
        )


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return False
