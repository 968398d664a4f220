"""From a path to a Dataset: folders per class, tables, saved datasets, hub ids. Nothing is decoded here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from jeoni.data.columns import PARTS, ungrouped
from jeoni.data.items import FileItems, JoinedItems
from jeoni.data.saved import is_saved, read_hub, read_saved
from jeoni.data.tables import TABLES, read_table
from jeoni.errors import DataError
from jeoni.types import Dataset, IntArray

__all__ = ["IMAGE_SUFFIXES", "load_data", "load_items"]

IMAGE_SUFFIXES = frozenset(
    f".{s}"
    for s in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "tif", "tiff", "webp"),
        *("ppm", "pgm", "pbm", "pnm", "jp2", "j2k", "avif", "tga"),
    )
)
NO_CLASSES = ("__MACOSX", "__pycache__")


def load_data(
    path: str | Path,
    *,
    image_column: str = "",
    label_column: str = "",
    group_column: str = "",
    test: str | Path = "",
    single_class: bool = False,
) -> Dataset:
    """Read labelled data.

    Args:
        path: a folder with one folder per class, with or without ``train``, ``val`` and ``test`` above; a CSV, TSV,
            JSONL or Parquet file with a column of paths (relative to the file) and one of labels; a folder that
            ``datasets`` saved; or the id of a dataset on the hub.
        image_column: the column of paths; recognised by its name if left out.
        label_column: the column of labels; recognised by its name if left out.
        group_column: a column whose groups are never split.
        test: an own test set, of any of these kinds; a part ``test`` of the data then joins the training part.
        single_class: allow one class only, as a test set may hold.

    Raises:
        DataError: what is missing, or cannot be understood, and how to mend it.
    """
    data = _read(str(path), image_column, label_column, group_column)
    if test:
        data = _with_test(data, _read(str(test), image_column, label_column, group_column))
    if group_column and data.groups is None:
        raise DataError(f"{path} has no columns, so no groups {group_column!r}. Groups need a table with that column.")
    if len(data.class_names) < 2 and not single_class:
        raise DataError(
            f"{path} holds one class only ({', '.join(data.class_names) or 'none'}); a classifier needs at least two. "
            "Put the images of each class in a folder of their own, or name the column with --label-column."
        )
    return data


def load_items(path: str | Path) -> Dataset:
    """Read examples without labels, to predict: one image, a folder (searched through), or a table.

    Raises:
        DataError: nothing there.
    """
    where = Path(path)
    if where.suffix.lower() in TABLES and where.is_file():
        return read_table(where, labelled=False)
    if where.is_file():
        return _unlabelled([where], [str(path)], where)
    if not where.is_dir():
        raise DataError(f"{path} does not exist. Needed: an image, a folder of images, or a table.", path=str(path))
    if is_saved(where):
        return read_saved(where, labelled=False)
    files = sorted(_images(where))
    if not files:
        raise DataError(f"{path} holds no images ({_suffixes()}).", path=str(path))
    return _unlabelled(files, [f.relative_to(where).as_posix() for f in files], where)


def _read(path: str, image_column: str, label_column: str, group_column: str) -> Dataset:
    where = Path(path)
    if where.is_file():
        if where.suffix.lower() not in TABLES:
            raise DataError(
                f"{path} is one file, not labelled data. Needed: a folder with one folder per class, or a table "
                f"({', '.join(TABLES)}). To predict a single image: jeoni predict MODEL {path}",
                path=path,
            )
        return read_table(where, image_column, label_column, group_column)
    if where.is_dir():
        if is_saved(where):
            return read_saved(where, image_column, label_column, group_column)
        return _read_folder(where)
    if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", path) and where.suffix.lower() not in (*TABLES, *IMAGE_SUFFIXES):
        return read_hub(path, image_column, label_column, group_column)
    raise DataError(f"{path} does not exist. Needed: a folder per class, a table, or a dataset's id.", path=path)


def _read_folder(root: Path) -> Dataset:
    """A folder per class, perhaps below folders named for the parts of a split."""
    folders = _folders(root)
    parts = {f: PARTS[f.name.lower()] for f in folders if f.name.lower() in PARTS}
    split = any(_folders(f) for f in parts) or {"train", "test"} <= set(parts.values())
    flat = [f.name for f in parts if split and not _folders(f)]
    if flat:
        raise DataError(
            f"{root} is split into {', '.join(f.name for f in parts)}, but in {' and in '.join(flat)} are no folders "
            f"named for classes. Needed: {root.name}/{flat[0]}/CLASS/image.jpg. "
            f"To predict: jeoni predict MODEL {root / flat[0]}",
            path=str(root),
        )
    tops = [(c, p) for f, p in parts.items() for c in _folders(f)] if split else [(c, "") for c in folders]
    names, paths, labels, part = [], [], [], []
    for folder, which in tops:
        for file in sorted(_images(folder)):
            paths.append(str(file))
            names.append(file.relative_to(root).as_posix())
            labels.append(folder.name)
            part.append(which)
    if not paths:
        raise _nothing_in(root)
    classes = sorted({folder.name for folder, _ in tops})
    number = {c: k for k, c in enumerate(classes)}
    return Dataset(
        name=root.resolve().name,
        items=FileItems(paths, names),
        labels=np.array([number[c] for c in labels], dtype=np.int64),
        class_names=tuple(classes),
        part=np.array(part, dtype="<U5"),
        origin=str(root),
    )


def _nothing_in(root: Path) -> DataError:
    loose = sum(1 for f in root.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES)
    if loose:
        return DataError(
            f"{root} holds {loose} images, but not in folders named for their classes. Needed: "
            f"{root.name}/CLASS/image.jpg, or a table with a column of labels. To predict: jeoni predict MODEL {root}",
            path=str(root),
        )
    if not any(root.iterdir()):
        return DataError(f"{root} is empty. Needed: one folder per class with images in it.", path=str(root))
    return DataError(f"{root} holds no images ({_suffixes()}) in folders named for their classes.", path=str(root))


def _with_test(data: Dataset, test: Dataset) -> Dataset:
    """Both, the second one as the test part."""
    strangers = sorted(set(test.class_names) - set(data.class_names))
    if strangers:
        raise DataError(
            f"The test set holds classes that the training data do not: {', '.join(strangers[:5])}. "
            f"The training data hold {', '.join(data.class_names[:20])}."
        )
    number = {c: k for k, c in enumerate(data.class_names)}
    own = np.array([*(number[c] for c in test.class_names), -1], dtype=np.int64)
    before = np.where(data.part == "test", "train", data.part)
    return replace(
        data,
        items=JoinedItems(data.items, test.items),
        labels=np.concatenate([data.labels, own[test.labels]]),
        groups=_joined_groups(data, test),
        part=np.concatenate([before, np.full(len(test), "test", dtype="<U5")]),
    )


def _joined_groups(data: Dataset, test: Dataset) -> IntArray | None:
    if data.groups is None:
        return None
    own = ungrouped(len(test), test.origin) if test.groups is None else test.groups
    return np.concatenate([data.groups, own])


def _unlabelled(files: Sequence[Path], names: Sequence[str], where: Path) -> Dataset:
    items = FileItems([str(f) for f in files], names)
    return Dataset(where.stem, items, np.full(len(files), -1, dtype=np.int64), (), origin=str(where))


def _folders(root: Path) -> list[Path]:
    return sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith(".") and f.name not in NO_CLASSES)


def _images(root: Path) -> Iterator[Path]:
    """Images anywhere below, hidden files and folders left out; links are followed, but no folder is entered twice."""
    seen = {os.path.realpath(root)}
    for folder, below, files in os.walk(root, followlinks=True):
        below[:] = [b for b in sorted(below) if not b.startswith(".") and _enter(Path(folder) / b, seen)]
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122
                yield Path(folder) / name


def _enter(folder: Path, seen: set[str]) -> bool:
    real = os.path.realpath(folder)
    new = real not in seen
    seen.add(real)
    return new


def _suffixes() -> str:
    return ", ".join(sorted(IMAGE_SUFFIXES)[:6]) + " …"
