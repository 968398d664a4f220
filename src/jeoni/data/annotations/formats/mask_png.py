"""Masks as pictures: beside each photograph one of the same size, whose pixels are numbers or colours of classes.

A palette's mask is read by its index. 255, and classes called void, unlabelled or ignore, say nothing of a pixel.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from jeoni.data.annotations.class_tables import TABLE_NAMES, ClassTable, read_class_table
from jeoni.data.annotations.image_sets import listed_parts, part_of
from jeoni.data.annotations.kinds import LabelMap
from jeoni.data.annotations.legends import legend_of
from jeoni.data.annotations.masks import Legend, MaskFile
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.outputs import new_file, output_files
from jeoni.data.annotations.palette import palette
from jeoni.data.annotations.pictures import (
    NONE_OF_ITS_NAME,
    Picture,
    by_stem,
    dataset_of_pictures,
    is_picture,
    part_folders,
    picture_size,
    pictures_in,
    subfolders,
    tell_layout,
    without_ending,
)
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.columns import PARTS
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed
from jeoni.errors import ConfigError
from jeoni.types import Dataset

__all__ = ["MaskPNG"]

PICTURES = ("images", "image", "imgs", "img", "jpegimages")
MASKS = ("masks", "mask", "labels", "label", "annotations", "annotation", "annots", "annot", "segmentationclass")
BESIDE = ("annot", "_annot", "annotations", "_annotations", "_labels", "_label", "labels", "_masks", "_mask", "masks")
ENDINGS = ("", "_mask", "_masks", "_label", "_labels", "_gt", "_seg", "_segmentation", "_L", "_P")
ENOUGH = 0.5  # of the first pictures that have a mask, to be recognised
FIRST = 50
BAD_SIZE = Fault("size_mismatch", "its mask is of another size", "its mask is of another size", "skipped")
VOID_PIXEL = 255


@dataclass(frozen=True)
class MaskPNG:
    """Two folders, of pictures and of masks, paired by their names."""

    title: ClassVar[str] = "Masks beside pictures"
    tasks: ClassVar[tuple[str, ...]] = ("segmentation",)
    writes: ClassVar[tuple[str, ...]] = ("segmentation",)
    needs: ClassVar[str] = "images/ and masks/ with a .png mask of the same name for each picture"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether pictures lie in two folders, of such names, and most of them pair."""
        return root.is_dir() and any(_pair_up(place) for place in _places(root))

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        notes = Notes()
        tell_layout("pictures and masks", self.tasks[0], options, notes)
        pairs: list[_Pair] = []
        for place in _places(root):
            pairs.extend(_pairs_of(place, root, notes))
        pairs = _split(pairs, root, notes)
        masks = {pair.mask.relative_to(root).as_posix(): pair.mask for pair in pairs if pair.mask is not None}
        table = options.classes or _table_in(root)
        legend, unreadable = legend_of(masks, table, options.void, notes)
        damaged = {masks[name] for name in unreadable}
        readable = [pair for pair in pairs if pair.mask not in damaged]
        pictures = [picture for pair in readable if (picture := _picture(pair, legend, notes)) is not None]
        return dataset_of_pictures(root, pictures, options, notes)

    def masks_in(self, root: Path) -> list[Path]:
        """The masks of a folder that was recognised, by names only."""
        found: list[Path] = []
        for place in _places(root):
            inside = by_stem(pictures_in(place.masks, root, Notes()), place.masks)
            if place.pictures == place.masks:
                inside = {own: inside[own] for stem in inside if (own := place.own(stem, inside))}
            found.extend(inside.values())
        return found

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write a PNG with a palette for each picture below ``masks``, and ``classes.csv``.

        Raises:
            ConfigError: more classes than a palette holds.
        """
        if len(predicted.vocabulary) > VOID_PIXEL:
            raise ConfigError(
                f"A PNG with a palette holds {VOID_PIXEL} classes, and there are {len(predicted.vocabulary)}. Write "
                "them as COCO's JSON."
            )
        colours = palette(len(predicted.vocabulary))
        written = []
        table = new_file(folder / "classes.csv")
        files = output_files(folder / "masks", predicted.names, ".png", predicted.notes)
        for path, prediction in zip(files, predicted.predictions, strict=True):
            assert isinstance(prediction, LabelMap)
            path.parent.mkdir(parents=True, exist_ok=True)
            labels = np.where(prediction.labels < 0, VOID_PIXEL, prediction.labels).astype(np.uint8)
            image = Image.fromarray(labels).convert("P")
            image.putpalette(colours.ravel().tolist())
            image.save(path)
            written.append(path)
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "r", "g", "b"])
            writer.writerows(
                [name, *colour] for name, colour in zip(predicted.vocabulary, colours.tolist(), strict=False)
            )
        return [*written, table]


@dataclass(frozen=True)
class _Pair:
    path: Path
    name: str
    mask: Path | None
    part: str


def _picture(pair: _Pair, legend: Legend, notes: Notes) -> Picture | None:
    """A picture and its mask; None where the mask is of another size."""
    if pair.mask is None:
        return Picture(pair.path, pair.name, None, pair.part)
    mask, size = MaskFile(str(pair.mask), legend), picture_size(pair.path)
    if size is not None and mask.size() != size:
        width, height = mask.size()
        notes.add(BAD_SIZE, pair.name, f"{width} x {height} for {size[0]} x {size[1]}")
        return None
    return Picture(pair.path, pair.name, mask, pair.part)


def _split(pairs: list[_Pair], root: Path, notes: Notes) -> list[_Pair]:
    """Pictures with the parts that VOC's lists say, without those that no list names; without lists, as they are."""
    parts = listed_parts(root, "Segmentation")
    if not parts:
        return pairs
    named = [replace(pair, part=part_of(pair.path, pair.name, parts, notes)) for pair in pairs]
    return [pair for pair in named if pair.part]


@dataclass(frozen=True)
class _Place:
    """A folder of pictures and one of masks; the same folder, where masks have an ending of their own."""

    pictures: Path
    masks: Path
    part: str

    def own(self, stem: str, masks: Collection[str]) -> str:
        """The name of a picture's mask, without ending; empty where there is none."""
        endings = ENDINGS[1:] if self.pictures == self.masks else ENDINGS
        return next((stem + ending for ending in endings if stem + ending in masks), "")


def _places(root: Path) -> list[_Place]:
    """Folders of pictures with their folders of masks."""
    places = _of_pair(root)
    if places:
        return places
    below = subfolders(root)
    for name, folder in below.items():
        if name not in PARTS:
            continue
        part = PARTS[name]
        inner = next(iter(_named(subfolders(folder))), None)
        beside = next((below[name + end] for end in BESIDE if name + end in below), folder)
        places.append(_Place(*inner, part) if inner else _Place(folder, beside, part))
    return places or [_Place(root, root, "")]


def _of_pair(root: Path) -> list[_Place]:
    """The two folders of pictures and masks, or those of the parts of a split within both."""
    for pictures, masks in _named(subfolders(root)):
        parts, own = part_folders(pictures), part_folders(masks)
        places = [_Place(pictures, masks, "")]
        if parts and parts.keys() == own.keys():
            places = [_Place(parts[part], own[part], part) for part in parts]
        if any(_pair_up(place) for place in places):
            return places
    return []


def _named(below: dict[str, Path]) -> list[tuple[Path, Path]]:
    """Folders of pictures and of masks, by their names."""
    pictures = [below[name] for name in PICTURES if name in below][:1]
    masks = [below[name] for name in MASKS if name in below]
    return [(own, other) for own in pictures for other in masks]


def _pair_up(place: _Place) -> bool:
    """Whether most of the first pictures have a mask, by a look at names only."""
    apart = place.pictures != place.masks
    masks = {without_ending(path).name for path in _first_files(place.masks, 20 * FIRST, apart)}
    pictures = [without_ending(path).name for path in _first_files(place.pictures, FIRST, apart)]
    paired = {stem: place.own(stem, masks) for stem in pictures}
    if not apart:
        used = set(paired.values())
        paired = {stem: own for stem, own in paired.items() if stem not in used}
    return bool(paired) and sum(bool(own) for own in paired.values()) >= ENOUGH * len(paired)


def _first_files(folder: Path, most: int, below: bool) -> Iterator[Path]:
    """Some files of a folder, and on demand of the folders in it; no more of them are listed than are needed."""
    entries = list_folder(folder)
    inner = (path for one in entries if below and one.is_dir() for path in list_folder(one))
    return islice((path for path in chain(entries, inner) if is_picture(path)), most)


def _pairs_of(place: _Place, root: Path, notes: Notes) -> list[_Pair]:
    """Each picture with its mask."""
    masks = by_stem(pictures_in(place.masks, root, notes), place.masks)
    pictures = by_stem(pictures_in(place.pictures, root, notes), place.pictures, root, notes)
    own = {stem: place.own(stem, masks) for stem in pictures}
    used = set(own.values())
    if place.pictures == place.masks:
        pictures = {stem: path for stem, path in pictures.items() if stem not in used}
    else:
        for stem in sorted(masks.keys() - used):
            notes.add(NONE_OF_ITS_NAME, masks[stem].relative_to(root).as_posix())
    return [
        _Pair(path, composed(path.relative_to(root).as_posix()), masks.get(own[stem]), place.part)
        for stem, path in pictures.items()
    ]


def _table_in(root: Path) -> ClassTable | None:
    """The table of classes in the folder, or in one within it."""
    folders = [root, *(path for path in list_folder(root) if path.is_dir())]
    for folder in folders:
        for name in TABLE_NAMES:
            if (folder / name).is_file():
                return read_class_table(folder / name)
    return None
