"""YOLO (Redmon et al. 2016), as Ultralytics' tools write it: a text file of lines for each picture, and ``data.yaml``.

A line is ``class cx cy width height``, in shares of the picture's width and height; of polygons ``class x y x y …``; of
keypoints the box and then ``x y`` or ``x y visible`` for each, as ``kpt_shape`` says. A sixth number of a box is how
sure it is, and is passed over. A picture without a text file, or with an empty one, holds no object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from jeoni.data.annotations.class_tables import TABLE_NAMES, read_class_table
from jeoni.data.annotations.kinds import Detections
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.pictures import is_picture, part_folders, picture_size, pictures_in, subfolders
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.annotations.shapes import Drawn, Shape, Shaped, dataset_of_shapes, offered
from jeoni.data.annotations.sources import begins_with, read_text_lines, read_yaml
from jeoni.data.columns import PARTS
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed, spelled
from jeoni.errors import DataError
from jeoni.types import Dataset, FloatArray

__all__ = ["YOLO"]

PICTURES = ("images", "image", "imgs", "img", "jpegimages")
LABELS = ("labels", "label", "annotations")
YAMLS = (".yaml", ".yml")
NUMBER = r"[-+]?[\d.]+(?:[eE][-+]?\d+)?"
FIRST = 5  # pictures that are looked at, to recognise the format
DARKNET = ("obj.names", "predefined_classes.txt")
BOX = 5  # numbers of a line: class, middle, width and height
FEWEST = 7  # numbers of a line that is a polygon
SLACK = 0.01  # of a picture's width, that rounding may put a number outside
NO_CLASS = Fault(
    "unknown_class", "a line is of a class that has no name", "{n} lines are of classes that have no name", "left out"
)
OUTSIDE = Fault(
    "outside_shares",
    "a line holds numbers that do not lie between 0 and 1",
    "{n} lines hold numbers that do not lie between 0 and 1",
    "left out",
)


@dataclass(frozen=True)
class YOLO:
    """Text files in ``labels/`` for the pictures in ``images/``."""

    title: ClassVar[str] = "YOLO"
    tasks: ClassVar[tuple[str, ...]] = ("detection", "segmentation", "pose")
    writes: ClassVar[tuple[str, ...]] = ("detection",)
    needs: ClassVar[str] = "data.yaml, images/ and labels/ with a .txt file for each picture"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether ``data.yaml`` names classes, or text files of numbers lie in ``labels``."""
        if _yaml_of(root) is not None:
            return True
        return root.is_dir() and any(_holds_lines(place) for place in _found_places(root))

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        notes = Notes()
        file = _yaml_of(root)
        folder = root if root.is_dir() else root.parent
        config = {} if file is None else read_yaml(file)
        places = _stated_places(config, file, notes) if file is not None else _found_places(root)
        names = _names(config, file, folder, options)
        keypoints, values_each = _keypoints(config, file)
        reader = _Lines(names, len(keypoints), values_each, notes)
        pictures: list[Shaped] = []
        for place in places:
            pictures.extend(_pictures_of(place, folder, reader, notes))
        there = offered(pictures) or self.tasks
        task = options.wanted or ("pose" if keypoints else there[0])
        drawn = Drawn(names or tuple(sorted(reader.numbers, key=int)), keypoints)
        return dataset_of_shapes(root, pictures, drawn, task, options, notes)

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write ``labels/`` with a text file for each picture, and ``data.yaml``."""
        written = []
        everything = zip(predicted.names, predicted.sizes, predicted.predictions, strict=True)
        for name, (width, height), prediction in everything:
            assert isinstance(prediction, Detections)
            inner = Path(*(part for part in Path(name).parts if part.lower() not in PICTURES))
            path = folder / "labels" / inner.with_suffix(".txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            middles = (prediction.boxes[:, :2] + prediction.boxes[:, 2:]) / 2
            shares = np.concatenate([middles, prediction.boxes[:, 2:] - prediction.boxes[:, :2]], axis=1)
            shares /= np.tile(np.array([width, height], dtype=np.float64), 2)
            rows = zip(prediction.labels.tolist(), shares.tolist(), prediction.scores.tolist(), strict=True)
            lines = [" ".join([str(label), *(f"{v:.8f}" for v in (*own, score))]) for label, own, score in rows]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            written.append(path)
        config = folder / "data.yaml"
        listed = "".join(f"  {k}: {_quoted(name)}\n" for k, name in enumerate(predicted.vocabulary))
        config.write_text(f"path: .\ntrain: images\nval: images\nnames:\n{listed}", encoding="utf-8")
        return [*written, config]


@dataclass(frozen=True)
class _Place:
    """A folder of pictures, or a file that lists them."""

    pictures: Path
    part: str


def _quoted(name: str) -> str:
    """A name as YAML reads it back, whatever is in it: JSON's strings are YAML's."""
    return json.dumps(name, ensure_ascii=False)


def _yaml_of(root: Path) -> Path | None:
    """``data.yaml``, or the only YAML file that names classes and pictures."""
    if root.is_file():
        return root if root.suffix.lower() in YAMLS and _is_config(root) else None
    if not root.is_dir():
        return None
    found = [path for path in list_folder(root) if path.suffix.lower() in YAMLS and _is_config(path)]
    named = [path for path in found if path.stem in ("data", "dataset")]
    return (named or found)[0] if len(named or found) == 1 else None


def _is_config(path: Path) -> bool:
    keys = {line.split(":")[0].strip() for line in begins_with(path).splitlines() if ":" in line}
    return ("names" in keys or "nc" in keys) and bool(keys & {"train", "val", "test", "path"})


def _stated_places(config: Mapping[str, Any], file: Path, notes: Notes) -> list[_Place]:
    """What ``train``, ``val`` and ``test`` say: folders of pictures, or files that list them."""
    places: list[_Place] = []
    for key, part in PARTS.items():
        stated = config.get(key)
        if stated is None:
            continue
        for written in stated if isinstance(stated, list) else [stated]:
            found = _resolved(str(written), str(config.get("path", "") or ""), file)
            if found is None:
                notes.tell("no_picture", file.name, f"{key}: {written} is not there", "left out")
            elif any(place.pictures == found for place in places):
                notes.tell("same_part", file.name, f"{key}: {written} is another part as well", "left out of this part")
            else:
                places.append(_Place(found, part))
    if not places:
        raise DataError(
            f"{file} says where pictures lie (train, val, test), but nothing is there. Correct the paths: they are "
            f"relative to {file.parent}, or to what its key path says.",
            path=str(file),
        )
    return places


def _resolved(written: str, base: str, file: Path) -> Path | None:
    """A path of ``data.yaml``: relative to its key ``path``, or to the file; Roboflow's go up one folder too far."""
    folders = (file.parent / base, file.parent)
    choices = [folder / written for folder in folders]
    choices += [file.parent / written.replace("../", "", 1)] if written.startswith("../") else []
    return next((path for path in choices if path.exists()), None)


def _found_places(root: Path) -> list[_Place]:
    """A folder ``images``, with parts within or above it; else pictures with text files beside them."""
    own = _folder_of_pictures(root)
    parts = part_folders(own or root)
    if parts:
        return [_Place(_folder_of_pictures(folder) or folder, part) for part, folder in parts.items()]
    return [_Place(own or root, "")]


def _folder_of_pictures(folder: Path) -> Path | None:
    below = subfolders(folder)
    return next((below[name] for name in PICTURES if name in below), None)


def _label_file(picture: Path) -> Path:
    """Where the lines of a picture stand: in ``labels`` for one in ``images``, else beside it."""
    parts = list(picture.parent.parts)
    for k in range(len(parts) - 1, -1, -1):
        if parts[k].lower() in PICTURES:
            for name in LABELS:
                folder = Path(*parts[:k], name)
                if folder.is_dir():
                    return Path(folder, *parts[k + 1 :], f"{picture.stem}.txt")
    return picture.with_suffix(".txt")


def _holds_lines(place: _Place) -> bool:
    """Whether the first pictures of a folder have text files of numbers."""
    if not place.pictures.is_dir():
        return False
    pictures = [path for path in list_folder(place.pictures) if is_picture(path)][:FIRST]
    texts = [begins_with(_label_file(path)) for path in pictures]
    filled = [text for text in texts if text.strip()]
    return bool(filled) and all(re.match(rf"\d+(\s+{NUMBER}){{4,}}\s*$", text.splitlines()[0]) for text in filled)


def _names(config: Mapping[str, Any], file: Path | None, folder: Path, options: ReadOptions) -> tuple[str, ...]:
    """The names of classes by their numbers; empty where nothing says them."""
    stated = config.get("names")
    if stated:
        if options.classes is not None:
            options.refuse_classes(YOLO.title)
        return _listed(stated, file)
    if options.classes is not None:
        return options.classes.names
    table = next((folder / name for name in (*TABLE_NAMES, *DARKNET) if (folder / name).is_file()), None)
    return () if table is None else read_class_table(table).names


def _listed(stated: Any, file: Path | None) -> tuple[str, ...]:
    """Names, from a list or from a dictionary by number."""
    if isinstance(stated, list):
        return tuple(composed(str(name)) for name in stated)
    whole = isinstance(stated, dict) and all(isinstance(key, int) for key in stated)
    if not whole or sorted(stated) != list(range(len(stated))):
        raise DataError(
            f"{file} names classes as {str(stated)[:60]!r}. Needed: a list, or a dictionary of the numbers from 0 on.",
            path=str(file),
        )
    return tuple(composed(str(stated[key])) for key in sorted(stated))


def _keypoints(config: Mapping[str, Any], file: Path | None) -> tuple[tuple[str, ...], int]:
    """The names of keypoints, and how many numbers stand for each; none where the lines are of boxes."""
    shape = config.get("kpt_shape")
    if shape is None:
        return (), 0
    if (
        not isinstance(shape, list)
        or len(shape) != 2
        or not all(isinstance(one, int) for one in shape)
        or shape[1] not in (2, 3)
    ):
        raise DataError(
            f"{file} has the kpt_shape {shape}. Needed: how many keypoints, and 2 or 3 numbers for each, as [17, 3].",
            path=str(file),
        )
    count, each = shape
    stated = config.get("kpt_names")
    if isinstance(stated, dict) and stated:
        stated = next(iter(stated.values()))
    if isinstance(stated, list) and len(stated) == count:
        return tuple(composed(str(name)) for name in stated), each
    return tuple(str(k) for k in range(count)), each


def _pictures_of(place: _Place, folder: Path, reader: _Lines, notes: Notes) -> list[Shaped]:
    if place.pictures.is_dir():
        files = pictures_in(place.pictures, folder if place.pictures.is_relative_to(folder) else place.pictures, notes)
    else:
        files = _listed_pictures(place.pictures, folder)
    found = []
    for path in files:
        name = composed(path.relative_to(folder).as_posix()) if path.is_relative_to(folder) else str(path)
        found.append(Shaped(path, name, reader.read(path, name), place.part))
    return found


def _listed_pictures(file: Path, folder: Path) -> list[Path]:
    """Pictures that stand in a file, a path in each line, relative to it or to the folder of ``data.yaml``."""
    paths = []
    for line in read_text_lines(file):
        choices = [Path(spelled(base / line)) for base in (file.parent, folder) if line]
        paths.extend(next(([path] for path in choices if path.is_file()), []))
    return paths


@dataclass
class _Lines:
    """Reads the lines of text files.

    Attributes:
        names: of classes; empty: they are called by their numbers.
        keypoints: how many each object has.
        each: numbers of a keypoint.
        notes: is told of lines that cannot be used.
        numbers: of the classes that were met.
    """

    names: tuple[str, ...]
    keypoints: int
    each: int
    notes: Notes
    numbers: set[str] = field(default_factory=set)

    def read(self, picture: Path, name: str) -> list[Shape] | None:
        """The shapes of a picture; none without a file; None where the file cannot be read."""
        file = _label_file(picture)
        size = picture_size(picture)
        if not file.is_file() or size is None:
            return []
        try:
            shapes = [
                self._shape(line, k, file, size, name) for k, line in enumerate(read_text_lines(file), start=1) if line
            ]
        except DataError as error:
            self.notes.tell("unreadable_annotation", name, str(error), "skipped")
            return None
        return [shape for shape in shapes if shape is not None]

    def _shape(self, line: str, number: int, file: Path, size: tuple[int, int], name: str) -> Shape | None:
        values = self._values(line, number, file)
        place = f"line {number} of {file.name}"
        label = int(values[0])
        if self.names and label >= len(self.names):
            self.notes.add(NO_CLASS, name, f"{place}: {label}")
            return None
        shares = values[1:BOX] if self.keypoints or len(values) < FEWEST else values[1:]
        if min(shares) < -SLACK or max(shares) > 1 + SLACK:
            self.notes.add(OUTSIDE, name, place)
            return None
        class_name = self.names[label] if self.names else str(label)
        self.numbers.add(class_name)
        scale = np.array(size, dtype=np.float64)
        if not self.keypoints and len(values) >= FEWEST:
            return Shape(class_name, place, rings=(np.array(values[1:]).reshape(-1, 2) * scale,))
        box = _corners(values[1:BOX], scale)
        if not self.keypoints:
            return Shape(class_name, place, box)
        triples = np.array(values[BOX:]).reshape(self.keypoints, self.each)
        points = triples[:, :2] * scale
        hidden = triples[:, 2] == 0 if self.each > 2 else ~triples.any(axis=1)
        points[hidden] = np.nan
        return Shape(class_name, place, box, points=points)

    def _values(self, line: str, number: int, file: Path) -> list[float]:
        try:
            values = [float(cell) for cell in line.split()]
        except ValueError:
            values = []
        count = len(values)
        if self.keypoints:
            right = count in (BOX + self.keypoints * self.each, BOX + 1 + self.keypoints * self.each)
        else:
            right = count in (BOX, BOX + 1) or (count >= FEWEST and count % 2 == 1)
        whole = right and values[0] >= 0 and values[0] == int(values[0]) and bool(np.isfinite(values).all())
        if not whole:
            needed = (
                f"a class and {BOX - 1 + self.keypoints * self.each} numbers"
                if self.keypoints
                else ("a class and the 4 numbers of a box, or the corners of a polygon")
            )
            raise DataError(
                f"{file}, line {number}: {line[:60]!r} is not understood. Needed: {needed}.", path=str(file), row=number
            )
        return values[: BOX + self.keypoints * self.each] if self.keypoints else values


def _corners(values: Sequence[float], scale: FloatArray) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in pixels, of the middle, width and height in shares."""
    x, y, width, height = values
    shares = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    left, top, right, bottom = (shares * np.tile(scale, 2)).tolist()
    return left, top, right, bottom
