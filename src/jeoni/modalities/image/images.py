"""Decoding of images: cheaply, and without losing an orientation or a bit depth."""

from __future__ import annotations

import io
import threading
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from jeoni.data.dicom import DICOM_SUFFIXES, is_dicom
from jeoni.data.pixels import DEEP, MOST_PIXELS, to_eight_bits, to_plain, too_many_pixels
from jeoni.errors import DataError
from jeoni.modalities.image.dicom import dicom_image, dicom_size, dicom_values
from jeoni.types import Array

__all__ = ["RESAMPLING", "deep_values", "image_size", "open_image", "resized", "signature", "thumbnail"]

# EPS is not among them: to read it, Pillow starts Ghostscript; TGA has no mark to be known by, and is tried last
FORMATS = (
    *("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF", "ICO", "PCX", "SGI"),
    *("QOI", "DDS", "TGA"),
)
SIGNATURE_SIDE = 32
ORIENTATION = 0x0112
SIDEWAYS = (5, 6, 7, 8)  # its values with which width and height change places
_OPENING = threading.Lock()
RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def open_image(
    raw: bytes | Array,
    name: str,
    at_least: int = 0,
    window: tuple[float, float] | None = None,
    own_window: bool = True,
) -> Image.Image:
    """Decode to RGB, or to grey if it is grey, as a person would see it.

    EXIF orientation is applied; grey, palette, CMYK and 16-bit images are converted (16 bits scaled, not clipped);
    transparency lies over white; of several frames the first is taken.

    Args:
        raw: encoded bytes, or an array ``(h, w)`` or ``(h, w, c)`` of unsigned integers.
        name: for messages.
        at_least: a JPEG may be decoded at reduced size as long as its shorter side keeps so many pixels; 0: full size.
        window: of an image of more than 8 bits, the values that become black and white; its type's range if None.
        own_window: of a DICOM file, its own window goes before ``window``.

    Raises:
        DataError: not an image, truncated, or too many pixels; the message names it.
    """
    if not isinstance(raw, bytes):
        return to_plain(_from_array(raw, name, window))
    if _is_scan(raw, name):
        return dicom_image(raw, name, window, own_window)
    try:
        image = _read_header(raw, name)
        if image.format == "JPEG" and at_least:
            scale = max(1, min(image.size) // at_least)
            image.draft("RGB" if image.mode != "CMYK" else image.mode, (image.width // scale, image.height // scale))
        image.load()
        if image.getexif().get(ORIENTATION, 1) != 1:
            image = ImageOps.exif_transpose(image)
        return to_plain(image, window)
    except UnidentifiedImageError:
        raise DataError(f"{name} is not an image, or of a kind that cannot be read.", path=name) from None
    except DataError:
        raise
    except Exception as error:  # on a damaged file the decoders raise what they like
        what = "is truncated" if "truncated" in str(error) or "not processed" in str(error) else "is damaged"
        raise DataError(f"{name} {what}: {error}.", path=name) from error


def _is_scan(raw: bytes, name: str) -> bool:
    """Whether it is a DICOM file, or is called one: some lack the first bytes."""
    return is_dicom(raw) or name.lower().endswith(DICOM_SUFFIXES)


def _read_header(raw: bytes, name: str) -> Image.Image:
    """Open without decoding, and without Pillow's warnings.

    Warnings are silenced for the whole process, so threads take turns: else one would restore what another silenced.
    """
    with _OPENING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = _opened(raw)
        except Image.DecompressionBombError:  # it does not tell the size; a second look at the header does
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                image = _opened(raw)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
    if image.width * image.height > MOST_PIXELS:
        raise too_many_pixels(image.width, image.height, name)
    return image


def _opened(raw: bytes) -> Image.Image:
    Image.init()  # makes all formats known, once
    return Image.open(io.BytesIO(raw), formats=[kind for kind in FORMATS if kind in Image.OPEN])


def image_size(raw: bytes | Array, name: str) -> tuple[int, int]:
    """Width and height of an image as :func:`open_image` gives it at full size; only its header is read.

    Raises:
        DataError: as :func:`open_image`.
    """
    if not isinstance(raw, bytes):
        return raw.shape[1], raw.shape[0]
    if _is_scan(raw, name):
        return dicom_size(raw, name)
    try:
        image = _read_header(raw, name)
        turned = image.getexif().get(ORIENTATION, 1) in SIDEWAYS
    except UnidentifiedImageError:
        raise DataError(f"{name} is not an image, or of a kind that cannot be read.", path=name) from None
    except DataError:
        raise
    except Exception as error:  # on a damaged file the decoders raise what they like
        raise DataError(f"{name} is damaged: {error}.", path=name) from error
    return (image.height, image.width) if turned else (image.width, image.height)


def deep_values(raw: bytes | Array, name: str) -> Array | None:
    """The values of an image of more than 8 bits, ``(h, w)`` or ``(h, w, c)``; None for any other.

    A DICOM file with a window of its own needs no other: None too.

    Raises:
        DataError: as :func:`open_image`.
    """
    if not isinstance(raw, bytes):
        return raw if raw.dtype.itemsize > 1 else None
    if _is_scan(raw, name):
        return dicom_values(raw, name)
    try:
        image = _read_header(raw, name)
        return np.asarray(image) if image.mode.startswith(DEEP) else None
    except DataError:
        raise
    except Exception as error:  # on a damaged file the decoders raise what they like
        raise DataError(f"{name} is damaged: {error}.", path=name) from error


def _from_array(array: Array, name: str, window: tuple[float, float] | None) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim == 3 and array.shape[2] not in (3, 4):
        raise DataError(f"{name} has {array.shape[2]} channels; 1, 3 or 4 are understood.", path=name)
    if array.dtype != np.uint8:
        array = to_eight_bits(array, *(window or (0.0, float(np.iinfo(array.dtype).max))))
    return Image.fromarray(np.ascontiguousarray(array))


def resized(
    image: Image.Image, size: int, interpolation: str, box: tuple[float, float, float, float] | None = None
) -> Array:
    """An image, or the part of it in a box, as a square of pixels ``(size, size, 3)`` uint8."""
    if image.size != (size, size) or box is not None:
        image = image.resize((size, size), RESAMPLING[interpolation], box=box, reducing_gap=2.0)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def signature(image: Image.Image) -> Array:
    """A 32 x 32 grey copy, ``(1024,)`` uint8: what near-identical images are recognised by."""
    small = image.convert("L").resize((SIGNATURE_SIDE, SIGNATURE_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small).ravel()


def thumbnail(image: Image.Image, side: int) -> Image.Image:
    """A small copy whose longer side is ``side`` pixels."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    return small
