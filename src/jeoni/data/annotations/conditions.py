"""Normal and defective pictures: the folders that hold them, and the masks of defects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from jeoni.data.annotations.masks import MaskError, is_lossy, mask_size, opened_mask
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.pictures import picture_size
from jeoni.types import Array

__all__ = ["DEFECT_MASK", "NORMAL", "DefectMask", "condition_mask"]

NORMAL = {"good", "normal", "ok", "정상", "양품"}
DEFECT_MASK = "_mask"  # at the end of a mask's name
HALF = 128  # of the brightest value, in a file whose kind changes values
BAD_SIZE = Fault("size_mismatch", "the mask of its defect is of another size", "", "kept, without a place")
BLACK = Fault("no_mask", "the mask of its defect is black all over", "", "kept, without a place")
LOSSY = Fault(
    "lossy_masks",
    "the mask of its defect is in JPEG, which changes brightness",
    "",
    "each pixel of half the brightness or more is taken for a defect",
)


@dataclass(frozen=True, eq=False)
class DefectMask:
    """The mask of a defect: every pixel that is not black; in JPEG, every one of half the brightness or more.

    Attributes:
        path: where it lies.
    """

    path: str

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        return ("normal", "defect")

    def read(self) -> Array:
        """See :class:`jeoni.data.annotations.Mask`."""
        path = Path(self.path)
        with opened_mask(path) as image:
            found: Array = _defective(image, HALF if is_lossy(path) else 1).astype(np.int16)
        return found

    def size(self) -> tuple[int, int]:
        """See :class:`jeoni.data.annotations.Mask`."""
        return mask_size(Path(self.path))


def _defective(image: Image.Image, least: int) -> Array:
    """``(h, w)`` bool: where the brightest channel reaches a value."""
    if image.mode == "P":
        return _of_palette(image)
    values: Array = np.asarray(image)
    if image.mode.startswith(("1", "I", "F")):  # one bit, or more than eight
        return np.not_equal(values, 0)
    shown: Array = _brightest(image) >= least
    if "A" in image.getbands():
        shown &= np.asarray(image.getchannel("A")) > 0
    return shown


def _brightest(image: Image.Image) -> Array:
    """``(h, w)`` uint8: the largest of red, green and blue, or the grey value."""
    if image.mode in ("L", "LA"):
        return np.asarray(image.getchannel("L"))
    red, green, blue = (np.asarray(band) for band in image.convert("RGB").split())
    brightest: Array = np.maximum(np.maximum(red, green), blue)
    return brightest


def _of_palette(image: Image.Image) -> Array:
    """Where the index is not 0; but programs that shrink files number colours as they like: then what is not black."""
    coloured: Array = _brightest(image) > 0
    first_is_black = not any((image.getpalette() or [0, 0, 0])[:3])
    numbered: Array = np.asarray(image).astype(bool)
    return numbered if first_is_black or coloured.all() else coloured


def condition_mask(file: Path, picture: Path, name: str, notes: Notes) -> DefectMask | None:
    """The mask of a defect, which is read once; None where it cannot be, shows none, or is of another size."""
    mask = DefectMask(str(file))
    try:
        pixels = mask.read()
    except MaskError as error:
        notes.tell("unreadable_annotation", name, str(error), "kept, without a place")
        return None
    height, width = pixels.shape
    size = picture_size(picture)
    if size is not None and (width, height) != size:
        notes.add(BAD_SIZE, name, f"{width} x {height} for {size[0]} x {size[1]}")
        return None
    if is_lossy(file):
        notes.add(LOSSY, name)
    if not pixels.any():
        notes.add(BLACK, name)
        return None
    return mask
