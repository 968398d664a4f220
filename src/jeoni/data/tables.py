"""Tables of paths and labels: CSV, TSV, JSONL, Parquet; datasets saved by ``datasets`` or on the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.items import EncodedItems, FileItems, JoinedItems
from jeoni.errors import DataError, did_you_mean
from jeoni.types import Array, Dataset, IntArray

__all__ = ["TABLES", "read_hub", "read_saved", "read_table"]

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
IMAGE_NAMES = ("image", "file", "path", "filename", "file_name", "filepath", "image_path", "img", "images")
LABEL_NAMES = ("label", "labels", "class", "target", "category", "y")
PART_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def read_table(
    path: Path, image_column: str = "", label_column: str = "", group_column: str = "", labelled: bool = True
) -> Dataset:
    """Read a table; paths in it are relative to its folder.

    Raises:
        DataError: a column that is not there, no path that exists, no labels; the message says which.
    """
    table = _load(path)
    image = _column(table.column_names, image_column, IMAGE_NAMES, "image", path)
    paths = [str(v) if v is not None else "" for v in table[image].to_pylist()]
    if not paths:
        raise DataError(f"{path} has no rows.", path=str(path))
    files = [str(path.parent / p) for p in paths]
    _check_paths(path, paths, files)
    label = _column(table.column_names, label_column, LABEL_NAMES, "label", path) if labelled else ""
    labels, classes = _classes(table[label].to_pylist()) if label else (np.full(len(paths), -1), ())
    if labelled and not classes:
        raise DataError(f"The column {label!r} of {path} holds no labels.", path=str(path))
    return Dataset(
        name=path.stem,
        items=FileItems(files, paths),
        labels=labels.astype(np.int64),
        class_names=classes,
        groups=_groups(table, group_column, path),
        part=_parts(table, len(paths)) if labelled else np.full(len(paths), "", dtype="<U5"),
        origin=str(path),
    )


def read_saved(path: Path, image_column: str = "", label_column: str = "", group_column: str = "") -> Dataset:
    """A folder written by ``save_to_disk`` of ``datasets``."""
    import datasets

    return _from_datasets(
        datasets.load_from_disk(str(path)), path.name, str(path), image_column, label_column, group_column
    )


def read_hub(name: str, image_column: str = "", label_column: str = "", group_column: str = "") -> Dataset:
    """A dataset of the hub.

    Raises:
        DataError: no such folder here, and the hub did not give it.
    """
    import datasets

    try:
        found = datasets.load_dataset(name)
    except Exception as error:  # the hub's client raises what it likes
        raise DataError(
            f"{name} is no folder or file here, and could not be had from the hub: {str(error).splitlines()[0][:160]}",
            path=name,
        ) from error
    return _from_datasets(found, name.replace("/", "-"), name, image_column, label_column, group_column)


def _load(path: Path) -> Any:
    import pyarrow
    from pyarrow import csv, json, parquet

    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            return parquet.read_table(path)
        if suffix in (".jsonl", ".ndjson"):
            return json.read_json(path)
        head = path.read_text(encoding="utf-8-sig")[:4096].partition("\n")[0]
        mark = "\t" if suffix == ".tsv" else max(",;\t", key=head.count)
        return csv.read_csv(path, parse_options=csv.ParseOptions(delimiter=mark))
    except (pyarrow.ArrowInvalid, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}.", path=str(path)) from error


def _column(columns: Sequence[str], wanted: str, usual: Sequence[str], what: str, path: Path | str) -> str:
    if wanted:
        if wanted in columns:
            return wanted
        raise DataError(
            f"{path} has no column {wanted!r}.{did_you_mean(wanted, columns)} Its columns: {', '.join(columns)}.",
            path=str(path),
        )
    by_name = {c.lower(): c for c in columns}
    for name in usual:
        if name in by_name:
            return by_name[name]
    raise DataError(
        f"No column of {path} is known to hold the {what}s. Name it with --{what}-column. "
        f"Its columns: {', '.join(columns)}.",
        path=str(path),
    )


def _check_paths(table: Path, paths: Sequence[str], files: Sequence[str]) -> None:
    missing = [p for p, f in zip(paths, files, strict=True) if not Path(f).is_file()]
    if len(missing) * 2 > len(paths):
        raise DataError(
            f"{len(missing)} of the {len(paths)} paths in {table} do not exist, for example {', '.join(missing[:3])}. "
            f"Paths are taken relative to {table.parent}.",
            path=str(table),
        )


def _classes(values: Sequence[Any]) -> tuple[IntArray, tuple[str, ...]]:
    """Numbers and names of classes; whole numbers lose their ``.0``; empty cells have no label."""
    names = [_name(v) for v in values]
    classes = sorted({n for n in names if n}, key=_natural)
    number = {c: k for k, c in enumerate(classes)}
    return np.array([number.get(n, -1) for n in names], dtype=np.int64), tuple(classes)


def _name(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _natural(name: str) -> tuple[int, float, str]:
    """Numbers by their size, then words by their letters."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _groups(table: Any, column: str, path: Path | str) -> IntArray | None:
    if not column:
        return None
    values = table[_column(table.column_names, column, (), "group", path)]
    names = [str(v) for v in (values.to_pylist() if hasattr(values, "to_pylist") else values)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _parts(table: Any, n: int) -> Array:
    """The split a column ``split`` tells, if all its values are known."""
    part = np.full(n, "", dtype="<U5")
    if "split" in table.column_names:
        values = [PART_NAMES.get(str(v).lower()) for v in table["split"].to_pylist()]
        if all(values):
            part[:] = values
    return part


def _from_datasets(found: Any, name: str, origin: str, image: str, label: str, group: str) -> Dataset:
    """One dataset, or the splits of one."""
    import datasets

    splits = dict(found) if isinstance(found, dict) else {"": found}
    first = next(iter(splits.values()))
    image = image or next((c for c, f in first.features.items() if isinstance(f, datasets.Image)), "")
    image = _column(first.column_names, image, IMAGE_NAMES, "image", origin)
    label = label or next((c for c, f in first.features.items() if isinstance(f, datasets.ClassLabel)), "")
    label = _column(first.column_names, label, LABEL_NAMES, "label", origin)
    values, items, parts = [], None, []
    for split, table in splits.items():
        raw = table.cast_column(image, datasets.Image(decode=False))
        prefix = f"{split} " if split else ""
        here = EncodedItems(raw.select_columns([image]), image, prefix=prefix)
        items = here if items is None else JoinedItems(items, here)
        values += list(table[label])
        parts += [PART_NAMES.get(split, "")] * len(table)
    kind = first.features[label]
    if isinstance(kind, datasets.ClassLabel):
        labels, classes = np.array([-1 if v is None else v for v in values], dtype=np.int64), tuple(kind.names)
    else:
        labels, classes = _classes(values)
    groups = None
    if group:
        joined = datasets.concatenate_datasets([t.select_columns([group]) for t in splits.values()])
        groups = _groups(joined, group, origin)
    assert items is not None
    return Dataset(name, items, labels, classes, groups, np.array(parts, dtype="<U5"), origin)
