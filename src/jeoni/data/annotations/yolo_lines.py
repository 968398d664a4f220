"""The lines of YOLO's text files: boxes, polygons or keypoints of one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jeoni.data.annotations.notes import Fault, Notes, understood
from jeoni.data.annotations.pictures import SIZE_NOT_KNOWN, picture_size, with_ending
from jeoni.data.annotations.shapes import Shape
from jeoni.data.annotations.sources import read_text_lines
from jeoni.errors import DataError
from jeoni.types import FloatArray

__all__ = ["PICTURES", "Lines", "label_file"]

PICTURES = ("images", "image", "imgs", "img", "jpegimages")
LABELS = ("labels", "label", "annotations")
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


def label_file(picture: Path) -> Path:
    """Where the lines of a picture stand: in ``labels`` for one in ``images``, else beside it."""
    file = with_ending(picture, ".txt")
    parts = list(file.parts)
    for k in range(len(parts) - 2, -1, -1):
        if parts[k].lower() in PICTURES:
            for name in LABELS:
                folder = Path(*parts[:k], name)
                if folder.is_dir():
                    return Path(folder, *parts[k + 1 :])
    return file


@dataclass
class Lines:
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

    def all_numbers(self) -> tuple[str, ...]:
        """Classes without names, from 0 to the last that was met."""
        return tuple(str(k) for k in range(1 + max(map(int, self.numbers), default=-1)))

    def read(self, picture: Path, name: str) -> list[Shape] | None:
        """The shapes of a picture; none without a file; None where it, or the picture's size, cannot be read."""
        file = label_file(picture)
        if not file.is_file():
            return []
        size = picture_size(picture)
        if size is None:
            self.notes.add(SIZE_NOT_KNOWN, name)
            return None
        return understood(lambda: self._shapes(file, size, name), name, file.name, self.notes)

    def _shapes(self, file: Path, size: tuple[int, int], name: str) -> list[Shape]:
        numbered = [(k, line) for k, line in enumerate(read_text_lines(file), start=1) if line]
        shapes = [self._shape(line, k, file, size, name) for k, line in numbered]
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
