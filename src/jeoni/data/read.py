"""From a path to a Dataset: folders per class, tables, saved datasets, hub ids. Nothing is decoded here."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from jeoni.data.annotations.read import ANNOTATED, read_annotated
from jeoni.data.annotations.vocabulary import joined_annotations
from jeoni.data.arrays import ARRAYS, read_arrays
from jeoni.data.columns import PARTS, label_cells, pattern_groups, ungrouped
from jeoni.data.dicom import known_name
from jeoni.data.files import list_folder, open_file, special_kind, walk
from jeoni.data.item_columns import joined_lines
from jeoni.data.items import JoinedItems
from jeoni.data.kinds import MODALITIES, SUFFIXES, Columns, composed, found_at, modality_of, plural
from jeoni.data.pairs import load_labelled_in_memory
from jeoni.data.saved import is_saved, read_hub, read_saved
from jeoni.data.scans import with_scans
from jeoni.data.stored import is_stored, read_stored
from jeoni.data.tables import TABLES, read_table
from jeoni.data.text_items import named_files
from jeoni.data.volumes import volume_error
from jeoni.data.workbooks import split_sheet
from jeoni.errors import ConfigError, DataError
from jeoni.locale import Said
from jeoni.types import Dataset, Finding, IntArray, Items

__all__ = ["load_items", "load_labelled", "with_test"]

OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers")
NO_CLASSES = ("__MACOSX", "__pycache__")
HUB, HUB_ID = "hub:", r"\w[\w.-]*/\w[\w.-]*"
LONGEST = 200  # letters of a path that are shown
TEXTS_THEMSELVES = (
    ' Texts themselves go in a list: predict(["A lovely film."]); on the command line, in a .txt file or a table.'
)


def load_labelled(data: Any, columns: Columns) -> Dataset:
    """Read labelled data; no task has read their labels yet: ``targets`` are cells. See :func:`jeoni.load_data`.

    Args:
        data: a path, ``hub:owner/name``, or what is in memory; see :func:`load_labelled_in_memory`.
        columns: what the user named.

    Raises:
        DataError: what is missing, or cannot be understood, and how to mend it.
        ConfigError: both a column and a pattern of groups.
    """
    if columns.group and columns.pattern:
        raise ConfigError(
            f"Groups come from the column {columns.group!r} or from the pattern {columns.pattern!r}, not from both. "
            "Leave out --group-column or --group-pattern."
        )
    if not isinstance(data, (str, os.PathLike)):
        return with_scans(load_labelled_in_memory(data, columns), columns.frames)
    found = _read(str(data), columns)
    if columns.group and found.groups is None:
        raise DataError(f"{data} has no columns, so no groups {columns.group!r}. Groups need a table with that column.")
    return with_scans(found, columns.frames)


def load_items(
    path: str | Path, modality: str = "image", column: str = "", kept: str = "", frames: str = "middle"
) -> Dataset:
    """Read examples without labels, to predict: one file, a folder (searched through), or a table.

    Args:
        path: what to read.
        modality: of the files that are meant.
        column: of a table; recognised by its name if left out.
        kept: the column that held such examples before: taken where there is one, and none is named.
        frames: of DICOM files of several frames, those that are examples: ``middle`` or ``all``.

    Raises:
        DataError: nothing there.
    """
    return with_scans(_read_items(path, modality, column, kept), frames)


def _read_items(path: str | Path, modality: str, column: str, kept: str) -> Dataset:
    if is_stored(str(path)):
        return read_stored(str(path), modality, labelled=False)
    where = Path(path)
    file, _ = split_sheet(where)
    there = found_at(file)
    columns = Columns(modality=modality, kept=kept)
    if column and columns.modality:
        columns = columns.naming(column)
    if file.suffix.lower() in TABLES and there == "file":
        return read_table(where, columns, labelled=False)
    if where.suffix.lower() in ARRAYS and there == "file":
        return read_arrays(where, labelled=False)
    if there == "file" and where.suffix.lower() in OTHER_WORKBOOKS:
        raise _one_file(where)
    if there == "file":
        if volume := volume_error([where], where):
            raise volume
        return _unlabelled([where], [str(path)], where, modality_of([where.name]) or modality)
    one_file = modality not in SUFFIXES
    if kind := special_kind(path) if not there else "":
        raise DataError(f"{_shown(path)} is {kind}. Needed: a file or a folder.", path=str(path))
    if there != "folder" or one_file:
        what = f"features ({', '.join(ARRAYS)})" if one_file else f"a file, a folder of {plural(modality)},"
        came = "is a folder" if there else "does not exist"
        mend = "" if there or modality != "text" else TEXTS_THEMSELVES
        raise DataError(f"{_shown(path)} {came}. Needed: {what} or a table.{mend}", path=str(path))
    if is_saved(where):
        return read_saved(where, columns, labelled=False)
    walked = walk(where)
    files = [f for f in walked.files if _suffix(known_name(f)) in SUFFIXES[modality]]
    skipped = walked.findings(where)
    if not files:
        if volume := volume_error(walked.files, where):
            raise volume
        said = f"{path} holds no {plural(modality)} ({_suffixes(modality)}).{_first_skipped(skipped)}"
        raise DataError(said, path=str(path))
    found = _unlabelled(files, [f.relative_to(where).as_posix() for f in files], where, modality)
    return replace(found, findings=(*found.findings, *skipped))


def _read(path: str, columns: Columns) -> Dataset:
    if path.startswith(HUB):
        return read_hub(_hub_id(path), columns)
    if is_stored(path):
        return read_stored(path)
    where = Path(path)
    file, _ = split_sheet(where)
    there = found_at(file)
    annotated = _annotated(file, there, columns)
    if annotated is not None:
        return annotated
    if there == "file":
        if file.suffix.lower() in ARRAYS:
            return read_arrays(where, columns)
        if file.suffix.lower() not in TABLES:
            raise _one_file(where)
        return read_table(where, columns)
    if there == "folder":
        if is_saved(where):
            return read_saved(where, columns)
        return _read_folder(where, columns.pattern)
    if kind := special_kind(path):
        raise DataError(f"{_shown(path)} is {kind}. Needed: a file or a folder.", path=path)
    if re.fullmatch(HUB_ID, path):
        raise DataError(Said("error.no_such_path_hub", path=_shown(path), hub=f"{HUB}{path}"), path=path)
    raise DataError(Said("error.no_such_path", path=_shown(path)), path=path)


def _annotated(path: Path, there: str, columns: Columns) -> Dataset | None:
    """Pictures with annotations, where a format of such recognises the path; None where none does.

    Raises:
        ConfigError: options of annotations for other data.
    """
    may_be = there == "folder" or (there == "file" and path.suffix.lower() in ANNOTATED)
    found = None
    if may_be and not is_saved(path):
        found = read_annotated(path, columns.task, columns.classes, columns.void, columns.pattern)
    if found is None and (columns.classes or columns.void):
        option = "--class-names" if columns.classes else "--void"
        raise ConfigError(
            f"{option} is about pictures with masks, boxes or keypoints, and {path} holds none that are recognised. "
            "Leave it out, or say what they are for: --task detection, segmentation, pose or anomaly."
        )
    return found


def _hub_id(path: str) -> str:
    """The id behind the prefix, without which nothing is asked of the hub: a path with a typo stays on this machine."""
    name = path.removeprefix(HUB)
    if not re.fullmatch(HUB_ID, name):
        raise DataError(f"{_shown(path)} is no dataset of the hub. Needed: {HUB}OWNER/NAME.", path=path)
    return name


def _shown(path: str | Path) -> str:
    """A path, or what came in its place, which may be long."""
    return str(path) if len(str(path)) <= LONGEST else f"{str(path)[:LONGEST]} …"


def _one_file(path: Path) -> DataError:
    if volume := volume_error([path], path):
        return volume
    if path.suffix.lower() in OTHER_WORKBOOKS:
        said = f"{path} is a workbook of a kind that is not read. Save it as .xlsx, or its sheet as CSV in UTF-8."
        return DataError(said, path=str(path))
    mend: str = Said("error.to_predict_one", path=str(path))
    with open_file(path) as file:
        first = [line for line in islice(iter(partial(file.readline, 1 << 16), b""), 5) if line.strip()]
    for mark, what, ending in ((b"\t", "tabs", ".tsv"), (b",", "commas", ".csv")):
        if path.suffix.lower() in SUFFIXES["text"] and len(first) > 1 and all(mark in line for line in first):
            mend = Said("error.perhaps_a_table", what=what, name=path.with_suffix(ending).name, mend=mend)
            break
    kinds = {"tables": ", ".join(TABLES), "arrays": ", ".join(ARRAYS)}
    return DataError(Said("error.one_file", path=str(path), mend=mend, **kinds), path=str(path))


def _read_folder(root: Path, pattern: str) -> Dataset:
    """A folder per class, perhaps below folders named for the parts of a split."""
    folders = _folders(root)
    parts = {f: PARTS[f.name.lower()] for f in folders if f.name.lower() in PARTS}
    split = any(_folders(f) for f in parts) or {"train", "test"} <= set(parts.values())
    flat = [f for f in parts if split and not _folders(f)]
    if flat:
        raise DataError(
            f"{root} is split into {', '.join(f.name for f in parts)}, but in {' and in '.join(f.name for f in flat)} "
            f"are no folders named for classes. Needed: {root.name}/{flat[0].name}/{_example(flat[0])}. "
            f"To predict: jeoni predict MODEL {flat[0]}",
            path=str(root),
        )
    tops = [(c, p) for f, p in parts.items() for c in _folders(f)] if split else [(c, "") for c in folders]
    walks = [walk(folder, root) for folder, _ in tops]
    skipped = [finding for walked in walks for finding in walked.findings(root)]
    found = [
        (file, folder, which) for (folder, which), walked in zip(tops, walks, strict=True) for file in walked.files
    ]
    told = [known_name(file) for file, _, _ in found]
    modality = modality_of(told)
    belong = [bool(modality) and _suffix(name) in SUFFIXES[modality] for name in told]
    kept = [entry for entry, belongs in zip(found, belong, strict=True) if belongs]
    if not kept:
        raise _nothing_in(root, skipped)
    others = sum(bool(modality_of([name])) for name in told) - len(kept)
    names = [file.relative_to(root).as_posix() for file, _, _ in kept]
    below = [file.relative_to(folder).as_posix() for file, folder, _ in kept]
    groups, missed = pattern_groups(names, pattern, str(root), below) if pattern else (None, ())
    items, findings = named_files([str(file) for file, _, _ in kept], names, modality)
    filled = {composed(folder.name) for _, folder, _ in kept}
    empty = {composed(folder.name) for folder, _ in tops if not folder.is_symlink()} - filled
    findings += [Finding("empty_class", "", f"the class {name} has no items", "left out") for name in sorted(empty)]
    if others:
        strangers = f"{others} files that are not {plural(modality)} lie among them"
        findings.append(Finding("ignored", "", strangers, "left out"))
    return Dataset(
        name=root.resolve().name,
        items=items,
        targets=label_cells({"class": [composed(folder.name) for _, folder, _ in kept]}, len(kept)),
        groups=groups,
        part=np.array([which for _, _, which in kept], dtype="<U5"),
        origin=str(root),
        modality=modality,
        findings=(*findings, *missed, *skipped),
    )


def _first_skipped(skipped: Sequence[Finding]) -> str:
    """A sentence on what was left out, where something was."""
    if not skipped:
        return ""
    return f" Skipped: {len(skipped)}, the first because {skipped[0].path}: {skipped[0].detail.rstrip('.')}."


def _nothing_in(root: Path, skipped: Sequence[Finding]) -> DataError:
    if skipped:
        return DataError(f"{root} holds nothing that can be read.{_first_skipped(skipped)}", path=str(root))
    if volume := volume_error(walk(root).files, root):
        return volume
    loose = [known_name(f) for f in root.iterdir() if modality_of([known_name(f)])]
    if loose:
        what = modality_of(loose)
        shown = {"n": str(len(loose)), "items": plural(what), "example": f"{root.name}/{_example(root)}"}
        return DataError(Said("error.no_class_folders", root=str(root), **shown), path=str(root))
    if not any(root.iterdir()):
        return DataError(Said("error.empty_folder", root=str(root)), path=str(root))
    known = "; ".join(f"{plural(m)}: {_suffixes(m)}" for m in MODALITIES)
    return DataError(Said("error.nothing_to_read", root=str(root), known=known), path=str(root))


def _example(folder: Path) -> str:
    """Where a file such as those in the folder should lie."""
    what = modality_of(known_name(f) for f in folder.iterdir()) or "image"
    return f"CLASS/{what}{next(iter(SUFFIXES[what]))}"


def with_test(data: Dataset, test: Dataset) -> Dataset:
    """Both, the second one as the test part.

    Raises:
        DataError: of another modality, or with other columns of labels.
    """
    if test.modality != data.modality:
        there, here = plural(test.modality), plural(data.modality)
        raise DataError(f"The test set holds {there}, the training data {here}; both must be alike.")
    if test.targets.shape[1:] != data.targets.shape[1:]:
        of_test, own = (d.targets.shape[1] if d.targets.ndim > 1 else 1 for d in (test, data))
        raise DataError(f"The test set has {of_test} columns of labels, the training data {own}.")
    before = np.where(data.part == "test", "train", data.part)
    items = _WithTest(data.items, test.items)
    targets, held_out = joined_annotations(data.targets, test.targets)
    return replace(
        data,
        items=items,
        targets=np.concatenate([targets, held_out]),
        groups=_joined_groups(data, test),
        part=np.concatenate([before, np.full(len(test), "test", dtype="<U5")]),
        findings=(*data.findings, *(_of_test(f, items.mark) for f in test.findings)),
        lines=joined_lines(data, test),
    )


class _WithTest(JoinedItems):
    """The items and those of an own test set, which are told apart where some of both have one name."""

    def __init__(self, items: Items, test: Items) -> None:
        super().__init__(items, test)
        self.mark = "test " if _share_names(items, test) else ""

    def name(self, index: int) -> str:
        """``test row 12`` of the test set, if there is a ``row 12`` elsewhere."""
        return super().name(index) if index < len(self._parts[0]) else self.mark + super().name(index)


def _share_names(items: Items, test: Items) -> bool:
    if items.name(0) == test.name(0):  # as rows do; names of embedded images are not read for nothing
        return True
    names = {items.name(i) for i in range(len(items))}
    return any(test.name(i) in names for i in range(len(test)))


def _of_test(finding: Finding, mark: str) -> Finding:
    return replace(finding, path=finding.path and mark + finding.path, detail=f"in the test set, {finding.detail}")


def _joined_groups(data: Dataset, test: Dataset) -> IntArray | None:
    if data.groups is None:
        return None
    own = ungrouped(len(test), test.origin) if test.groups is None else test.groups
    return np.concatenate([data.groups, own])


def _unlabelled(files: Sequence[Path], names: Sequence[str], where: Path, modality: str) -> Dataset:
    items, findings = named_files([str(f) for f in files], names, modality)
    return Dataset(
        name=where.stem,
        items=items,
        targets=label_cells({}, len(files)),
        origin=str(where),
        modality=modality,
        findings=tuple(findings),
    )


def _folders(root: Path) -> list[Path]:
    return [f for f in list_folder(root) if f.is_dir() and f.name not in NO_CLASSES]


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _suffixes(modality: str) -> str:
    known = SUFFIXES[modality]
    return ", ".join(islice(known, 6)) + (" …" if len(known) > 6 else "")
