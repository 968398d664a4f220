"""From encoded bytes to the pixels a backbone expects: cheaply, and without losing an orientation or a bit depth."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Hashable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from jeoni.errors import DataError
from jeoni.types import Array

__all__ = ["ImageInput", "deep_values", "open_image", "picture_pixels", "signature", "thumbnail", "to_input"]

MOST_PIXELS = 100_000_000
STRIP = 1 << 22  # pixels that are converted at once
DEEP = ("I", "F")  # Pillow's modes of more than 8 bits
# EPS is not among them: to read it, Pillow starts Ghostscript; TGA has no mark to be known by, and is tried last
FORMATS = (
    *("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF", "ICO", "PCX", "SGI"),
    *("QOI", "DDS", "TGA"),
)
SIGNATURE_SIDE = 32
ORIENTATION = 0x0112
_OPENING = threading.Lock()
RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class ImageInput:
    """What a backbone expects.

    Attributes:
        size: side of the square input, pixels.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        interpolation: ``bicubic``, ``bilinear``, ``lanczos`` or ``nearest``.
        crop: ``squash``: the whole image becomes the square; ``center``: its middle, aspect kept.
        crop_pct: with ``center``, the share of the shorter side that is kept.
        window: of images of more than 8 bits, the values that become black and white; None: the full range of their
            type. It is chosen from the training data, see :func:`jeoni.data.depth.window_of`.
    """

    kind: ClassVar[str] = "image"
    modality: ClassVar[str] = "image"
    ragged: ClassVar[bool] = False
    chunk: ClassVar[int] = 8
    varied: ClassVar[bool] = True
    near: ClassVar[float] = 0.999
    remarkable: ClassVar[tuple[str, ...]] = ()

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    crop: str = "squash"
    crop_pct: float = 1.0
    window: tuple[float, float] | None = None

    @property
    def alike(self) -> str:
        """Images are compared as they are opened."""
        return "grey 32 px" if self.window is None else f"grey 32 px of {self.window[0]:.9g} to {self.window[1]:.9g}"

    @property
    def longest(self) -> int:
        """Rows are alike."""
        return 1

    @property
    def opening(self) -> Hashable:
        """Images of which the same values become black and white are opened alike."""
        return ("image", self.window)

    def at_least(self, policy: str = "") -> int:
        """The shorter side below which an image must not be decoded, pixels."""
        from jeoni.data.augment import find_policy  # it needs this module

        share = find_policy(policy).area if policy else self.crop_pct**2
        return int(self.size / share**0.5 + 0.5)

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Image.Image:
        """See :func:`open_image`."""
        return open_image(raw, name, at_least, self.window)

    def row(self, opened: Image.Image) -> Array:
        """``(size, size, 3)`` uint8."""
        return to_input(opened, self)

    def view(self, opened: Image.Image, policy: str, digest: bytes, number: int) -> Array:
        """See :func:`jeoni.data.augment.augment`."""
        from jeoni.data.augment import augment, find_policy  # it needs this module

        return augment(opened, self, find_policy(policy), digest, number)

    def policy(self, name: str) -> dict[str, Any]:
        """The fields of :class:`jeoni.data.augment.Policy`."""
        from jeoni.data.augment import find_policy  # it needs this module

        return asdict(find_policy(name))

    def remarks(self, opened: Image.Image) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def picture(self, opened: Image.Image) -> Image.Image | None:
        """The image itself."""
        return opened

    def framed(self, opened: Image.Image) -> Image.Image | None:
        """The image, or what is left of it where a crop is asked for."""
        return Image.fromarray(self.row(opened)) if self.crop == "center" else opened

    def text(self, opened: Image.Image) -> str:
        """None."""
        return ""

    def sound(self, opened: Image.Image) -> bytes:
        """Nothing is heard."""
        return b""

    def signature(self, opened: Image.Image) -> Array:
        """See :func:`signature`."""
        return signature(opened)

    def describe(self) -> dict[str, Any]:
        """The fields; without a window none is named, so that keys of what was cached before still hold."""
        return {name: value for name, value in asdict(self).items() if name != "window" or value is not None}

    def files(self) -> dict[str, bytes]:
        """None."""
        return {}

    @classmethod
    def restore(cls, described: dict[str, Any], folder: Path) -> ImageInput:
        """From what :meth:`describe` gave."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in described.items()}
        return cls(**fields)


def open_image(
    raw: bytes | Array, name: str, at_least: int = 0, window: tuple[float, float] | None = None
) -> Image.Image:
    """Decode to RGB, or to grey if it is grey, as a person would see it.

    EXIF orientation is applied; grey, palette, CMYK and 16-bit images are converted (16 bits scaled, not clipped);
    transparency lies over white; of several frames the first is taken.

    Args:
        raw: encoded bytes, or an array ``(h, w)`` or ``(h, w, c)`` of unsigned integers.
        name: for messages.
        at_least: a JPEG may be decoded at reduced size as long as its shorter side keeps so many pixels; 0: full size.
        window: of an image of more than 8 bits, the values that become black and white; its type's range if None.

    Raises:
        DataError: not an image, truncated, or too many pixels; the message names it.
    """
    if not isinstance(raw, bytes):
        return _to_plain(_from_array(raw, name, window))
    try:
        image = _read_header(raw, name)
        if image.format == "JPEG" and at_least:
            scale = max(1, min(image.size) // at_least)
            image.draft("RGB" if image.mode != "CMYK" else image.mode, (image.width // scale, image.height // scale))
        image.load()
        if image.getexif().get(ORIENTATION, 1) != 1:
            image = ImageOps.exif_transpose(image)
        return _to_plain(image, window)
    except UnidentifiedImageError:
        raise DataError(f"{name} is not an image, or of a kind that cannot be read.", path=name) from None
    except DataError:
        raise
    except Exception as error:  # on a damaged file the decoders raise what they like
        what = "is truncated" if "truncated" in str(error) or "not processed" in str(error) else "is damaged"
        raise DataError(f"{name} {what}: {error}.", path=name) from error


def picture_pixels(image: Image.Image, name: str) -> Array:
    """``(h, w)`` or ``(h, w, 3)`` uint8 of a picture in memory, which :func:`open_image` takes as it takes its file.

    Raises:
        DataError: its file is damaged, or was closed; too many pixels.
    """
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels(image, name)
    try:
        return np.asarray(_to_plain(ImageOps.exif_transpose(image)))
    except Exception as error:  # as in open_image: what was opened is only decoded now
        raise DataError(f"{name} cannot be decoded: {error}.", path=name) from error


def _too_many_pixels(image: Image.Image, name: str) -> DataError:
    return DataError(
        f"{name} has {image.width:,} x {image.height:,} pixels; at most {MOST_PIXELS:,} are decoded. "
        "Make it smaller, or cut it into tiles.",
        path=name,
    )


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
        raise _too_many_pixels(image, name)
    return image


def _opened(raw: bytes) -> Image.Image:
    Image.init()  # makes all formats known, once
    return Image.open(io.BytesIO(raw), formats=[kind for kind in FORMATS if kind in Image.OPEN])


def deep_values(raw: bytes | Array, name: str) -> Array | None:
    """The values of an image of more than 8 bits, ``(h, w)`` or ``(h, w, c)``; None for any other.

    Raises:
        DataError: as :func:`open_image`.
    """
    if not isinstance(raw, bytes):
        return raw if raw.dtype.itemsize > 1 else None
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
        array = _to_eight_bits(array, *(window or (0.0, float(np.iinfo(array.dtype).max))))
    return Image.fromarray(np.ascontiguousarray(array))


def _to_plain(image: Image.Image, window: tuple[float, float] | None = None) -> Image.Image:
    if image.mode.startswith(DEEP):
        values = np.asarray(image)
        return Image.fromarray(_to_eight_bits(values, *(window or _usual_range(values))))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _over_white(image)
    # what is grey stays grey until it has its size: a third of the work
    plain = "L" if image.mode in ("L", "1") else "RGB"
    return image if image.mode == plain else image.convert(plain)


def _over_white(image: Image.Image) -> Image.Image:
    """What is transparent lies over white; strip by strip, for a large image would take its memory five times."""
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


def _to_eight_bits(values: Array, low: float, high: float) -> Array:
    """``low`` becomes 0 and ``high`` 255; what is not a number becomes 0."""
    eight = np.empty(values.shape, dtype=np.uint8)
    rows = max(1, STRIP // max(1, values[:1].size))
    for top in range(0, len(values), rows):
        strip = values[top : top + rows]
        if strip.dtype.kind == "f":
            strip = np.nan_to_num(strip, nan=low, posinf=high, neginf=low)
        eight[top : top + rows] = np.rint((np.clip(strip, low, high) - low) * (255 / (high - low)))
    return eight


def to_input(image: Image.Image, spec: ImageInput) -> Array:
    """The backbone's pixels, ``(size, size, 3)`` uint8; normalisation is part of the network."""
    size, how = spec.size, RESAMPLING[spec.interpolation]
    box = None
    if spec.crop == "center":
        side = min(image.size) * spec.crop_pct
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
    if image.size != (size, size) or box is not None:
        image = image.resize((size, size), how, box=box, reducing_gap=2.0)
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
