"""CVAT (Sekachev et al. 2020), "CVAT for images 1.1": one XML of shapes for all pictures.

Coordinates are continuous, from 0 at the left edge of the first pixel. Shapes cover each other by their ``z_order``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from xml.etree.ElementTree import Element

import numpy as np

from jeoni.data.annotations.notes import Fault, Notes, understood
from jeoni.data.annotations.pictures import NO_PICTURE, folder_of, only_file, pictures_in
from jeoni.data.annotations.polygons import ellipse
from jeoni.data.annotations.protocol import ReadOptions
from jeoni.data.annotations.runs import Runs
from jeoni.data.annotations.shapes import Drawn, Shape, Shaped, dataset_of_shapes, offered
from jeoni.data.annotations.sources import begins_with, number_at, read_xml
from jeoni.data.columns import PARTS
from jeoni.data.kinds import composed, spelled
from jeoni.errors import DataError
from jeoni.types import Dataset, FloatArray

__all__ = ["CVAT"]

CORNERS = ("xtl", "ytl", "xbr", "ybr")
NOT_NAMED = Fault("unlabelled", "the XML does not name it", "the XML does not name it", "left out")
OTHER = Fault(
    "other_shape", "a shape is of a kind that is not read", "{n} shapes are of kinds that are not read", "left out"
)


@dataclass(frozen=True)
class CVAT:
    """Boxes, polygons, ellipses, masks, points and skeletons in ``annotations.xml``."""

    title: ClassVar[str] = "CVAT for images"
    tasks: ClassVar[tuple[str, ...]] = ("detection", "segmentation", "pose")
    needs: ClassVar[str] = "annotations.xml, exported as CVAT for images 1.1, and images/"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether an XML begins as CVAT's do."""
        return _file_of(root) is not None

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        notes = Notes()
        file = _file_of(root)
        assert file is not None
        tree = read_xml(file)
        if tree.find("track") is not None and tree.find("image") is None:
            raise DataError(
                f"{file} holds tracks of a video. Export it as CVAT for images 1.1, which has the shapes of each "
                "frame.",
                path=str(file),
            )
        folder = folder_of(root)
        there = pictures_in(folder, folder, notes)
        pictures: list[Shaped] = []
        for image in tree.findall("image"):
            picture = _picture(image, folder, there, file, notes)
            if picture is not None:
                pictures.append(picture)
        named = {picture.path for picture in pictures}
        for path in there:
            if path not in named:
                notes.add(NOT_NAMED, path.relative_to(folder).as_posix())
        tasks = offered(pictures) or self.tasks
        return dataset_of_shapes(root, pictures, Drawn(in_order=True), options.wanted or tasks[0], options, notes)


def _file_of(root: Path) -> Path | None:
    """The XML of a folder, or the one that was named."""
    return only_file(root, ".xml", lambda path: bool(re.search(r"<annotations[\s>]", begins_with(path))))


def _picture(image: Element, folder: Path, there: list[Path], file: Path, notes: Notes) -> Shaped | None:
    written = composed(image.get("name") or "")
    path = _picture_at(written, image.get("subset") or "", folder, there)
    if path is None:
        notes.add(NO_PICTURE, written)
        return None
    name = composed(path.relative_to(folder).as_posix())
    part = PARTS.get((image.get("subset") or "").lower(), "")
    where = f"{written} in {file.name}"
    shapes, size = understood(lambda: _read(image, written, file, name, notes), name, where, notes) or (None, (0, 0))
    return Shaped(path, name, shapes, part, size)


def _picture_at(written: str, subset: str, folder: Path, there: list[Path]) -> Path | None:
    if not written:
        return None
    for place in (folder / "images" / written, folder / written, folder / "images" / subset / written):
        found = Path(spelled(place))
        if found.is_file():
            return found
    alike = [path for path in there if composed(path.name) == Path(written).name]
    return alike[0] if len(alike) == 1 else None


def _read(image: Element, written: str, file: Path, name: str, notes: Notes) -> tuple[list[Shape], tuple[float, float]]:
    """The shapes of a picture, and the size of it that is stated."""
    width = number_at(image.get("width"), f"the width of {written}", file)
    height = number_at(image.get("height"), f"the height of {written}", file)
    return _shapes(image, (round(width), round(height)), file, name, notes), (width, height)


def _shapes(image: Element, size: tuple[int, int], file: Path, name: str, notes: Notes) -> list[Shape]:
    placed = [(f"{one.tag} {number} of {name}", one) for number, one in enumerate(image, start=1)]
    shapes: list[Shape] = []
    for place, one in sorted(placed, key=lambda pair: _number_or_zero(pair[1], "z_order", pair[0], file)):
        read = KINDS.get(one.tag)
        if read is not None:
            shapes.extend(read(one, place, size, file))
        elif one.tag != "tag":  # a tag is of the whole picture
            notes.add(OTHER, name, place)
    return shapes


def _label(one: Element, place: str, file: Path) -> str:
    label = composed((one.get("label") or "").strip())
    if not label:
        raise DataError(f"{file}: {place} has no label.", path=str(file))
    return label


def _numbers(one: Element, names: tuple[str, ...], place: str, file: Path) -> list[float]:
    return [number_at(one.get(name), f"{name} of {place}", file) for name in names]


def _number_or_zero(one: Element, name: str, place: str, file: Path) -> float:
    return number_at(one.get(name) or "0", f"{name} of {place}", file)


def _box(one: Element, place: str, size: tuple[int, int], file: Path) -> list[Shape]:
    left, top, right, bottom = _numbers(one, CORNERS, place, file)
    turned = _number_or_zero(one, "rotation", place, file)
    label = _label(one, place, file)
    if not turned:
        return [Shape(label, place, (left, top, right, bottom))]
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) - middle
    angle = np.deg2rad(turned)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [Shape(label, place, rings=(corners @ turn + middle,))]


def _points_of(one: Element, place: str, file: Path) -> FloatArray:
    pairs = [pair.split(",") for pair in (one.get("points") or "").split(";") if pair]
    try:
        points = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    except ValueError:
        points = np.zeros((0, 2))
    if not len(points) or not np.isfinite(points).all():
        raise DataError(f"{file}: {place} has no points. Needed: pairs x,y with ; between.", path=str(file))
    return points


def _polygon(one: Element, place: str, size: tuple[int, int], file: Path) -> list[Shape]:
    points = _points_of(one, place, file)
    if len(points) < 3:
        raise DataError(f"{file}: {place} has {len(points)} corners. Needed: three or more.", path=str(file))
    return [Shape(_label(one, place, file), place, rings=(points,))]


def _points(one: Element, place: str, size: tuple[int, int], file: Path) -> list[Shape]:
    label = _label(one, place, file)
    return [Shape(label, place, point=(x, y)) for x, y in _points_of(one, place, file).tolist()]


def _skeleton(one: Element, place: str, size: tuple[int, int], file: Path) -> list[Shape]:
    """The points of a skeleton, but those that are outside of the picture or were not placed."""
    placed = [point for point in one.findall("points") if point.get("outside") != "1"]
    return [shape for point in placed for shape in _points(point, place, size, file)]


def _ellipse(one: Element, place: str, size: tuple[int, int], file: Path) -> list[Shape]:
    x, y, across, down = _numbers(one, ("cx", "cy", "rx", "ry"), place, file)
    ring = ellipse(np.array([x, y]), across, down, _number_or_zero(one, "rotation", place, file))
    return [Shape(_label(one, place, file), place, rings=(ring,))]


def _mask(one: Element, place: str, size: tuple[int, int], file: Path) -> list[Shape]:
    """Runs by rows, within a box."""
    left, top, width, height = (int(v) for v in _numbers(one, ("left", "top", "width", "height"), place, file))
    counts = [int(v) for v in re.findall(r"\d+", one.get("rle") or "")]
    inside = 0 <= left < left + width <= size[0] and 0 <= top < top + height <= size[1]
    if sum(counts) != width * height or not inside:
        raise DataError(f"{file}: the runs of {place} do not fill its box of {width} x {height}.", path=str(file))
    on = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(height, width)
    whole = np.zeros((size[1], size[0]), dtype=bool)
    whole[top : top + height, left : left + width] = on
    return [Shape(_label(one, place, file), place, runs=Runs.of(whole))]


Reader = Callable[[Element, str, tuple[int, int], Path], list[Shape]]
KINDS: Mapping[str, Reader] = {
    "box": _box,
    "polygon": _polygon,
    "points": _points,
    "skeleton": _skeleton,
    "ellipse": _ellipse,
    "mask": _mask,
}
