"""Pixels of pictures as plain grey or colour of 8 bits: what is deep is scaled, transparency lies over white."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from jeoni.errors import DataError
from jeoni.types import Array

__all__ = ["DEEP", "MOST_PIXELS", "picture_pixels", "to_eight_bits", "to_plain", "too_many_pixels"]

MOST_PIXELS = 100_000_000
STRIP = 1 << 22  # pixels that are converted at once
DEEP = ("I", "F")  # Pillow's modes of more than 8 bits


def picture_pixels(image: Image.Image, name: str) -> Array:
    """``(h, w)`` or ``(h, w, 3)`` uint8 of a picture in memory, in the form that decoders of files take too.

    Raises:
        DataError: its file is damaged, or was closed; too many pixels.
    """
    if image.width * image.height > MOST_PIXELS:
        raise too_many_pixels(image.width, image.height, name)
    try:
        return np.asarray(to_plain(ImageOps.exif_transpose(image)))
    except Exception as error:  # what was opened is only decoded now, and decoders raise what they like
        raise DataError(f"{name} cannot be decoded: {error}.", path=name) from error


def too_many_pixels(width: int, height: int, name: str) -> DataError:
    """The error for a picture of more pixels than are decoded."""
    return DataError(
        f"{name} has {width:,} x {height:,} pixels; at most {MOST_PIXELS:,} are decoded. "
        "Make it smaller, or cut it into tiles.",
        path=name,
    )


def to_plain(image: Image.Image, window: tuple[float, float] | None = None) -> Image.Image:
    """Grey (``L``) or ``RGB`` of 8 bits.

    Args:
        image: in any of Pillow's modes.
        window: of an image of more than 8 bits, the values that become black and white; its type's range if None.
    """
    if image.mode.startswith(DEEP):
        values = np.asarray(image)
        return Image.fromarray(to_eight_bits(values, *(window or _usual_range(values))))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _over_white(image)
    # what is grey stays grey until it has its size: a third of the work
    plain = "L" if image.mode in ("L", "1") else "RGB"
    return image if image.mode == plain else image.convert(plain)


def _over_white(image: Image.Image) -> Image.Image:
    """Compose over white, strip by strip, for a large image would take its memory five times."""
    plain = Image.new("RGB", image.size)
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        white = Image.new("RGBA", strip.size, (255, 255, 255, 255))
        plain.paste(Image.alpha_composite(white, strip).convert("RGB"), (0, top))
    return plain


def _usual_range(values: Array) -> tuple[float, float]:
    """Integers count from 0 to 65,535; floats from 0 to 1, or to 255, or to 65,535, whichever holds them."""
    top = 65_535.0
    if values.dtype.kind == "f":
        peak = float(values.max(initial=0, where=np.isfinite(values)))
        return 0.0, 1.0 if peak <= 1 else 255.0 if peak <= 255 else top
    return 0.0, max(top, float(values.max())) if values.dtype.itemsize == 4 else top


def to_eight_bits(values: Array, low: float, high: float) -> Array:
    """``low`` becomes 0 and ``high`` 255; what is not a number becomes 0."""
    eight = np.empty(values.shape, dtype=np.uint8)
    rows = max(1, STRIP // max(1, values[:1].size))
    for top in range(0, len(values), rows):
        strip = values[top : top + rows]
        if strip.dtype.kind == "f":
            strip = np.nan_to_num(strip, nan=low, posinf=high, neginf=low)
        eight[top : top + rows] = np.rint((np.clip(strip, low, high) - low) * (255 / (high - low)))
    return eight
