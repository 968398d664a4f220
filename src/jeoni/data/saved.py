"""Datasets of the ``datasets`` library: saved in a folder, or on the hub. Images and audio stay encoded."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.columns import (
    PARTS,
    find_column,
    find_labels,
    group_numbers,
    label_cells,
    label_names,
    rival_labels,
    single_values,
)
from jeoni.data.files import check_file, read_file, walk
from jeoni.data.items import EncodedItems, JoinedItems
from jeoni.data.kinds import Columns, composed, option_for, usual_names
from jeoni.data.text_cells import text_items
from jeoni.data.text_items import TextItems
from jeoni.errors import DataError
from jeoni.types import Dataset, Finding, Items

__all__ = ["is_saved", "loaded_dataset", "read_hub", "read_saved"]


def is_saved(path: Path) -> bool:
    """Whether ``save_to_disk`` wrote this folder."""
    return any((path / name).is_file() for name in ("state.json", "dataset_dict.json"))


def read_saved(path: Path, columns: Columns | None = None, labelled: bool = True) -> Dataset:
    """A folder written by ``save_to_disk`` of ``datasets``; its splits become parts.

    Raises:
        DataError: the folder is damaged, or a column is not there.
    """
    import datasets

    _check_files(path)
    try:
        found = datasets.load_from_disk(str(path))
        for table in found.values() if isinstance(found, dict) else [found]:
            table.data.table.validate(full=True)  # it is mapped into memory: damaged, it would crash when it is read
    except Exception as error:  # files that are missing or damaged raise what the reader likes
        raise DataError(
            f"{path} looks like a saved dataset but cannot be read: {_first_line(error)}. Save it again.",
            path=str(path),
        ) from error
    return loaded_dataset(found, path.name, str(path), columns or Columns(), labelled)


def _check_files(path: Path) -> None:
    """Raise a DataError unless all is in regular files of this folder: each is mapped into memory by its name."""
    for file in walk(path).files:
        check_file(file, sys.maxsize)
        if file.name != "state.json":
            continue
        for name in _data_files(file):
            if name in ("", "..") or Path(name).name != name:
                raise DataError(f"{file} names the file {name!r}, which is not in its folder.", path=str(path))


def _data_files(state: Path) -> list[str]:
    """The names of files that a ``state.json`` holds; none where it is damaged, which its reader will say."""
    try:
        return [str(entry["filename"]) for entry in json.loads(read_file(state))["_data_files"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []


def read_hub(name: str, columns: Columns) -> Dataset:
    """A dataset of the hub.

    Raises:
        DataError: the hub did not give it.
    """
    import datasets

    try:
        found = datasets.load_dataset(name)
    except Exception as error:  # the hub's client raises what it likes
        raise DataError(
            f"The dataset {name} could not be had from the hub: {_first_line(error)}. "
            "Check its name, or the connection.",
            path=name,
        ) from error
    return loaded_dataset(found, name.replace("/", "-"), name, columns, True)


def loaded_dataset(found: Any, name: str, origin: str, columns: Columns, labelled: bool) -> Dataset:
    """One dataset, or the splits of one."""
    import datasets

    if columns.pattern:
        raise DataError(
            f"The items of {origin} have no paths in which --group-pattern could find groups. "
            "Needed: a column of groups; name it with --group-column.",
            path=origin,
        )
    splits = dict(found) if isinstance(found, dict) else {"": found}
    splits = {k: t.rename_columns({c: composed(c) for c in t.column_names}) for k, t in splits.items() if len(t)}
    if not splits:
        raise DataError(f"{origin} has no rows.", path=origin)
    first = next(iter(splits.values()))
    column, modality = _item_column(first, columns.among(first.column_names), origin, labelled)
    items: Any = None
    parts: list[str] = []
    for split, table in splits.items():
        _needed(column, split, table, origin)
        here = _items(table, column, modality, f"{split} " if split else "", origin, labelled)
        items = here if items is None else JoinedItems(items, here)
        parts += [PARTS.get(split.lower(), "")] * len(table)
    labels: dict[str, Sequence[Any]] = {}
    findings: list[Finding] = []
    if labelled:
        wanted = columns.label or _of_type(first, datasets.ClassLabel)
        named = label_names(wanted, first.column_names)
        if len(named) < 2:
            named = (find_labels(first.column_names, wanted, lambda c: _values(splits, c), origin),)
        findings = rival_labels(first.column_names, named[0], wanted)
        for label in named:
            find_column(first.column_names, label, (), "label", origin)
            cells = single_values(_values(splits, label), label, origin, lists=True)
            labels[label] = _labels(first.features[label], cells, origin)
    groups = None
    if labelled and columns.group:
        group = find_column(first.column_names, columns.group, (), "group", origin)
        for split, table in splits.items():
            _needed(group, split, table, origin)
        groups = group_numbers(single_values(_values(splits, group), group, origin), origin)
    part = np.array(parts, dtype="<U5")
    targets = label_cells(labels, len(parts))
    return Dataset(name, items, targets, None, groups, part, origin, modality, tuple(findings), column, tuple(labels))


def _item_column(table: Any, columns: Columns, origin: str, labelled: bool) -> tuple[str, str]:
    """The column of the examples: named, or of a telling type, or of a telling name; and the modality."""
    import datasets

    wanted, modality = columns.items
    for kind, what in ((datasets.Image, "image"), (datasets.Audio, "audio")):
        if not wanted and columns.modality in ("", what) and (found := _of_type(table, kind)):
            wanted, modality = found, what
    usual, option = usual_names(columns.modality), option_for(columns.modality or "text", labelled)
    column = find_column(table.column_names, wanted, tuple(usual), columns.modality or "item", origin, option)
    return column, modality or usual.get(column.lower(), "") or "image"


def _items(table: Any, column: str, modality: str, prefix: str, origin: str, labelled: bool) -> Items:
    import datasets

    only = table.select_columns([column])
    if modality == "text":
        texts = text_items(only.with_format("arrow")[column], column, origin, labelled)
        return TextItems([texts.text(i) for i in range(len(texts))], [f"{prefix}row {i}" for i in range(len(texts))])
    kind = datasets.Image(decode=False) if modality == "image" else datasets.Audio(decode=False)
    return EncodedItems(only.cast_column(column, kind), column, prefix=prefix)


def _of_type(table: Any, kind: type) -> str:
    return next((c for c, feature in table.features.items() if isinstance(feature, kind)), "")


def _needed(column: str, split: str, table: Any, origin: str) -> None:
    if column not in table.column_names:
        raise DataError(
            f"The split {split!r} of {origin} has no column {column!r}. Its columns: {', '.join(table.column_names)}.",
            path=origin,
        )


def _values(splits: dict[str, Any], column: str) -> list[Any]:
    """Of all splits; nothing for the rows of one that lacks it, as a test part that is to be labelled."""
    found: list[Any] = []
    for table in splits.values():
        there = column in table.column_names
        found += list(table.select_columns([column])[column]) if there else [None] * len(table)
    return found


def _labels(feature: Any, values: Sequence[Any], origin: str) -> list[Any]:
    """Cells; numbers of classes, alone or in lists, by the names they have."""
    names = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
    if names is None:
        return list(values)

    def named(number: Any) -> Any:
        if number is None or number == -1:
            return None
        if not 0 <= number < len(names):
            raise DataError(
                f"A label of {origin} is {number}; its {len(names)} classes are numbered from 0. Save it again."
            )
        return composed(names[number])

    return [[named(one) for one in v] if isinstance(v, (list, tuple)) else named(v) for v in values]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160].rstrip(".")
