"""DeepLabCut (Mathis et al. 2018): keypoints of the animals of each picture, in a CSV of three or four header lines.

Its coordinates are those of the plot that one clicks in, where the middle of the first pixel is 0; half a pixel is
added, as the middle is 0.5 here. An empty cell is a point that is not visible. A project, the folder of a video, or the
CSV file itself is read. Of several animals (multi-animal DeepLabCut, Lauer et al. 2022) the box is that around its
points; points that are no animal's own (``single``) are passed over.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from jeoni.data.annotations.checks import checked_points
from jeoni.data.annotations.kinds import Keypoints, Skeleton, Subjects
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.outputs import new_file
from jeoni.data.annotations.pictures import (
    NO_PICTURE,
    Picture,
    dataset_of_pictures,
    folder_of,
    picture_size,
    subfolders,
)
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.annotations.sources import begins_with, read_text_lines
from jeoni.data.annotations.subjects import subject_box, subjects_from
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed, spelled
from jeoni.errors import ConfigError, DataError
from jeoni.locale import Said
from jeoni.types import Dataset, FloatArray

__all__ = ["DeepLabCut"]

HEADERS = ("scorer", "bodyparts", "coords")
WITH_INDIVIDUALS = ("scorer", "individuals", "bodyparts", "coords")
PROJECT = "labeled-data"
MIDDLE = 0.5  # of the first pixel, where DeepLabCut has 0
UNIQUE = "single"  # individual: points that stand for themselves, beside those of animals
NOT_THERE = Fault("no_keypoints", "none of its keypoints is given", "none of its keypoints is given", "kept")


@dataclass(frozen=True)
class DeepLabCut:
    """Keypoints of one subject for each picture, or of several."""

    title: ClassVar[str] = "DeepLabCut"
    tasks: ClassVar[tuple[str, ...]] = ("pose",)
    writes: ClassVar[tuple[str, ...]] = ("pose",)
    needs: ClassVar[str] = "a CSV with the header lines scorer, bodyparts and coords beside the pictures"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether there is a CSV that begins with the line of scorers."""
        return bool(_tables(root))

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        options.check_void(())
        notes = Notes()
        pictures: list[Picture] = []
        names: tuple[str, ...] = ()
        tables = [_read_table(path) for path in _tables(root)]
        several = any(table.points.shape[1] > 1 for table in tables)
        for table in tables:
            path = table.path
            if names and set(names) != set(table.names):
                raise DataError(
                    f"{path} is of the keypoints {', '.join(table.names)}, other tables of {', '.join(names)}. "
                    "All must be of the same.",
                    path=str(path),
                )
            names = names or table.names
            pictures.extend(_pictures_of(table, names, root, notes, several))
        return dataset_of_pictures(root, pictures, options, notes)

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write ``CollectedData_jeoni.csv``."""
        folder.mkdir(parents=True, exist_ok=True)
        path = new_file(folder / "CollectedData_jeoni.csv")
        both = [name for name in predicted.vocabulary for _ in "xy"]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["scorer", *("jeoni" for _ in both)])
            writer.writerow(["bodyparts", *both])
            writer.writerow(["coords", *("x" if k % 2 == 0 else "y" for k in range(len(both)))])
            for name, skeleton in zip(predicted.names, predicted.predictions, strict=True):
                if not isinstance(skeleton, Skeleton):
                    raise ConfigError(Said("dense.one_skeleton", title=self.title))
                cells = ["" if np.isnan(value) else repr(float(value)) for value in skeleton.points.ravel() - MIDDLE]
                writer.writerow([name, *cells])
        return [path]


@dataclass(frozen=True, eq=False)
class _Table:
    path: Path
    names: tuple[str, ...]
    pictures: tuple[str, ...]  # as the table names them
    points: FloatArray  # (n, s, k, 2) of each animal


def _tables(root: Path) -> list[Path]:
    """The tables of a project, of a folder, or the one that was named."""
    if root.is_file():
        return [root] if root.suffix.lower() == ".csv" and begins_with(root).startswith("scorer,") else []
    if not root.is_dir():
        return []
    folders = [root]
    project = subfolders(root).get(PROJECT)
    if project is not None:
        folders += list(subfolders(project).values())
    elif root.name == PROJECT:
        folders += list(subfolders(root).values())
    found = [path for folder in folders for path in list_folder(folder) if path.suffix.lower() == ".csv"]
    return [path for path in found if begins_with(path).startswith("scorer,")]


def _read_table(path: Path) -> _Table:
    rows = [row for row in csv.reader(line for line in read_text_lines(path) if line) if row]
    heads = WITH_INDIVIDUALS if len(rows) > 1 and rows[1][0] == "individuals" else HEADERS
    header, body = rows[: len(heads)], rows[len(heads) :]
    if tuple(row[0] for row in header) != heads:
        came = ", ".join(row[0] for row in header)
        raise DataError(f"{path} begins with the lines {came}. Needed: {', '.join(HEADERS)}.", path=str(path))
    width = len(header[0])
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise DataError(
                f"{path}: row {number} has {len(row)} cells; the first has {width}.", path=str(path), row=number
            )
    first = 1 + _blanks(header[0][1:])  # later versions split the path of a picture into three columns
    animals = header[1][first:] if heads is WITH_INDIVIDUALS else [""] * (width - first)
    names, columns = _columns_by_animal(animals, header[-2][first:], header[-1][first:], path)
    points = np.full((len(body), len(columns), len(names), 2), np.nan)
    for i, row in enumerate(body):
        for j, of_animal in enumerate(columns):
            for k, pair in enumerate(of_animal):
                points[i, j, k] = [_number(row[first + column], path, len(heads) + i + 1) for column in pair]
    pictures = tuple(composed("/".join(cell for cell in row[:first] if cell).replace("\\", "/")) for row in body)
    return _Table(path, names, pictures, points)


def _blanks(cells: Sequence[str]) -> int:
    return next((k for k, cell in enumerate(cells) if cell), 0)


def _columns_by_animal(
    animals: Sequence[str], parts: Sequence[str], coords: Sequence[str], path: Path
) -> tuple[tuple[str, ...], list[list[tuple[int, int]]]]:
    """Names of keypoints, and of each animal their columns."""
    named = list(dict.fromkeys(animals))
    named = [animal for animal in named if animal != UNIQUE] or named
    found: list[list[tuple[int, int]]] = []
    names: tuple[str, ...] = ()
    for animal in named:
        where = [k for k, one in enumerate(animals) if one == animal]
        own, pairs = _columns([parts[k] for k in where], [coords[k] for k in where], path)
        names = names or own
        if sorted(own) != sorted(names):
            raise DataError(
                f"{path}: the individual {animal} has the keypoints {', '.join(own)}, {named[0]} has "
                f"{', '.join(names)}. All must have the same.",
                path=str(path),
            )
        order = [own.index(name) for name in names]
        found.append([(where[pairs[k][0]], where[pairs[k][1]]) for k in order])
    return names, found


def _columns(parts: Sequence[str], coords: Sequence[str], path: Path) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    """Names of keypoints, and the columns of their x and y; likelihoods are passed over."""
    found: dict[str, dict[str, int]] = {}
    for column, (part, coord) in enumerate(zip(parts, coords, strict=True)):
        found.setdefault(composed(part), {})[coord] = column
    lacking = [part for part, own in found.items() if not {"x", "y"} <= own.keys()]
    if lacking or not found:
        which = f"of {lacking[0]!r}" if lacking else "of any keypoint"
        raise DataError(f"{path} lacks a column of x or y {which}. Needed: both for each keypoint.", path=str(path))
    return tuple(found), [(own["x"], own["y"]) for own in found.values()]


def _number(cell: str, path: Path, row: int) -> float:
    if not cell.strip():
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        raise DataError(
            f"{path}: row {row} holds {cell!r}. Needed: a number, or nothing.", path=str(path), row=row
        ) from None


def _pictures_of(table: _Table, names: tuple[str, ...], root: Path, notes: Notes, several: bool) -> list[Picture]:
    order = [table.names.index(name) for name in names]
    base = folder_of(root)
    pictures = []
    for written, points in zip(table.pictures, table.points[:, :, order] + MIDDLE, strict=True):
        path = _picture_at(written, table.path, base)
        if path is None:
            notes.add(NO_PICTURE, written)
            continue
        name = composed(path.relative_to(base).as_posix()) if path.is_relative_to(base) else written
        size = picture_size(path)
        checked = np.stack([checked_points(one, names, size, notes, name) for one in points])
        if np.isnan(checked).all():
            notes.add(NOT_THERE, name)
        pictures.append(Picture(path, name, _annotation(checked, names, size, several)))
    return pictures


def _annotation(
    points: FloatArray, names: tuple[str, ...], size: tuple[int, int] | None, several: bool
) -> Keypoints | Subjects:
    """Of points ``(s, k, 2)``; an animal of which fewer than two are visible has no box, and is left out of several."""
    if not several:
        return Keypoints(points[0], names)
    boxed = [(one, subject_box(one, None, size)) for one in points]
    return subjects_from(names, [(one, box, 0.0, False) for one, box in boxed if box is not None])


def _picture_at(written: str, table: Path, base: Path) -> Path | None:
    """The file of a picture: below the project, beside the table, or where the path says."""
    relative = Path(written)
    places = [
        base / relative,
        table.parent / relative,
        table.parent / relative.name,
        *(up / relative for up in table.parents[1:3]),
    ]
    for place in places:
        found = Path(spelled(place))
        if found.is_file():
            return found
    return None
