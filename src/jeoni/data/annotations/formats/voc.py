"""Pascal VOC (Everingham et al. 2010): an XML file of boxes for each picture.

Pixels are counted from 1, and both ends belong to the box: ``left = xmin - 1``, ``right = xmax``, so that a box of one
pixel has a width of 1. Objects that are *difficult* are ignored, neither to be found nor false alarms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np

from jeoni.data.annotations.checks import BAD_SIZE, checked_boxes, same_size
from jeoni.data.annotations.kinds import Boxes
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.pictures import (
    Picture,
    by_stem,
    dataset_of_pictures,
    part_folders,
    picture_size,
    pictures_in,
    subfolders,
)
from jeoni.data.annotations.protocol import ReadOptions
from jeoni.data.annotations.sources import begins_with, number_at, read_text_lines, read_xml
from jeoni.data.columns import PARTS
from jeoni.data.files import list_folder, walk
from jeoni.data.kinds import composed
from jeoni.errors import DataError
from jeoni.types import Dataset

__all__ = ["VOC"]

PICTURES = ("jpegimages", "images", "image", "imgs")
FILES = ("annotations", "annotation", "xml", "xmls", "labels", "label")
SPLITS = ("ImageSets", "Main")
NO_PICTURE = Fault("no_picture", "no picture of its name is there", "no picture of its name is there", "left out")
NO_SPLIT = Fault("in_no_split", "no file of ImageSets/Main names it", "no file of ImageSets/Main names it", "left out")
TWO_SPLITS = Fault(
    "leak",
    "more than one file of ImageSets/Main names it",
    "{n} files of ImageSets/Main name it",
    "removed from training",
)
CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VOC:
    """Boxes in XML files, in the folders of the VOC challenge, in folders of pictures and of files, or side by side."""

    title: ClassVar[str] = "Pascal VOC"
    tasks: ClassVar[tuple[str, ...]] = ("detection",)
    needs: ClassVar[str] = "JPEGImages/ and Annotations/ with an .xml file for each picture, or both side by side"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether XML files of the right root element lie where they belong."""
        if not root.is_dir():
            return False
        for folder in _xml_folders(root):
            first = next((path for path in list_folder(folder) if path.suffix.lower() == ".xml"), None)
            if first is not None and re.search(r"<annotation[\s>]", begins_with(first)):
                return True
        return False

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        notes = Notes()
        pictures: list[Picture] = []
        for pictures_folder, files_folder, part in _places(root):
            files = by_stem((f for f in walk(files_folder, root).files if f.suffix.lower() == ".xml"), files_folder)
            found = by_stem(pictures_in(pictures_folder, root, notes), pictures_folder)
            for stem in sorted({*files, *found}):
                picture = _read_one(stem, found, files, root, part, options, notes)
                if picture is not None:
                    pictures.append(picture)
        pictures = _split(pictures, _split_files(root), notes)
        names = {name for one in pictures if isinstance(one.annotation, Boxes) for name in one.annotation.names}
        options.check_void(sorted(names))
        return dataset_of_pictures(root, pictures, options, notes)


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


def _read_one(
    stem: str,
    pictures: Mapping[str, Path],
    files: Mapping[str, Path],
    root: Path,
    part: str,
    options: ReadOptions,
    notes: Notes,
) -> Picture | None:
    if stem not in pictures:
        notes.add(NO_PICTURE, files[stem].relative_to(root).as_posix())
        return None
    path = pictures[stem]
    name = composed(path.relative_to(root).as_posix())
    boxes = _boxes_of(files[stem], path, name, options, notes) if stem in files else None
    return Picture(path, name, boxes, part)


def _boxes_of(file: Path, picture: Path, name: str, options: ReadOptions, notes: Notes) -> Boxes | None:
    tree = read_xml(file)
    if tree.tag != "annotation":
        raise DataError(f"{file} holds <{tree.tag}>. Needed: <annotation>, as Pascal VOC has it.", path=str(file))
    size = picture_size(picture)
    stated = tree.find("size")
    if stated is not None:
        width, height = (number_at(stated.findtext(side), f"the {side}", file) for side in ("width", "height"))
        if not same_size((width, height), size):
            notes.add(BAD_SIZE, name, f"{file.name} says {width:g} x {height:g}")
            return None
    objects = tree.findall("object")
    names = [_name_of(one, number, file) for number, one in enumerate(objects, start=1)]
    corners = [_corners_of(one, number, file) for number, one in enumerate(objects, start=1)]
    ignored = [
        own in options.void or (one.findtext("difficult") or "0").strip() == "1"
        for own, one in zip(names, objects, strict=True)
    ]
    places = [f"object {number} of {file.name}" for number in range(1, len(objects) + 1)]
    boxes = np.array(corners, dtype=np.float64).reshape(-1, 4)
    return checked_boxes(boxes, names, ignored, size, notes, name, places)


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


def _split_files(root: Path) -> dict[str, set[str]]:
    """Stems of pictures by part; ``trainval`` only where nothing tells the two apart."""
    folder = root.joinpath(*SPLITS)
    if not folder.is_dir():
        return {}
    listed: dict[str, set[str]] = {}
    for path in list_folder(folder):
        if path.suffix == ".txt" and path.stem in (*PARTS, "trainval"):
            listed[path.stem] = {composed(line.split()[0]) for line in read_text_lines(path) if line}
    both = listed.pop("trainval", set())
    parts: dict[str, set[str]] = {}
    for name, stems in listed.items():
        parts.setdefault(PARTS[name], set()).update(stems)
    if both and "train" not in parts:
        parts["train"] = both - parts.get("val", set())
    return parts


def _split(pictures: list[Picture], parts: Mapping[str, set[str]], notes: Notes) -> list[Picture]:
    """Pictures with the parts that the lists say; without lists, as they are."""
    if not any(parts.values()):
        return pictures
    kept = []
    for picture in pictures:
        own = [part for part in ("test", "val", "train") if picture.path.stem in parts.get(part, ())]
        if not own:
            notes.add(NO_SPLIT, picture.name)
            continue
        if len(own) > 1:
            for _ in own[1:]:
                notes.add(TWO_SPLITS, picture.name)
        kept.append(Picture(picture.path, picture.name, picture.annotation, own[0]))
    return kept
