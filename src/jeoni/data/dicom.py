"""DICOM files (the standard PS3.10): how they are known, and what is kept of headers: nothing that names a person.

Who a file is of becomes a number here and nowhere else (a hash, which groups of examples need); names, numbers of
patients and messages of the parser, which may quote them, go no further.
"""

from __future__ import annotations

import importlib
import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from jeoni.data.columns import name_number
from jeoni.data.files import open_file
from jeoni.errors import DataError, MissingExtra

__all__ = [
    "DICOM_SUFFIXES",
    "Header",
    "frame_of",
    "import_pydicom",
    "is_dicom",
    "known_name",
    "marked_frame",
    "quiet_pydicom",
    "read_header",
    "read_size",
]

DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
PREAMBLE = 128  # bytes that the standard leaves to whoever uses the file; then stands the mark
MARK = b"DICM"
FRAME = re.compile(rb"jeoni frame (\d+)\0")
DIRECTORY = "DICOMDIR"  # a table of contents, in DICOM's own form, without a picture
NUMBERED = re.compile(r"|\.\d+")  # what ends a name without a suffix: nothing, or the last part of a UID
LEAST_NAME = 4  # letters of a name or number that are looked for in a path: fewer stand there by chance
TAGS = (
    *("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "InstanceNumber"),
    *("ImagePositionPatient", "ImageOrientationPatient", "NumberOfFrames", "BurnedInAnnotation", "Modality"),
)
SIZE = ("Rows", "Columns")
_READING = threading.Lock()


@dataclass(frozen=True)
class Header:
    """What is known of a file beside its pixels; nothing in it names a person.

    Attributes:
        patient: a number for the patient, else for the study or the series; None where the file says none of them.
        series: a number for the series; None where it says none.
        instance: its number in the series.
        place: millimetres along the normal of the slices; None where the file does not say.
        frames: how many pictures it holds.
        burned_in: it says that names or numbers are written into its pixels.
        named_in_path: its path holds the patient's name or number.
    """

    patient: int | None
    series: int | None
    instance: int | None
    place: float | None
    frames: int
    burned_in: bool
    named_in_path: bool


def is_dicom(raw: bytes) -> bool:
    """Whether bytes begin as a DICOM file does: 128 bytes of any kind, then ``DICM``.

    >>> is_dicom(bytes(128) + b"DICM"), is_dicom(b"DICM")
    (True, False)
    """
    return raw[PREAMBLE : PREAMBLE + len(MARK)] == MARK


def known_name(path: Path) -> str:
    """A file's name; of a DICOM file without a suffix with ``.dcm`` after it, so that its modality can be told."""
    if not NUMBERED.fullmatch(path.suffix) or path.name.upper() == DIRECTORY:
        return path.name
    try:
        with open_file(path) as file:
            found = is_dicom(file.read(PREAMBLE + len(MARK)))
    except DataError:
        return path.name
    return f"{path.name}{DICOM_SUFFIXES[0]}" if found else path.name


def marked_frame(raw: bytes, frame: int) -> bytes:
    """A file's bytes, and in its preamble which of its frames is meant: so that frames are different examples."""
    preamble = (b"jeoni frame %d" % frame).ljust(PREAMBLE, b"\0")
    return preamble + (raw[PREAMBLE:] if is_dicom(raw) else MARK + raw)


def frame_of(raw: bytes) -> int | None:
    """The frame that :func:`marked_frame` named, from 0; None where it named none."""
    found = FRAME.match(raw)
    return int(found[1]) if found else None


def import_pydicom() -> ModuleType:
    """The library that reads DICOM.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return importlib.import_module("pydicom")
    except ImportError:
        raise MissingExtra("pydicom", "medical", "Reading DICOM files") from None


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Nothing that the library warns of is shown: it may quote what names a person.

    Warnings are silenced for the whole process, so threads take turns: else one would restore what another silenced.
    """
    loggers = [logging.getLogger(name) for name in ("pydicom", "pylibjpeg", "openjpeg", "libjpeg")]
    before = [logger.disabled for logger in loggers]
    with _READING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, disabled in zip(loggers, before, strict=True):
                logger.disabled = disabled


def read_header(path: str | Path, name: str) -> Header | None:
    """The header of a DICOM file; its pixels are not read. None where it is no DICOM file, or damaged.

    Args:
        path: where it is.
        name: the path as the user wrote it.

    Raises:
        MissingExtra: pydicom is not installed.
    """
    pydicom = import_pydicom()
    try:
        with open_file(path, name) as file, quiet_pydicom():
            found = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(TAGS), force=True)
            return _header(found, name) if len(found) else None
    except Exception:  # it is reported when it is decoded; whatever the parser says may quote a name
        return None


def read_size(path: str | Path) -> tuple[int, int] | None:
    """Width and height, pixels, by the header of a DICOM file; None where it is none, or damaged.

    Nothing else of the header is read.

    Raises:
        MissingExtra: pydicom is not installed.
    """
    pydicom = import_pydicom()
    try:
        with open_file(path) as file, quiet_pydicom():
            found = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(SIZE), force=True)
    except Exception:  # as above: it is reported when it is decoded
        return None
    width, height = _whole(found, "Columns"), _whole(found, "Rows")
    return (width, height) if width and height else None


def _header(found: Any, name: str) -> Header:
    identity = next(
        (t for tag in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID") if (t := _text(found, tag))), ""
    )
    series = _text(found, "SeriesInstanceUID")
    return Header(
        patient=name_number(f"patient {identity}") if identity else None,
        series=name_number(f"series {series}") if series else None,
        instance=_whole(found, "InstanceNumber"),
        place=_place(found),
        frames=max(1, _whole(found, "NumberOfFrames") or 1),
        burned_in=_text(found, "BurnedInAnnotation").upper() == "YES",
        named_in_path=_is_named(found, name),
    )


def _text(found: Any, tag: str) -> str:
    value = found.get(tag)
    return "" if value is None else str(value).strip()


def _whole(found: Any, tag: str) -> int | None:
    try:
        return int(_text(found, tag))
    except ValueError:
        return None


def _place(found: Any) -> float | None:
    """Where the slice lies along the normal of its plane."""
    try:
        x, y, z = (float(v) for v in found.get("ImagePositionPatient"))
        a, b, c, d, e, f = (float(v) for v in found.get("ImageOrientationPatient"))
    except (TypeError, ValueError):
        return None
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    return x * normal[0] + y * normal[1] + z * normal[2]


def _is_named(found: Any, name: str) -> bool:
    """Whether the path holds the patient's number, or a part of the name."""
    parts = [_text(found, "PatientID"), *re.split(r"[\^=\s]+", _text(found, "PatientName"))]
    lower = name.lower()
    return any(len(part) >= LEAST_NAME and part.lower() in lower for part in parts)
