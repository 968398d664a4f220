"""Tables of texts, paths, images and audio themselves, or numbers, and labels: CSV, TSV, JSONL, Parquet, Excel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.arrow import emptied, load_table, readers_errors, without_flaws
from jeoni.data.columns import (
    LABEL_NAMES,
    RATINGS,
    as_numbers,
    dataset_of,
    find_column,
    find_labels,
    label_names,
    nothing_in,
    rival_labels,
    rival_texts,
    single_values,
)
from jeoni.data.encodings import BROKEN
from jeoni.data.items import EncodedItems, FlawedItems
from jeoni.data.kinds import (
    MODALITIES,
    SUFFIXES,
    Columns,
    composed,
    found_at,
    modality_of,
    option_for,
    plural,
    spelled,
    usual_names,
)
from jeoni.data.text_cells import text_items, worded
from jeoni.data.text_items import named_files
from jeoni.data.vectors import VectorItems, check_numbers
from jeoni.data.workbooks import WORKBOOKS, split_sheet
from jeoni.errors import DataError
from jeoni.types import Array, Dataset, Finding, Items

__all__ = ["TABLES", "printed_columns", "read_table", "table_dataset"]

_NAMES = ("id", "index", "idx", "", "unnamed: 0")  # the last two are how pandas writes an index
_UNNAMED = re.compile(r"__index_level_\d+__")  # and that, in Parquet

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", *WORKBOOKS)


def read_table(path: Path, columns: Columns | None = None, labelled: bool = True) -> Dataset:
    """Read a table; paths in it are relative to its folder.

    Args:
        path: a file that ends in one of :data:`TABLES`; ``file.xlsx#Sheet`` names a sheet.
        columns: those that the user named.
        labelled: False reads the examples only, to predict.

    Raises:
        DataError: a column that is not there, paths of which most do not exist, texts that are none, no labels; the
            message says which.
    """
    with readers_errors(path):  # also of values that no Python type holds, which only show when they are used
        table, findings, lines = load_table(path)
        dataset = table_dataset(table, findings, path, columns or Columns(), labelled)
        return replace(dataset, name=split_sheet(path)[0].stem, lines=lines)


def printed_columns(path: Path) -> dict[str, list[str]]:
    """The columns of a table as they are written, by name; encoded files and records are left out.

    Args:
        path: a file that ends in one of :data:`TABLES`.

    Raises:
        DataError: it cannot be read.
    """
    import pyarrow

    packed = (pyarrow.types.is_struct, pyarrow.types.is_binary, pyarrow.types.is_large_binary, pyarrow.types.is_nested)
    with readers_errors(path):
        table, _, _ = load_table(path)
        kinds = {field.name: field.type for field in table.schema}
        shown = [name for name, kind in kinds.items() if not any(is_packed(kind) for is_packed in packed)]
        return {name: [_printed(cell) for cell in table[name].to_pylist()] for name in shown}


def _printed(cell: Any) -> str:
    return "" if cell is None else str(cell).replace(BROKEN, "\ufffd")


def table_dataset(table: Any, read: Sequence[Finding], path: Path, columns: Columns, labelled: bool) -> Dataset:
    """:func:`read_table` of a table that Arrow holds already.

    Args:
        table: of ``pyarrow``.
        read: what its reader has to tell.
        path: what to call it; paths in it are relative to its folder.
        columns: those that the user named.
        labelled: False reads the examples only.
    """
    origin, findings = str(path), list(read)
    table, n = table.rename_columns([composed(c) for c in table.column_names]), len(table)
    if not n:
        raise DataError(f"{path} has no rows.", path=origin)
    if columns.kept and not columns.items[0] and columns.kept not in table.column_names:
        told = f"there is no column {columns.kept!r}, in which the model's examples stood"
        findings.append(Finding("columns", "", told, "another is taken"))
    columns = columns.among(table.column_names)
    features, reason, left_out = _features(table, columns)
    column, modality = (
        ("", "vector") if features is not None else _item_column(table, columns, origin, reason, labelled)
    )
    if not columns.items[0] and (texts := _texts_instead(table, column, columns, path)):
        told = f"most files that the column {column!r} names do not exist; the texts are taken from {texts!r}"
        findings.append(Finding("ignored", "", told, "left out"))
        column, modality = texts, "text"
    named = _label_columns(table, columns, features is not None, origin) if labelled else ()
    findings += rival_labels(table.column_names, named[0] if named else "", columns.label)
    if modality == "text":
        findings += rival_texts(table.column_names, column, usual_names(columns.modality), columns.items[0])
    group = find_column(table.column_names, columns.group, (), "group", origin) if columns.group else ""
    split = next((c for c in table.column_names if c.lower() == "split"), "") if labelled else ""
    table, flaws = without_flaws(table, [c for c in (column, *named, group, split) if c], path)
    table, empty = emptied(table, [c for c in (column if modality == "text" else "", *named, group) if c])
    labels = {name: single_values(table[name].to_pylist(), name, origin, lists=True) for name in named}
    findings += [*empty, *(f for name, cells in labels.items() for f in nothing_in(cells, name))]
    items: Items
    if features is not None:
        findings += check_numbers(features, origin)
        items = VectorItems(features)
    else:
        items, modality, more = _items(table, column, modality, path, labelled)
        findings += more
    findings += [Finding("ignored", "", f"the column {c!r} is no feature", "left out") for c in left_out]
    return dataset_of(
        path,
        FlawedItems(items, flaws) if flaws else items,
        modality,
        labels=labels,
        groups=single_values(table[group].to_pylist(), group, origin) if group else None,
        parts=_parts(table[split].to_pylist(), flaws) if split else None,
        pattern=columns.pattern,
        no_labels=f"The column {' and '.join(map(repr, named))} of {path} holds no labels.",
        findings=tuple(findings),
        column=column,
    )


def _features(table: Any, columns: Columns) -> tuple[Array | None, str, list[str]]:
    """Of a table of features, ``(n, d)`` float32, and the columns that only name its rows.

    It is one if no column is named or known to hold anything else, and all but those of labels, groups, split and names
    hold numbers. Else None, and why.
    """
    names_there = table.column_names  # asked for once: looking a column up by its name searches all of them
    usual, lower = usual_names(), {c: c.lower() for c in names_there}
    place, times = {c: i for i, c in enumerate(names_there)}, Counter(names_there)
    if columns.items[0] or any(name in usual for name in lower.values()):
        return None, "", []
    label = next((c for name in LABEL_NAMES for c in lower if lower[c] == name), "")
    labels = label_names(columns.label, table.column_names) or (label,)
    names = [c for c in lower if lower[c] in _NAMES or _UNNAMED.fullmatch(c)]
    apart = {*labels, columns.group, *names, *(c for c in lower if lower[c] == "split")}
    found: list[Array] = []
    for column in (c for c in lower if c not in apart):
        numbers = as_numbers(table.column(place[column])) if times[column] == 1 else None
        if numbers is None:
            return None, f"{column!r} does not", []
        with np.errstate(over="ignore"):
            found.append(numbers.astype(np.float32))
    if sum(part.shape[1] for part in found) < 2:
        return None, "there are fewer than two", []
    return np.concatenate(found, axis=1), "", names


def _label_columns(table: Any, columns: Columns, numbers: bool, origin: str) -> tuple[str, ...]:
    """One column of labels, or those that were named."""
    named = label_names(columns.label, table.column_names)
    if len(named) > 1:
        return tuple(find_column(table.column_names, name, (), "label", origin) for name in named)
    if numbers:  # a rating is one of them
        return (find_column(table.column_names, columns.label, LABEL_NAMES, "label", origin),)
    return (find_labels(table.column_names, columns.label, lambda c: table[c].to_pylist(), origin),)


def _item_column(table: Any, columns: Columns, origin: str, reason: str, labelled: bool) -> tuple[str, str]:
    """The column of the examples, and their modality if that tells it.

    Where no name speaks for the modality that is looked for, one that speaks for another is taken, if no column holds
    what is plainly a text: who asked can then say what came in its place.
    """
    wanted, modality = columns.items
    usual, names = usual_names(columns.modality), [c.lower() for c in table.column_names]
    if not wanted and not any(name in usual for name in names):
        texts, usual = worded(table, columns), usual_names()
        if texts or not any(name in usual for name in names):
            raise _unknown_column(table, columns, texts, origin, reason, labelled)
    column = find_column(table.column_names, wanted, tuple(usual), "item", origin)
    return column, modality or usual.get(column.lower(), "")


def _unknown_column(table: Any, columns: Columns, texts: str, origin: str, reason: str, labelled: bool) -> DataError:
    holds = plural(columns.modality) if columns.modality else "images, texts or audio"
    said, there = f"No column of {origin} is known to hold {holds}.", ", ".join(table.column_names)
    known = (*usual_names(), *LABEL_NAMES, *RATINGS, *_NAMES, "split")
    if not any(c.lower() in known for c in table.column_names):
        said += " The first line must hold names; where it holds data, write one above it, such as text,label."
    if texts:
        mend = f"If it is {texts!r}, name it: {option_for('text', labelled)} {texts!r}. Its columns, by its first row"
    else:
        rule = f" In a table of features all columns but those of labels, groups, split and id hold numbers: {reason}."
        mend = f"Name it with {_options(labelled)}.{'' if columns.modality else rule} Its columns"
    return DataError(f"{said} {mend}: {there}.", path=origin)


def _options(labelled: bool) -> str:
    """Those that may name the column of the items."""
    *some, last = dict.fromkeys(option_for(m, labelled) for m in MODALITIES)
    return f"{', '.join(some)} or {last}" if some else last


def _texts_instead(table: Any, column: str, columns: Columns, path: Path) -> str:
    """A column known to hold texts, where the one that was recognised names files of which most do not exist."""
    usual = usual_names(columns.modality)
    texts = _known_texts(table, usual)
    if not texts or usual.get(column.lower()) == "text" or not _named(table, column):
        return ""
    cells = _cells(table, column)
    if usual.get(column.lower()) and modality_of(cells):
        return ""  # files were meant, and are not where they should be
    return texts if _mostly_missing(cells, path.parent) else ""


def _known_texts(table: Any, usual: Mapping[str, str], but: str = "") -> str:
    """The first column, but one, whose name speaks for texts."""
    return next((c for c in table.column_names if usual.get(c.lower()) == "text" and c != but), "")


def _named(table: Any, column: str) -> bool:
    """Whether its cells name files, and are none themselves."""
    import pyarrow

    kind = table.schema.field(column).type
    return not any(f(kind) for f in (pyarrow.types.is_struct, pyarrow.types.is_binary, pyarrow.types.is_large_binary))


def _cells(table: Any, column: str) -> list[str]:
    """The cells as text, without blanks around it."""
    return [str(v).strip() if v is not None else "" for v in table[column].to_pylist()]


def _items(table: Any, column: str, modality: str, path: Path, labelled: bool) -> tuple[Items, str, Sequence[Finding]]:
    """Files that the cells name, or what they hold; the modality; and what there is to tell of them."""
    import pyarrow

    if modality == "text" and pyarrow.types.is_struct(table.schema.field(column).type):
        return text_items(table[column], column, str(path), labelled), "text", ()
    if not _named(table, column):
        import datasets

        _check_cells(table, column, path)
        plain = datasets.Dataset(table.select([column]).replace_schema_metadata(None))
        return EncodedItems(plain, column, folder=str(path.parent)), modality or "image", ()
    paths = _cells(table, column)
    if modality == "text" and not _text_files(paths, path.parent):
        return text_items(table[column], column, str(path), labelled), "text", ()
    if missing := _mostly_missing(paths, path.parent):
        texts = _known_texts(table, usual_names(), but=column)
        mend = (
            f"If the texts in {texts!r} are meant, name them: {option_for('text', labelled)} {texts!r}."
            if texts and labelled
            else f"If another column holds the items, name it with {_options(labelled)}."
        )
        raise DataError(
            f"{len(missing)} of the {len(paths)} paths in the column {column!r} of {path} do not exist, for example "
            f"{', '.join(p[:200] for p in missing[:3])}. Paths are taken relative to {path.parent}. {mend}",
            path=str(path),
        )
    modality = modality or modality_of(paths) or "image"
    files = [spelled(path.parent / p) if p else "" for p in paths]
    items, findings = named_files(files, [p or f"row {i}" for i, p in enumerate(paths)], modality)
    return items, modality, findings


def _check_cells(table: Any, column: str, path: Path) -> None:
    """Refuses records in which nothing encoded stands, such as samples with their rate."""
    import pyarrow

    kind = table.schema.field(column).type
    if pyarrow.types.is_struct(kind) and not {"bytes", "path"} & {kind.field(i).name for i in range(kind.num_fields)}:
        raise DataError(
            f"The column {column!r} of {path} holds {kind}. Needed: encoded files (bytes), or paths of files.",
            path=str(path),
        )


def _text_files(paths: Sequence[str], folder: Path) -> bool:
    """Whether most cells name files of texts: they end like such, and hold no blank or are there."""
    filled = [p for p in paths if p]
    ending = [p for p in filled if p.lower().endswith(tuple(SUFFIXES["text"]))]
    named = [p for p in ending if " " not in p or found_at(folder / p) == "file"]
    return len(named) * 2 > len(filled)


def _mostly_missing(paths: Sequence[str], folder: Path) -> list[str]:
    """The paths that do not exist, if they are the most."""
    missing = [p for p in paths if found_at(spelled(folder / p)) != "file"]
    return missing if len(missing) * 2 > len(paths) else []


def _parts(values: Sequence[Any], flaws: Mapping[int, str]) -> list[Any]:
    """The part in each cell of a split column; a broken row gets another one's, for the row is not used."""
    some = next((v for v in values if v), None)
    return [some if v is None and i in flaws else v for i, v in enumerate(values)]
