"""Files of arrays: features and labels in .npz and .mat, features alone in .npy. No pickle is ever loaded."""

from __future__ import annotations

import lzma
import math
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from scipy.sparse import issparse

from jeoni.data.columns import LABEL_NAMES, dataset_of
from jeoni.data.files import check_file, check_unpacked
from jeoni.data.isolated import IsolatedError, IsolatedTimeoutError
from jeoni.data.kinds import Columns, composed
from jeoni.data.matlab import load_mat
from jeoni.data.vectors import VectorItems, check_numbers, wrong_numbers
from jeoni.errors import DataError, did_you_mean
from jeoni.types import Dataset, Finding

__all__ = ["ARRAYS", "read_arrays"]

ARRAYS = (".npz", ".npy", ".mat")
_FEATURES = ("x", "features", "feature", "feats", "feat", "fts", "feas", "fea", "embeddings", "embedding", "data")
_LABELS = (*LABEL_NAMES, "targets", "classes")
_GROUPS = ("group", "groups")
_SPLIT = ("split",)
# what their readers raise on a file that is cut off or is none
_BROKEN = (
    *(ValueError, ArithmeticError, OSError, EOFError, LookupError, TypeError, SyntaxError, MemoryError),
    *(NotImplementedError, RecursionError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, TokenError),
    *(IsolatedError, IsolatedTimeoutError),
)


def read_arrays(path: Path, columns: Columns | None = None, labelled: bool = True) -> Dataset:
    """Read features ``(n, d)`` and, if they are there, labels, groups and a split, ``(n,)`` each.

    Features are the array called X, features, fts, embeddings or the like, or the only one with rows and columns;
    labels the one called y, labels, target or the like, or the only one with a value for each row. Features that lie in
    columns, as their labels' number tells, are turned.

    Args:
        path: a file that ends in one of :data:`ARRAYS`.
        columns: names of the arrays of labels and groups.
        labelled: False reads the features only, to predict.

    Raises:
        DataError: a damaged file; no features, or several; labels of another number; what are no numbers.
    """
    columns, origin = columns or Columns(), str(path)
    arrays = _load(path, columns)
    name, features = _features(arrays, columns, origin)
    rest = {k: _flat(v) for k, v in arrays.items() if k != name}
    label = _label_name(rest, columns.label, features.shape, origin)
    if labelled and not label:
        raise DataError(f"{_no_labels(path, arrays)} To predict: jeoni predict MODEL {path}", path=origin)
    turned = bool(label) and rest[label].shape[0] == features.shape[1] != features.shape[0]
    if turned:
        features = features.T
    features = features.tocsr() if issparse(features) else features
    n = features.shape[0]
    findings = check_numbers(features, origin)
    items = VectorItems(features)
    group, split = (_first(rest, usual) for usual in (_GROUPS, _SPLIT))
    group = _wanted(rest, columns.group, "group", origin) or group
    for what in filter(None, (label, group, split)):
        _check_length(what, rest[what], n, origin)
    if turned:
        told = f"the features {name!r} are {features.shape[1]} x {n}: items lie in columns, as their labels tell"
        findings.append(Finding("turned", "", told, "turned"))
    return dataset_of(
        path,
        items,
        "vector",
        labels={label: _values(rest[label])} if labelled else {},
        groups=_values(rest[group]) if labelled and group else None,
        parts=_values(rest[split]) if labelled and split else None,
        pattern=columns.pattern,
        no_labels=f"The labels {label!r} in {origin} are all empty.",
        findings=tuple(findings),
    )


def _load(path: Path, columns: Columns) -> dict[str, Any]:
    """All arrays by name; of a .npy, which has one, it is called X, and stays on the disk."""
    size = check_file(path, most=sys.maxsize)
    try:
        if path.suffix.lower() == ".mat":
            return load_mat(path, size)
        if path.suffix.lower() == ".npy":
            return {"X": np.load(path, mmap_mode="r", allow_pickle=False)}
        check_unpacked(path, _declared(path), size)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            members = {composed(name): _member(found, name) for name in found.files}
    except _BROKEN as error:
        raise DataError(
            f"{path} cannot be read: {_reason(error)}. Save it again.",
            path=str(path),
        ) from error
    wanted = (*_FEATURES, *_LABELS, columns.label.lower(), columns.group.lower())
    pickled = next((name for name, v in members.items() if v is None and name.lower() in wanted), "")
    if pickled:
        raise DataError(
            f"{pickled!r} in {path} holds Python objects, which only pickle loads, and pickle may run code. Save it as "
            f"plain numbers or words, such as {pickled}.astype(str).",
            path=str(path),
        )
    return {name: value for name, value in members.items() if value is not None}


def _declared(path: Path) -> int:
    """Bytes of all arrays of an archive, as the archive and the arrays' own headers say; nothing is unpacked.

    Raises:
        ValueError: they contradict each other; an array as large as its header claims would be made before that shows.
    """
    total = 0
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                claimed = _claimed(member)
            if claimed > info.file_size:
                raise ValueError(f"{info.filename} claims {claimed:,} bytes and has {info.file_size:,}")
            total += info.file_size
    return total


def _claimed(member: IO[bytes]) -> int:
    """Bytes of the array that follows a header; 0 where there is none, or where it holds objects."""
    from numpy.lib import format as npy

    magic = member.read(npy.MAGIC_LEN)
    if not magic.startswith(npy.MAGIC_PREFIX):
        return 0
    read = npy.read_array_header_1_0 if magic[-2] == 1 else npy.read_array_header_2_0
    shape, _, dtype = read(member)
    return 0 if dtype.hasobject else math.prod(shape) * dtype.itemsize


def _member(found: Any, name: str) -> Any:
    """One array; None where it could be loaded by pickle only."""
    try:
        return found[name]
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        return None


def _reason(error: Exception) -> str:
    """The reader's message; of what is neither an array nor an archive of arrays, NumPy says that it is a pickle."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:160]
    if "Python objects" in said or "Object arrays" in said:
        return "it holds Python objects, which only pickle loads, and pickle may run code"
    return "it is damaged, or not what its ending says" if "pickle" in said else f"it is damaged ({said.rstrip('.')})"


def _features(arrays: Mapping[str, Any], columns: Columns, origin: str) -> tuple[str, Any]:
    """The one array of features: by its name, else because no other has rows and columns.

    Raises:
        DataError: none, or several; what are no real numbers.
    """
    known = {k: v for k, v in arrays.items() if v.ndim == 2 and k not in (columns.label, columns.group)}
    named = [k for k in known if k.lower() in _FEATURES]
    found = named or [k for k, v in known.items() if min(v.shape) > 1 and v.dtype.kind in "biufc"]
    if len(found) > 1:
        raise DataError(
            f"{origin} holds several arrays that may be the features: {', '.join(found)}. "
            "Save the one that is meant under the name X, without the others.",
            path=origin,
        )
    if not found:
        raise DataError(
            f"{origin} holds no features. Needed: one array of numbers with a row for each item, called X best. "
            f"There: {_listed(arrays)}.",
            path=origin,
        )
    if reason := wrong_numbers(known[found[0]]):
        raise DataError(f"The features {found[0]!r} in {origin} are {reason}; real numbers are needed.", path=origin)
    return found[0], known[found[0]]


def _listed(arrays: Mapping[str, Any]) -> str:
    """``X (5, 3) float64, y (5,) int64``."""
    return ", ".join(f"{k} {tuple(v.shape)} {v.dtype}" for k, v in list(arrays.items())[:8]) or "nothing"


def _label_name(rest: Mapping[str, Any], wanted: str, shape: tuple[int, int], origin: str) -> str:
    """The array of labels: named by the user, of a usual name, or the only one with a value for each item."""
    if found := _wanted(rest, wanted, "label", origin) or _first(rest, _LABELS):
        if rest[found].ndim != 1 or rest[found].shape[0] not in shape:
            raise DataError(
                f"The labels {found!r} in {origin} are {_size(rest[found])}, the features {shape[0]} x {shape[1]}: "
                "one label for each row is needed.",
                path=origin,
            )
        return found
    apart = (*_GROUPS, *_SPLIT)
    fitting = [k for k, v in rest.items() if v.shape == shape[:1] and k.lower() not in apart]
    return fitting[0] if len(fitting) == 1 else ""


def _size(array: Any) -> str:
    return " x ".join(map(str, array.shape)) if array.ndim else "one value"


def _wanted(rest: Mapping[str, Any], wanted: str, what: str, origin: str) -> str:
    """The name that the user gave.

    Raises:
        DataError: there is none of that name.
    """
    if wanted and wanted not in rest:
        raise DataError(
            f"{origin} has no array {wanted!r} of {what}s.{did_you_mean(wanted, list(rest))} "
            f"Its other arrays: {', '.join(rest) or 'none'}.",
            path=origin,
        )
    return wanted


def _first(rest: Mapping[str, Any], usual: Sequence[str]) -> str:
    by_name = {k.lower(): k for k in reversed(list(rest))}
    return next((by_name[name] for name in usual if name in by_name), "")


def _check_length(name: str, values: Any, n: int, origin: str) -> None:
    if values.shape != (n,):
        raise DataError(
            f"{name!r} in {origin} is {_size(values)}; one value for each of {n} rows is needed.", path=origin
        )


def _no_labels(path: Path, arrays: Mapping[str, Any]) -> str:
    if path.suffix.lower() == ".npy":
        return f"{path} holds features without labels. Save both: np.savez('{path.stem}.npz', X=X, y=y)."
    return (
        f"No array of {path} is known to hold the labels. Call it y, or name it with --label-column. "
        f"There: {_listed(arrays)}."
    )


def _flat(array: Any) -> Any:
    """``(n, 1)`` and ``(1, n)``, as MATLAB keeps what has one direction, to ``(n,)``; of sparse ones too."""
    if array.ndim != 2 or 1 not in array.shape:
        return array
    return (array.toarray() if issparse(array) else array).ravel()


def _values(array: Any) -> list[Any]:
    """As Python's own: numbers, words, and MATLAB's cells with one value each."""
    found = [v.ravel()[0] if isinstance(v, np.ndarray) and v.size == 1 else v for v in array.tolist()]
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in found]
