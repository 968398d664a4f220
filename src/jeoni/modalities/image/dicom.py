"""DICOM images as a radiologist's viewer shows them (the grey-scale pipeline of PS3.3 C.7.6.3, C.11.1 and C.11.2).

Stored values become physical ones by the rescale slope and intercept or a modality table; these become grey by the
first window or table (VOI) of the file, or by a window that the caller gives; MONOCHROME1 is turned over. Palette
colour and YBR become RGB. Compressed pixels are decoded by the plug-ins of pydicom (pylibjpeg). Messages never quote
the parser, for it may quote what names a patient.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from jeoni.data.dicom import frame_of, import_pydicom, quiet_pydicom
from jeoni.data.pixels import MOST_PIXELS, to_eight_bits, too_many_pixels
from jeoni.errors import DataError, JeoniError
from jeoni.types import Array

__all__ = ["dicom_image", "dicom_size", "dicom_values"]

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
VIDEO = ("MPEG", "HEVC", "SMPTE")
CONVERT = "Convert it first, for example with `gdcmconv --raw` or `dcmdjpeg`."
GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PLAIN_BITS = 8


def dicom_image(
    raw: bytes, name: str, window: tuple[float, float] | None = None, own_window: bool = True
) -> Image.Image:
    """Decode to grey (``L``) or ``RGB`` of 8 bits; of several frames the marked one, else the middle one.

    Args:
        raw: the file's bytes.
        name: for messages.
        window: the physical values, such as Hounsfield units, that become black and white; of pictures of more than 8
            bits only. None: all that the file's bits can hold.
        own_window: the file's own window goes before ``window``.

    Raises:
        DataError: no picture, encrypted, or of an unknown or damaged form; the message names the file.
        MissingExtra: pydicom is not installed.
    """
    with _reading(name):
        picture = _opened(raw, name)
        if not picture.is_grey:
            return Image.fromarray(_colour(picture))
        values = _physical(picture)
        grey = _own_grey(picture, values) if own_window else None
        if grey is None:
            usual = _usual_range(picture, values)
            grey = to_eight_bits(values, *(window if window and picture.is_deep else usual))
        if picture.colours == "MONOCHROME1":
            grey = 255 - grey
        grey[np.isnan(values)] = 0
        return Image.fromarray(grey)


def dicom_values(raw: bytes, name: str, own_window: bool = True) -> Array | None:
    """Physical values ``(h, w)`` float32, NaN where the file has padding.

    None of colour, of 8 bits, and of a file whose own window is used.

    Raises:
        DataError: as :func:`dicom_image`.
        MissingExtra: pydicom is not installed.
    """
    with _reading(name):
        picture = _opened(raw, name)
        if not picture.is_deep or (own_window and _has_window(picture)):
            return None
        return _physical(picture)


def dicom_size(raw: bytes, name: str) -> tuple[int, int]:
    """Width and height, pixels; no pixel is decoded.

    Raises:
        DataError: as :func:`dicom_image`.
        MissingExtra: pydicom is not installed.
    """
    with _reading(name):
        data = _opened(raw, name).data
        return int(data.Columns), int(data.Rows)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Errors of the parser come out as ours, without what they quote."""
    import_pydicom()
    with quiet_pydicom():
        try:
            yield
        except JeoniError:
            raise
        except Exception as error:  # on a damaged file the decoders raise what they like
            said = str(error)
            short = isinstance(error, EOFError) or "less than expected" in said or "end of file" in said.lower()
            what = "is truncated: it ends before its pixels do" if short else "is damaged: it cannot be read as DICOM"
            raise DataError(f"{name} {what}. Needed: a whole file; copy or export it again.", path=name) from None


@dataclass(frozen=True)
class _Picture:
    """A parsed file and the frame that is meant, from 0."""

    data: Any
    frame: int

    @property
    def colours(self) -> str:
        """What its values stand for."""
        return _colours(self.data)

    @property
    def is_grey(self) -> bool:
        return self.colours in GREY

    @property
    def is_deep(self) -> bool:
        """Whether its values need a window to be seen."""
        if not self.is_grey:
            return False
        return _bits(self.data) > PLAIN_BITS or self.rescale != (1.0, 0.0)

    @property
    def rescale(self) -> tuple[float, float]:
        """Slope and intercept."""
        group = "PixelValueTransformationSequence"
        slope, intercept = (self.setting(group, tag) for tag in ("RescaleSlope", "RescaleIntercept"))
        return (1.0 if slope is None else float(slope)) or 1.0, 0.0 if intercept is None else float(intercept)

    def setting(self, group: str, tag: str) -> Any:
        """An attribute of the frame, else one that all frames share, else the file's own; None where there is none."""
        of_frames = self.data.get("PerFrameFunctionalGroupsSequence") or ()
        shared = self.data.get("SharedFunctionalGroupsSequence") or ()
        for functional in (*of_frames[self.frame : self.frame + 1], *shared):
            for settings in functional.get(group) or ():
                if settings.get(tag) is not None:
                    return settings.get(tag)
        return self.data.get(tag)


def _opened(raw: bytes, name: str) -> _Picture:
    pydicom = import_pydicom()
    data = pydicom.dcmread(io.BytesIO(raw), force=True)
    if not any(tag in data for tag in PIXELS):
        raise _pictureless(data, name)
    width, height = int(data.Columns), int(data.Rows)
    if width * height > MOST_PIXELS:
        raise too_many_pixels(width, height, name)
    _check_syntax(data, name)
    _check_colours(data, name)
    frames = max(1, int(data.get("NumberOfFrames") or 1))
    frame = frame_of(raw)
    return _Picture(data, frames // 2 if frame is None else frame)


def _check_syntax(data: Any, name: str) -> None:
    """Whether its form of pixels is known, and can be decoded here."""
    from pydicom.pixels import get_decoder
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if data.file_meta.get("TransferSyntaxUID") is None:  # as in files that lost their first bytes
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if data.is_implicit_VR else ExplicitVRLittleEndian
    syntax = data.file_meta.TransferSyntaxUID
    what = f"of the transfer syntax {syntax.name!r}" if syntax.keyword else "of a transfer syntax of its own"
    if any(mark in syntax.name for mark in VIDEO):
        raise DataError(f"{name} is a video ({syntax.name}). Needed: pictures; export its frames.", path=name)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise DataError(f"{name} is {what}, which cannot be decoded. {CONVERT}", path=name) from None
    if not decoder.is_available:
        said = f"{name} is {what}; a decoder for it is missing. Install it: pip install 'jeoni[medical]'."
        raise DataError(said, path=name)


def _colours(data: Any) -> str:
    return str(data.get("PhotometricInterpretation") or GREY[1]).strip()


def _check_colours(data: Any, name: str) -> None:
    """Whether its colours are of a kind that is known, and as many values there as these need."""
    colours = _colours(data)
    if colours not in (*GREY, *COLOUR):
        known = ", ".join((*GREY, *COLOUR))
        said = f"{name} has colours of the kind {colours!r}. Needed: {known}. Convert it, for example with `dcmconv`."
        raise DataError(said, path=name)
    halved = colours == "YBR_FULL_422" and not data.file_meta.TransferSyntaxUID.is_encapsulated
    if halved and int(data.Columns) % 2:
        raise DataError(
            f"{name} has colours of the kind {colours!r}, in which two columns share theirs, but {data.Columns} "
            "columns. Needed: an even number of columns, or colours as RGB; convert it where it comes from.",
            path=name,
        )


def _pictureless(data: Any, name: str) -> DataError:
    if "EncryptedAttributesSequence" in data:
        said = f"{name} is encrypted, and its pixels with it. Needed: the file as it was before; ask who exported it."
        return DataError(said, path=name)
    kind = data.get("SOPClassUID")
    if kind is None:
        return DataError(f"{name} is no DICOM file with a picture. Needed: images; leave it out.", path=name)
    what = kind.name if kind.keyword else "a kind of its own"
    said = f"{name} holds no pixels: it is a DICOM file of the kind {what!r}. Needed: images; leave it out."
    return DataError(said, path=name)


def _stored(picture: _Picture) -> Array:
    """The frame's stored values ``(h, w)`` or ``(h, w, 3)``; YBR is RGB by now."""
    from pydicom.pixels import pixel_array

    values: Array = pixel_array(picture.data, index=picture.frame)
    return values


def _bits(data: Any) -> int:
    return int(data.get("BitsStored") or data.get("BitsAllocated") or PLAIN_BITS)


def _colour(picture: _Picture) -> Array:
    """``(h, w, 3)`` uint8."""
    values, bits = _stored(picture), _bits(picture.data)
    if picture.colours == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        values, bits = apply_color_lut(values, picture.data), int(picture.data.RedPaletteColorLookupTableDescriptor[2])
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    return to_eight_bits(values, 0.0, float(2**bits - 1))


def _physical(picture: _Picture) -> Array:
    """``(h, w)`` float32 in physical units, NaN where there is padding."""
    stored, data = _stored(picture), picture.data
    if data.get("ModalityLUTSequence"):
        from pydicom.pixels import apply_modality_lut

        values = np.asarray(apply_modality_lut(stored, data), dtype=np.float32)
    else:
        slope, intercept = picture.rescale
        values = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    padding = data.get("PixelPaddingValue")
    if padding is not None:
        limit = data.get("PixelPaddingRangeLimit")
        first, last = sorted((int(padding), int(padding if limit is None else limit)))
        values[(stored >= first) & (stored <= last)] = np.nan
    return values


def _usual_range(picture: _Picture, values: Array) -> tuple[float, float]:
    """All that the bits can hold, in physical units; of floating point all that is there."""
    data = picture.data
    if "PixelData" not in data or data.get("ModalityLUTSequence"):
        there = values[np.isfinite(values)]
        low, high = (float(there.min()), float(there.max())) if there.size else (0.0, 1.0)
        return low, high if high > low else low + 1.0
    bits, slope, intercept = _bits(data), *picture.rescale
    low = -(2.0 ** (bits - 1)) if int(data.PixelRepresentation) else 0.0
    ends = sorted((low * slope + intercept, (low + 2.0**bits - 1) * slope + intercept))
    return ends[0], ends[1]


def _has_window(picture: _Picture) -> bool:
    return bool(picture.data.get("VOILUTSequence")) or _window(picture) is not None


def _window(picture: _Picture) -> tuple[float, float] | None:
    """Centre and width of the first window of the file; None where it has none."""
    group = "FrameVOILUTSequence"
    center, width = (_first(picture.setting(group, tag)) for tag in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or width <= 0:
        return None
    return center, width


def _first(value: Any) -> float | None:
    """The first of several numbers; None where there is none."""
    if value is None or value == "":
        return None
    values = value if isinstance(value, list | tuple) or hasattr(value, "__getitem__") else [value]
    return float(values[0]) if len(values) else None


def _own_grey(picture: _Picture, values: Array) -> Array | None:
    """``(h, w)`` uint8 by the file's own table or window; None where it has neither."""
    tables = picture.data.get("VOILUTSequence")
    if tables:
        from pydicom.pixels import apply_voi

        known = np.rint(np.nan_to_num(values)).astype(np.int64)
        return to_eight_bits(apply_voi(known, picture.data, 0), 0.0, float(2 ** int(tables[0].LUTDescriptor[2]) - 1))
    window = _window(picture)
    if window is None:
        return None
    center, width = window
    kind = str(picture.setting("FrameVOILUTSequence", "VOILUTFunction") or "LINEAR").strip().upper()
    if kind == "SIGMOID":
        with np.errstate(over="ignore"):
            return to_eight_bits(1 / (1 + np.exp(-4 * (values - center) / width)), 0.0, 1.0)
    if kind == "LINEAR_EXACT":
        return to_eight_bits(values, center - width / 2, center + width / 2)
    if width <= 1:
        return np.where(values > center - 0.5, 255, 0).astype(np.uint8)
    low = center - 0.5 - (width - 1) / 2
    return to_eight_bits(values, low, low + width - 1)
