"""Masks: the class of every pixel, read from a picture when it is asked for, or drawn from polygons or runs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from jeoni.data.annotations.class_tables import Colour
from jeoni.data.annotations.polygons import paint
from jeoni.data.annotations.runs import Runs
from jeoni.data.files import open_file
from jeoni.errors import DataError
from jeoni.locale import Said
from jeoni.types import Array

__all__ = [
    "DrawnMask",
    "Legend",
    "MaskError",
    "MaskFile",
    "Region",
    "is_lossy",
    "mask_colours",
    "mask_size",
    "mask_values",
    "opened_mask",
]

UNKNOWN = -2
LARGEST = 1 << 16  # values of a pixel of 16 bits
LOSSY = (".jpg", ".jpeg", ".jpe", ".jfif")
MOST_COLOURS = 1 << 12  # of one mask, before it is taken for a photograph


class MaskError(DataError):
    """A file of a mask is damaged, or is none of a picture."""


@dataclass(frozen=True, eq=False)
class Legend:
    """What the pixels of a data set's masks stand for.

    Attributes:
        names: of the classes.
        numbers: by the value of a pixel, the number of its class, or -1; empty where colours say.
        colours: by the colour of a pixel, the same; empty where values say.
    """

    names: tuple[str, ...]
    numbers: Mapping[int, int]
    colours: Mapping[Colour, int]

    @cached_property
    def by_value(self) -> Array:
        """``(65536,)`` int16: the number of a class by the value of a pixel; -2 for values that stand for nothing."""
        table = np.full(LARGEST, UNKNOWN, dtype=np.int16)
        for value, number in self.numbers.items():
            table[value] = number
        return table

    @cached_property
    def by_code(self) -> tuple[Array, Array]:
        """Colours as whole numbers, sorted, and the numbers of their classes."""
        codes = np.array([_code(np.array(colour)) for colour in self.colours], dtype=np.int64)
        numbers = np.array(list(self.colours.values()), dtype=np.int16)
        order = np.argsort(codes)
        return codes[order], numbers[order]


@dataclass(frozen=True, eq=False)
class MaskFile:
    """A mask that is a picture.

    Attributes:
        path: where it lies.
        legend: what its pixels stand for.
    """

    path: str
    legend: Legend

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        return self.legend.names

    def read(self) -> Array:
        """See :class:`jeoni.data.annotations.Mask`."""
        pixels = _pixels(Path(self.path), bool(self.legend.colours))
        if self.legend.colours:
            return self._of_colours(pixels)
        numbers: Array = self.legend.by_value[pixels]
        if (numbers == UNKNOWN).any():
            value = pixels[numbers == UNKNOWN][0]
            known = ", ".join(str(one) for one in sorted(self.legend.numbers))
            told = Said("dense.mask_value", path=str(self.path), value=f"{value}", known=f"{known}")
            raise DataError(told, path=self.path)
        return numbers

    def size(self) -> tuple[int, int]:
        """See :class:`jeoni.data.annotations.Mask`."""
        return mask_size(Path(self.path))

    def _of_colours(self, pixels: Array) -> Array:
        if is_lossy(Path(self.path)):
            return self._nearest(pixels)
        codes, numbers = self.legend.by_code
        own = _code(pixels)
        place = np.searchsorted(codes, own).clip(max=len(codes) - 1)
        strange = codes[place] != own
        if strange.any():
            colour = ", ".join(str(one) for one in pixels[strange][0])
            told = Said("dense.mask_colour", path=str(self.path), colour=f"{colour}")
            raise DataError(told, path=self.path)
        found: Array = numbers[place]
        return found

    def _nearest(self, pixels: Array) -> Array:
        """The class of the nearest colour: JPEG does not keep colours as they were."""
        colours = np.array(list(self.legend.colours), dtype=np.int32)
        numbers = np.array(list(self.legend.colours.values()), dtype=np.int16)
        least = np.full(pixels.shape[:2], np.iinfo(np.int32).max, dtype=np.int32)
        found = np.zeros(pixels.shape[:2], dtype=np.int16)
        for colour, number in zip(colours, numbers, strict=True):
            distance = ((pixels.astype(np.int32) - colour) ** 2).sum(axis=2)
            nearer = distance < least
            least[nearer] = distance[nearer]
            found[nearer] = number
        return found


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a picture that is of one class.

    Attributes:
        number: of its class, or -1.
        rings: polygons ``(k, 2)``, of which it is made together.
        runs: where it was written as runs of pixels.
    """

    number: int
    rings: tuple[Array, ...] = ()
    runs: Runs | None = None


@dataclass(frozen=True, eq=False)
class DrawnMask:
    """A mask that is drawn from regions, later ones over earlier ones.

    Attributes:
        names: of the classes.
        extent: width and height, pixels.
        regions: in the order in which they are drawn.
        ground: the number of what no region covers.
    """

    names: tuple[str, ...]
    extent: tuple[int, int]
    regions: tuple[Region, ...]
    ground: int = 0

    def read(self) -> Array:
        """See :class:`jeoni.data.annotations.Mask`."""
        width, height = self.extent
        mask = np.full((height, width), self.ground, dtype=np.int16)
        for region in self.regions:
            if region.runs is not None:
                mask[region.runs.mask()] = region.number
            for ring in region.rings:
                paint(mask, ring, region.number)
        return mask

    def size(self) -> tuple[int, int]:
        """See :class:`jeoni.data.annotations.Mask`."""
        return self.extent


def is_lossy(path: Path) -> bool:
    """Whether a file's kind changes the values of pixels."""
    return path.suffix.lower() in LOSSY


def mask_size(path: Path) -> tuple[int, int]:
    """Width and height, pixels; nothing but the header is read.

    Raises:
        MaskError: it cannot be read.
    """
    with _opened(path) as image:
        return image.size


def mask_values(path: Path) -> frozenset[int] | frozenset[Colour]:
    """The values of a mask's pixels; colours where it is coloured.

    Grey that was saved as colour, three equal channels, is a value.

    Raises:
        MaskError: it cannot be read.
        DataError: it holds more colours than classes have, or numbers that no class has.
    """
    with opened_mask(path) as image:
        if image.mode in ("L", "P"):
            return frozenset(value for value, count in enumerate(image.histogram()) if count)
        if image.mode == "1" or image.mode.startswith("I"):
            return frozenset(int(value) for value in np.unique(_numbers(image, path)))
        colours = _counted(image, path)
    if all(red == green == blue for red, green, blue in colours):
        return frozenset(red for red, _, _ in colours)
    return colours


def mask_colours(path: Path) -> frozenset[Colour]:
    """The colours of a mask's pixels; of a palette those that it shows.

    Raises:
        MaskError: it cannot be read.
        DataError: it holds more colours than classes have.
    """
    with opened_mask(path) as image:
        return _counted(image, path)


def _counted(image: Image.Image, path: Path) -> frozenset[Colour]:
    counted = _rgb(image).getcolors(MOST_COLOURS)
    if counted is None:
        raise DataError(Said("dense.mask_colours", path=str(path), most=f"{MOST_COLOURS}"), path=str(path))
    found = [colour for _, colour in counted if isinstance(colour, tuple)]
    return frozenset((red, green, blue) for red, green, blue in found)


def _pixels(path: Path, coloured: bool) -> Array:
    """``(h, w)`` values, or ``(h, w, 3)`` colours."""
    with opened_mask(path) as image:
        if coloured:
            return np.asarray(_rgb(image))
        if image.mode in ("L", "P", "1") or image.mode.startswith("I"):
            return _numbers(image, path)
        return np.asarray(_rgb(image))[..., 0].astype(np.int64)


def _numbers(image: Image.Image, path: Path) -> Array:
    """``(h, w)`` int64 values of a picture of one channel."""
    values: Array = np.asarray(image).astype(np.int64)
    if values.size and (values.min() < 0 or values.max() >= LARGEST):
        raise DataError(f"{path} holds values outside 0 to {LARGEST - 1}, as no mask does.", path=str(path))
    return values


def _rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")


def _code(colours: Array) -> Array:
    """Colours ``(…, 3)`` as whole numbers."""
    wide = colours.astype(np.int64)
    code: Array = (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
    return code


@contextmanager
def opened_mask(path: Path) -> Iterator[Image.Image]:
    """The picture, its pixels decoded.

    Raises:
        MaskError: it cannot be read.
    """
    with _opened(path) as image:
        try:
            image.load()
        except Exception as error:  # on a damaged file the decoders raise what they like
            raise _unreadable(path, str(error)) from error
        yield image


def _unreadable(path: Path, why: str) -> MaskError:
    return MaskError(f"{path} cannot be read as a mask: {why}.", path=str(path))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture, its pixels not decoded yet."""
    with _file_of(path) as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(file)
        except UnidentifiedImageError as error:  # it would name the opened file by its number
            raise _unreadable(path, "it is no picture of a kind that is known") from error
        except (Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
            raise _unreadable(path, str(error)) from error
        yield image


def _file_of(path: Path) -> BinaryIO:
    try:
        return open_file(path)
    except DataError as error:
        raise MaskError(str(error), path=str(path)) from error
