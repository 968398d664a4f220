"""Pascal VOC (Everingham et al. 2010): an XML file of boxes for each picture.

Pixels are counted from 1, and both ends belong to the box: ``left = xmin - 1``, ``right = xmax``, so that a box of one
pixel has a width of 1. Objects that are *difficult* are ignored, neither to be found nor false alarms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

from jeoni.data.annotations.image_sets import listed_parts, part_of
from jeoni.data.annotations.kinds import Detections
from jeoni.data.annotations.notes import Notes, understood
from jeoni.data.annotations.outputs import output_files
from jeoni.data.annotations.pictures import NONE_OF_ITS_NAME, by_stem, part_folders, pictures_in, subfolders
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.annotations.shapes import Drawn, Shape, Shaped, dataset_of_shapes
from jeoni.data.annotations.sources import begins_with, number_at, read_xml
from jeoni.data.files import list_folder, walk
from jeoni.data.kinds import composed
from jeoni.errors import DataError
from jeoni.types import Dataset

__all__ = ["VOC"]

PICTURES = ("jpegimages", "images", "image", "imgs")
FILES = ("annotations", "annotation", "xml", "xmls", "labels", "label")
CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VOC:
    """Boxes in XML files, in the folders of the VOC challenge, in folders of pictures and of files, or side by side."""

    title: ClassVar[str] = "Pascal VOC"
    tasks: ClassVar[tuple[str, ...]] = ("detection",)
    writes: ClassVar[tuple[str, ...]] = ("detection",)
    needs: ClassVar[str] = "JPEGImages/ and Annotations/ with an .xml file for each picture, or both side by side"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether XML files of the right root element lie where they belong."""
        if not root.is_dir():
            return False
        for folder in _xml_folders(root):
            first = next((path for path in list_folder(folder) if path.suffix.lower() == ".xml"), None)
            if first is not None and re.search(r"<annotation[\s/>]", begins_with(first)):
                return True
        return False

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        notes = Notes()
        pictures: list[Shaped] = []
        for folder, files_folder, part in _places(root):
            files = by_stem((f for f in walk(files_folder, root).files if f.suffix.lower() == ".xml"), files_folder)
            for stem, path in by_stem(pictures_in(folder, root, notes), folder, root, notes).items():
                name = composed(path.relative_to(root).as_posix())
                pictures.append(_read_one(path, name, files.pop(stem, None), part, notes))
            for path in files.values():
                notes.add(NONE_OF_ITS_NAME, path.relative_to(root).as_posix())
        pictures = _split(pictures, root, notes)
        return dataset_of_shapes(root, pictures, Drawn(), self.tasks[0], options, notes)

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write an XML for each picture below ``Annotations``; how sure a box is stands in ``confidence``."""
        written = []
        files = output_files(folder / "Annotations", predicted.names, ".xml", predicted.notes, PICTURES)
        everything = zip(files, predicted.names, predicted.sizes, predicted.predictions, strict=True)
        for path, name, size, prediction in everything:
            assert isinstance(prediction, Detections)
            path.parent.mkdir(parents=True, exist_ok=True)
            tree = _tree(Path(name).name, size, prediction, predicted.vocabulary)
            ElementTree.indent(tree)
            path.write_text(ElementTree.tostring(tree, encoding="unicode") + "\n", encoding="utf-8")
            written.append(path)
        return written


def _tree(name: str, size: tuple[int, int], found: Detections, names: Sequence[str]) -> ElementTree.Element:
    tree = ElementTree.Element("annotation")
    ElementTree.SubElement(tree, "filename").text = name
    stated = ElementTree.SubElement(tree, "size")
    for side, value in zip(("width", "height", "depth"), (*size, 3), strict=True):
        ElementTree.SubElement(stated, side).text = str(value)
    for box, label, score in zip(found.boxes.tolist(), found.labels.tolist(), found.scores.tolist(), strict=True):
        one = ElementTree.SubElement(tree, "object")
        ElementTree.SubElement(one, "name").text = names[label]
        ElementTree.SubElement(one, "difficult").text = "0"
        ElementTree.SubElement(one, "confidence").text = repr(score)
        corners = ElementTree.SubElement(one, "bndbox")
        left, top, right, bottom = box
        for corner, value in zip(CORNERS, (left + 1, top + 1, right, bottom), strict=True):
            ElementTree.SubElement(corners, corner).text = repr(value)
    return tree


def _xml_folders(root: Path) -> list[Path]:
    return [files for _, files, _ in _places(root)]


def _places(root: Path) -> list[tuple[Path, Path, str]]:
    """Folders of pictures, folders of their files, and the part that both are."""
    pair = _pair(root)
    if pair is not None:
        return [(*pair, "")]
    parts = part_folders(root)
    if not parts:
        return [(root, root, "")]
    return [(*(_pair(folder) or (folder, folder)), part) for part, folder in parts.items()]


def _pair(folder: Path) -> tuple[Path, Path] | None:
    """A folder of pictures and one of files within a folder."""
    below = subfolders(folder)
    pictures = next((below[name] for name in PICTURES if name in below), None)
    files = next((below[name] for name in FILES if name in below), None)
    return None if pictures is None or files is None else (pictures, files)


def _read_one(path: Path, name: str, file: Path | None, part: str, notes: Notes) -> Shaped:
    if file is None:
        return Shaped(path, name, None, part)
    shapes, stated = understood(lambda: _shapes_of(file), name, file.name, notes) or (None, (0, 0))
    return Shaped(path, name, shapes, part, stated)


def _shapes_of(file: Path) -> tuple[list[Shape], tuple[float, float]]:
    """The objects of a file, and the size of the picture that it states; zeros where it does not."""
    tree = read_xml(file)
    if tree.tag != "annotation":
        raise DataError(f"{file} holds <{tree.tag}>. Needed: <annotation>, as Pascal VOC has it.", path=str(file))
    shapes = []
    for number, one in enumerate(tree.findall("object"), start=1):
        difficult = (one.findtext("difficult") or "0").strip() == "1"
        place = f"object {number} of {file.name}"
        shapes.append(Shape(_name_of(one, number, file), place, _corners_of(one, number, file), ignored=difficult))
    size = tree.find("size")
    if size is None:
        return shapes, (0, 0)
    width, height = (number_at(size.findtext(side), f"the {side}", file) for side in ("width", "height"))
    return shapes, (width, height)


def _name_of(one: ElementTree.Element, number: int, file: Path) -> str:
    name = composed((one.findtext("name") or "").strip())
    if not name:
        raise DataError(f"{file}: object {number} has no name. Needed: <name> with its class.", path=str(file))
    return name


def _corners_of(one: ElementTree.Element, number: int, file: Path) -> tuple[float, float, float, float]:
    box = one.find("bndbox")
    if box is None:
        raise DataError(
            f"{file}: object {number} has no box. Needed: <bndbox> with {', '.join(CORNERS)}.", path=str(file)
        )
    left, top, right, bottom = (number_at(box.findtext(c), f"{c} of object {number}", file) for c in CORNERS)
    return left - 1, top - 1, right, bottom


def _split(pictures: list[Shaped], root: Path, notes: Notes) -> list[Shaped]:
    """Pictures with the parts that lists say, without those that no list names; without lists, as they are."""
    parts = listed_parts(root, "Main")
    if not parts:
        return pictures
    named = [replace(one, part=part_of(one.path, one.name, parts, notes)) for one in pictures]
    return [one for one in named if one.part]
