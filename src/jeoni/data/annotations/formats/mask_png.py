"""Masks as pictures: beside each photograph one of the same size, whose pixels are numbers or colours of classes.

A palette's mask is read by its index. 255, and classes called void, unlabelled or ignore, say nothing of a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from jeoni.data.annotations.class_tables import TABLE_NAMES, ClassTable, read_class_table
from jeoni.data.annotations.kinds import LabelMap
from jeoni.data.annotations.legends import legend_of
from jeoni.data.annotations.masks import MaskFile
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.palette import palette
from jeoni.data.annotations.pictures import (
    Picture,
    by_stem,
    dataset_of_pictures,
    is_picture,
    part_folders,
    picture_size,
    pictures_in,
    subfolders,
    tell_layout,
)
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.columns import PARTS
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed
from jeoni.types import Dataset

__all__ = ["MaskPNG"]

PICTURES = ("images", "image", "imgs", "img", "jpegimages")
MASKS = ("masks", "mask", "labels", "label", "annotations", "annotation", "annots", "annot", "segmentationclass")
BESIDE = ("annot", "_annot", "annotations", "_annotations", "_labels", "_label", "labels", "_masks", "_mask", "masks")
ENDINGS = ("", "_mask", "_masks", "_label", "_labels", "_gt", "_seg", "_segmentation", "_L", "_P")
ENOUGH = 0.5  # of the first pictures that have a mask, to be recognised
FIRST = 50
NO_PICTURE = Fault("no_picture", "no picture of its name is there", "no picture of its name is there", "left out")
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
        pairs: list[tuple[Path, str, Path | None, str]] = []
        for place in _places(root):
            pairs.extend(_pairs_of(place, root, notes))
        masks = {m.relative_to(root).as_posix(): m for _, _, m, _ in pairs if m is not None}
        table = options.classes or _table_in(root)
        legend = legend_of(masks, table, options.void, notes)
        pictures = []
        for path, name, file, part in pairs:
            mask = None if file is None else MaskFile(str(file), legend)
            size = picture_size(path)
            if mask is not None and size is not None and mask.size() != size:
                width, height = mask.size()
                notes.add(BAD_SIZE, name, f"{width} x {height} for {size[0]} x {size[1]}")
                continue
            pictures.append(Picture(path, name, mask, part))
        return dataset_of_pictures(root, pictures, options, notes)

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write a PNG with a palette for each picture below ``masks``, and ``classes.csv``."""
        colours = palette(len(predicted.vocabulary))
        written = []
        for name, prediction in zip(predicted.names, predicted.predictions, strict=True):
            assert isinstance(prediction, LabelMap)
            path = folder / "masks" / Path(name).with_suffix(".png")
            path.parent.mkdir(parents=True, exist_ok=True)
            labels = np.where(prediction.labels < 0, VOID_PIXEL, prediction.labels).astype(np.uint8)
            image = Image.fromarray(labels).convert("P")
            image.putpalette(colours.ravel().tolist())
            image.save(path)
            written.append(path)
        table = folder / "classes.csv"
        lines = [f"{one},{r},{g},{b}" for one, (r, g, b) in zip(predicted.vocabulary, colours.tolist(), strict=False)]
        table.write_text("name,r,g,b\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return [*written, table]


@dataclass(frozen=True)
class _Place:
    pictures: Path
    masks: Path
    part: str


def _places(root: Path) -> list[_Place]:
    """Folders of pictures with their folders of masks."""
    below = subfolders(root)
    pair = _named(below)
    if pair is not None:
        return _by_part(*pair)
    places = []
    for name, folder in below.items():
        if name not in PARTS:
            continue
        inner = _named(subfolders(folder))
        beside = next((below[name + end] for end in BESIDE if name + end in below), None)
        if inner is not None:
            places.append(_Place(*inner, PARTS[name]))
        elif beside is not None:
            places.append(_Place(folder, beside, PARTS[name]))
    return places


def _named(below: dict[str, Path]) -> tuple[Path, Path] | None:
    """A folder of pictures and one of masks, by their names."""
    pictures = next((below[name] for name in PICTURES if name in below), None)
    masks = next((below[name] for name in MASKS if name in below), None)
    return None if pictures is None or masks is None else (pictures, masks)


def _by_part(pictures: Path, masks: Path) -> list[_Place]:
    """The two folders, or those of the parts of a split within both."""
    parts, own = part_folders(pictures), part_folders(masks)
    if not parts or parts.keys() != own.keys():
        return [_Place(pictures, masks, "")]
    return [_Place(parts[part], own[part], part) for part in parts]


def _pair_up(place: _Place) -> bool:
    """Whether most of the first pictures have a mask, by a look at names only."""
    own = {path.stem for path in _first_files(place.masks, 20 * FIRST) if _is_mask(path)}
    pictures = [path.stem for path in _first_files(place.pictures, FIRST) if is_picture(path)]
    paired = [stem for stem in pictures if any(stem + ending in own for ending in ENDINGS)]
    return bool(pictures) and len(paired) >= ENOUGH * len(pictures)


def _first_files(folder: Path, most: int) -> Iterator[Path]:
    """Some files of a folder, and of the folders in it."""
    entries = list_folder(folder)
    below = [path for inner in entries if inner.is_dir() for path in list_folder(inner)]
    return islice((path for path in (*entries, *below) if not path.is_dir()), most)


def _is_mask(path: Path) -> bool:
    return is_picture(path)


def _pairs_of(place: _Place, root: Path, notes: Notes) -> list[tuple[Path, str, Path | None, str]]:
    """Each picture with its name, its mask and its part."""
    masks = by_stem(pictures_in(place.masks, root, notes), place.masks)
    pictures = by_stem(pictures_in(place.pictures, root, notes), place.pictures)
    pairs: list[tuple[Path, str, Path | None, str]] = []
    for stem, path in pictures.items():
        own = next((stem + ending for ending in ENDINGS if stem + ending in masks), "")
        name = composed(path.relative_to(root).as_posix())
        pairs.append((path, name, masks.pop(own, None), place.part))
    for path in masks.values():
        notes.add(NO_PICTURE, path.relative_to(root).as_posix())
    return pairs


def _table_in(root: Path) -> ClassTable | None:
    """The table of classes in the folder, or in one within it."""
    folders = [root, *(path for path in list_folder(root) if path.is_dir())]
    for folder in folders:
        for name in TABLE_NAMES:
            if (folder / name).is_file():
                return read_class_table(folder / name)
    return None
