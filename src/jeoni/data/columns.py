"""The roles of a table's columns: which one holds what, and class, group and part from the values in them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.isolated import IsolatedTimeoutError, run_isolated
from jeoni.data.kinds import composed
from jeoni.errors import ConfigError, DataError, did_you_mean
from jeoni.locale import Said
from jeoni.types import Array, Dataset, Finding, IntArray, Items

__all__ = [
    "EMPTY",
    "LABEL_NAMES",
    "PARTS",
    "RATINGS",
    "as_numbers",
    "class_numbers",
    "dataset_of",
    "find_column",
    "find_labels",
    "group_numbers",
    "is_empty",
    "is_missing",
    "label_cells",
    "label_names",
    "name_number",
    "nothing_in",
    "part_names",
    "pattern_groups",
    "rival_labels",
    "rival_texts",
    "single_values",
    "ungrouped",
]

LABEL_NAMES = (
    *("label", "labels", "class", "target", "category", "sentiment", "y"),
    *("라벨", "레이블", "분류", "감정", "감성", "긍부정", "정답"),
)
RATINGS = ("rating", "ratings", "평점", "별점", "평가")  # perhaps a label, perhaps a number beside it
MOST_RATINGS = 20
NOTHING = ("nan", "NaN", "<NA>", "NaT")  # what pandas and numpy write for an empty cell; nobody's name of a class
PATTERN_S = 10  # seconds that a pattern may be searched for
_SEARCH = """
import json, re, sys
pattern, paths = json.load(sys.stdin.buffer)
matches = [re.search(pattern, path) for path in paths]
print(json.dumps([match and match[1] for match in matches]))
"""
EMPTY = ("", "na", "n/a", "nan", "null", "none", "?")
PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def find_column(
    columns: Sequence[str], wanted: str, usual: Sequence[str], what: str, origin: str, option: str = ""
) -> str:
    """The column that was named, or else the first that has a usual name.

    Args:
        columns: those there are.
        wanted: the one the user named; may be empty.
        usual: names it is recognised by, in lower case.
        what: ``image``, ``label`` or ``group``.
        origin: the table, for messages.
        option: that names it; ``--image-column`` and so on if left out.

    Raises:
        DataError: no such column, none that is recognised, or several of one name; the message lists those there are.
    """
    by_name = {c.lower(): c for c in reversed(columns)}
    chosen = wanted or next((by_name[name] for name in usual if name in by_name), "")
    if not chosen:
        named = {"what": f"{what}s", "option": option or f"--{what}-column", "columns": ", ".join(columns)}
        raise DataError(Said("error.no_known_column", origin=origin, **named), path=origin)
    if chosen not in columns:
        near, there = did_you_mean(chosen, columns), ", ".join(columns)
        raise DataError(
            Said("error.no_column", origin=origin, name=repr(chosen), near=near, columns=there), path=origin
        )
    if list(columns).count(chosen) > 1:
        raise DataError(f"{origin} has several columns {chosen!r}; give each a name of its own.", path=origin)
    return chosen


def find_labels(columns: Sequence[str], wanted: str, values: Callable[[str], Sequence[Any]], origin: str) -> str:
    """:func:`find_column` for labels: a column of ratings is one if no other is, and it has few enough values.

    Raises:
        DataError: as :func:`find_column`.
    """
    usual: tuple[str, ...] = LABEL_NAMES
    if not wanted and not any(c.lower() in usual for c in columns):
        rated = {c: len({str(v) for v in values(c)}) for c in columns if _is_rating(c) and list(columns).count(c) == 1}
        usual = tuple(c.lower() for c, different in rated.items() if different <= MOST_RATINGS)
        if rated and not usual:
            column, different = next(iter(rated.items()))
            raise DataError(
                f"No column of {origin} is known to hold the labels: {column!r} holds {different} different values, "
                f"more than ratings have. Name one with --label-column. Its columns: {', '.join(columns)}.",
                path=origin,
            )
    return find_column(columns, wanted, usual, "label", origin)


def label_names(wanted: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The label columns that a user named, separated by commas; a column whose own name holds a comma is one.

    >>> label_names("defect, type", ["file", "defect", "type"]), label_names("", ["label"])
    (('defect', 'type'), ())
    """
    if wanted in columns:
        return (wanted,)
    return tuple(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))


def _is_rating(column: str) -> bool:
    return column.lower() in RATINGS


def rival_labels(columns: Sequence[str], chosen: str, wanted: str) -> list[Finding]:
    """The finding where other columns than the one that was recognised may hold the labels.

    >>> [f.detail for f in rival_labels(["review", "category", "sentiment"], "category", "")]
    ["the labels are taken from the column 'category'; 'sentiment' may hold them too"]
    """
    usual = next((names for names in (LABEL_NAMES, RATINGS) if chosen.lower() in names), ())
    others = [repr(c) for c in columns if c.lower() in usual and c != chosen]
    if wanted or not others:
        return []
    told = f"the labels are taken from the column {chosen!r}; {' and '.join(others)} may hold them too"
    return [Finding("labels", "", told, "if another is meant, name it with --label-column")]


def rival_texts(columns: Sequence[str], chosen: str, usual: Mapping[str, str], wanted: str) -> list[Finding]:
    """The finding where other columns than the one that was recognised may hold the texts.

    >>> [f.detail for f in rival_texts(["title", "body", "review"], "review", {"body": "text", "review": "text"}, "")]
    ["the texts are taken from the column 'review'; 'body' may hold them too"]
    """
    others = [repr(c) for c in columns if usual.get(c.lower()) == "text" and c != chosen]
    if wanted or not others or usual.get(chosen.lower()) != "text":
        return []
    told = f"the texts are taken from the column {chosen!r}; {' and '.join(others)} may hold them too"
    return [Finding("columns", "", told, "if another is meant, name it with --text-column")]


def single_values(values: Sequence[Any], column: str, origin: str, lists: bool = False) -> Sequence[Any]:
    """The cells of a column of labels or groups, each of which holds one value, or a list of labels where it may.

    Raises:
        DataError: lists or records.
    """
    several = (dict,) if lists else (list, dict, tuple, set, np.ndarray)
    odd = next((v for v in values if isinstance(v, several)), None)
    if odd is not None:
        raise DataError(
            f"The column {column!r} of {origin} holds several values in one cell, for example {str(odd)[:60]}. "
            "Needed: one value per row.",
            path=origin,
        )
    return values


def nothing_in(values: Sequence[Any], column: str) -> list[Finding]:
    """The finding on labels that read like empty cells, but may be names of classes.

    >>> [f.detail for f in nothing_in(["for", "None", "None"], "stance")]
    ["the cells of the column 'stance' that say 'None' (2) are taken for a class"]
    """
    counts = Counter(v.strip() for v in values if isinstance(v, str) and v.strip().lower() in EMPTY and v.strip())
    return [
        Finding(
            "labels", "", f"the cells of the column {column!r} that say {name!r} ({k}) are taken for a class", "kept"
        )
        for name, k in counts.items()
    ]


def as_numbers(cells: Any) -> Array | None:
    """A column of Arrow's as float64: ``(n, 1)``, or ``(n, d)`` where its cells are lists of one length.

    NaN stands for an empty cell; None for the whole where a cell is no number.

    Example:
        >>> import pyarrow
        >>> as_numbers(pyarrow.chunked_array([["1", "2.5e1", ""]])).ravel().tolist()
        [1.0, 25.0, nan]
        >>> as_numbers(pyarrow.chunked_array([["1", "two"]])) is None
        True
    """
    import pyarrow
    from pyarrow import compute

    is_a, n = pyarrow.types, len(cells)
    if is_a.is_list(cells.type) or is_a.is_large_list(cells.type) or is_a.is_fixed_size_list(cells.type):
        lengths = compute.list_value_length(cells).unique().to_pylist()
        found = as_numbers(compute.list_flatten(cells)) if len(lengths) == 1 and lengths[0] else None
        return None if found is None else found.reshape(n, -1)
    if is_a.is_string(cells.type) or is_a.is_large_string(cells.type):
        plain = compute.utf8_trim_whitespace(cells)
        known = compute.is_in(compute.utf8_lower(plain), pyarrow.array(EMPTY))
        cells = compute.if_else(known, pyarrow.scalar(None, plain.type), plain)
    try:
        numbers = cells.cast(pyarrow.float64(), safe=False)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        return None
    return np.asarray(compute.fill_null(numbers, np.nan)).reshape(n, 1)


def dataset_of(
    path: Path,
    items: Items,
    modality: str,
    *,
    labels: Mapping[str, Sequence[Any]],
    groups: Sequence[Any] | None,
    parts: Sequence[Any] | None,
    pattern: str,
    no_labels: str,
    findings: tuple[Finding, ...],
    column: str = "",
) -> Dataset:
    """A dataset from a file's items and what stands beside each of them; None where that is not there.

    Args:
        path: of the file.
        items: ``n`` of them.
        modality: of the items.
        labels: cells ``(n,)`` of any kind, by column; empty where there are none.
        groups: ``(n,)`` of any kind.
        parts: ``(n,)``: train, val or test.
        pattern: finds groups in the items' names, if given.
        no_labels: what is said where all labels are empty.
        findings: of the reader.
        column: that the items stand in.

    Raises:
        DataError: labels that are all empty; a pattern, or parts, that cannot be used.
    """
    origin, n = str(path), len(items)
    if labels and all(is_empty(cell) for cells in labels.values() for cell in cells):
        raise DataError(no_labels, path=origin)
    own = None if groups is None else group_numbers(groups, origin)
    if pattern:
        own, ungrouped_ones = pattern_groups(_own_names(items, origin), pattern, origin)
        findings = (*findings, *ungrouped_ones)
    return Dataset(
        name=path.stem,
        items=items,
        targets=label_cells(labels, n),
        groups=own,
        part=np.full(n, "", dtype="<U5") if parts is None else part_names(parts, origin),
        origin=origin,
        modality=modality,
        findings=findings,
        column=column,
        label_columns=tuple(labels),
    )


def label_cells(labels: Mapping[str, Sequence[Any]], n: int) -> Array:
    """``(n, columns)`` cells of any kind, as a dataset holds labels before a task reads them; None where empty."""
    cells = np.full((n, max(1, len(labels))), None, dtype=object)
    for k, column in enumerate(labels.values()):
        for row, cell in enumerate(column):
            cells[row, k] = None if not _is_several(cell) and is_missing(cell) else cell
    return cells


def _is_several(cell: Any) -> bool:
    return isinstance(cell, (list, tuple, set, frozenset, np.ndarray))


def is_empty(cell: Any) -> bool:
    """Whether a label cell says nothing: missing, or blank; a list is a cell of labels, even where it has none."""
    return not _is_several(cell) and (is_missing(cell) or not str(cell).strip())


def class_numbers(values: Sequence[Any]) -> tuple[IntArray, tuple[str, ...]]:
    """Numbers ``(n,)`` and names of classes; an empty cell has no label and gets -1.

    >>> class_numbers([1.0, None, 0.0])[1]
    ('0', '1')
    """
    names = [_name(v) for v in values]
    classes = sorted({n for n in names if n}, key=_natural)
    number = {c: k for k, c in enumerate(classes)}
    return np.array([number.get(n, -1) for n in names], dtype=np.int64), tuple(classes)


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, or what pandas puts there.

    >>> is_missing(float("nan")), is_missing("nan")
    (True, False)
    """
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas's NA is neither equal to itself nor not
        return True
    except ValueError:  # an array has no one answer
        return False


def _name(value: Any) -> str:
    """``1.0`` is called ``1`` and ``True`` is called ``true``, whether the table has types or not; ``01`` stays."""
    if is_missing(value):
        return ""
    text = composed(str(value).strip())
    whole = re.fullmatch(r"(-?\d+)\.0+", text)
    return whole[1] if whole else text.lower() if text in ("True", "False", "TRUE", "FALSE") else text


def _natural(name: str) -> tuple[int, float, str]:
    """Numbers by their size, then words by their letters."""
    return (0, float(name), name) if re.fullmatch(r"-?\d+(\.\d+)?", name) else (1, 0.0, name)


def group_numbers(values: Sequence[Any], origin: str) -> IntArray:
    """``(n,)``: equal values get equal numbers, in this table and in any other; an empty cell is a group by itself."""
    numbers = {v: name_number(_name(v)) for v in set(values)}
    alone = ungrouped(len(values), origin)
    return np.array([numbers[v] if _name(v) else alone[i] for i, v in enumerate(values)], dtype=np.int64)


def _own_names(items: Items, origin: str) -> list[str]:
    """Names that came with the items.

    Raises:
        DataError: they are but numbers of rows, in which any pattern finds nonsense.
    """
    names = [items.name(i) for i in range(len(items))]
    if all(re.fullmatch(r"row \d+", name) for name in names):
        raise DataError(
            f"The items of {origin} have no paths in which --group-pattern could find groups. "
            "Needed: a column, or an array, of groups; name it with --group-column.",
            path=origin,
        )
    return names


def pattern_groups(
    names: Sequence[str], pattern: str, origin: str, searched: Sequence[str] | None = None
) -> tuple[IntArray, tuple[Finding, ...]]:
    """``(n,)``: examples whose paths agree in what the pattern's first group matches are of one group.

    Those in which it matches nothing are groups by themselves, each with a finding.

    Args:
        names: of the examples.
        pattern: a regular expression.
        origin: the folder or table, for messages.
        searched: the part of each path in which the pattern is looked for; the names if left out.

    Raises:
        DataError: not a regular expression with a group, or one that fits no path; one example is shown.

    Example:
        >>> len(set(pattern_groups(["1_ann_0.wav", "2_ann_7.wav"], r"_([a-z]+)_", "sounds/")[0].tolist()))
        1
    """
    searched = names if searched is None else searched
    try:
        found = re.compile(composed(pattern))
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        raise DataError(f"The group pattern {pattern!r} is not a regular expression: {error}.") from error
    if not found.groups:
        raise DataError(f"The group pattern {pattern!r} has no group. Needed: round brackets around what names it.")
    groups = [_name(match) for match in _first_groups(pattern, searched)]
    if not any(groups):
        raise DataError(
            f"The group pattern {pattern!r} fits no path in {origin}; the first is {searched[0]!r}. It is searched in "
            "what a table says, or in the path below a class's folder."
        )
    findings = tuple(
        Finding("ungrouped", name, f"the group pattern finds no group in {path!r}", "a group by itself")
        for name, path, group in zip(names, searched, groups, strict=True)
        if not group
    )
    return group_numbers(groups, origin), findings


def _first_groups(pattern: str, searched: Sequence[str]) -> list[str | None]:
    """The match of the pattern's first group in each path; None where it matches nothing.

    A pattern such as ``(a+)+$`` takes twice as long for every letter more, and nothing within a process stops it.

    Raises:
        ConfigError: it takes too long.
    """
    asked = json.dumps([composed(pattern), [composed(path) for path in searched]]).encode()
    try:
        said = run_isolated(_SEARCH, [], asked, seconds=PATTERN_S)
    except IsolatedTimeoutError:
        raise ConfigError(
            f"The group pattern {pattern!r} was searched for in {len(searched)} paths for {PATTERN_S} s without an "
            "end. Write it without repeats inside repeats: (a+) instead of (a+)+."
        ) from None
    groups: list[str | None] = json.loads(said)
    return groups


def ungrouped(n: int, origin: str) -> IntArray:
    """``(n,)``: a group of its own for every item of a table."""
    return np.array([name_number(f"\0{origin}\0{i}") for i in range(n)], dtype=np.int64)


def name_number(text: str) -> int:
    """A number of 63 bits for a name: the same for the same name, and no way back."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


def part_names(values: Sequence[Any], origin: str) -> Array:
    """``(n,)`` parts from a column ``split``; all empty where it means something else.

    Raises:
        DataError: some values are parts and others are not.
    """
    known = [PARTS.get(str(v).strip().lower(), "") for v in values]
    strangers = sorted({_name(v) or "an empty cell" for v, part in zip(values, known, strict=True) if not part})
    if any(known) and strangers:
        raise DataError(
            f"The column 'split' of {origin} holds {', '.join(strangers[:3])} beside train, val and test. "
            "Correct these rows, leave them out, or give the column another name.",
            path=origin,
        )
    return np.array(known, dtype="<U5")
