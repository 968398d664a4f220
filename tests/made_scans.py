"""Small DICOM files with a patient's name in every place that has one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

NAME, NUMBER = "Gildong", "HOSP-77123"


def make_scan(values: np.ndarray, patient: str = "0", syntax: str = "", **attributes: Any) -> bytes:
    """A file of stored values ``(h, w)``, ``(h, w, 3)`` or, with NumberOfFrames, of several of these.

    Args:
        values: integers; their type says bits and sign.
        patient: behind the name and the number.
        syntax: of the transfer, a UID; uncompressed if left out.
        attributes: further ones by their keyword; None takes one out.
    """
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    several = "NumberOfFrames" in attributes
    shape = values.shape[1:] if several else values.shape
    bits = 8 * values.dtype.itemsize
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[values.tobytes().hex(), patient, repr(attributes)])
    meta.TransferSyntaxUID = syntax or ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.PatientName, made.PatientID = f"Hong^{NAME}{patient}", f"{NUMBER}-{patient}"
    made.PatientBirthDate, made.OtherPatientIDs = "19700101", f"{NUMBER}-{patient}"
    made.ReferringPhysicianName, made.InstitutionName = f"Doctor^{NAME}", f"{NAME} Hospital"
    made.StudyInstanceUID = generate_uid(entropy_srcs=["study", patient])
    made.SeriesInstanceUID = generate_uid(entropy_srcs=["series", patient])
    made.Rows, made.Columns = shape[:2]
    made.SamplesPerPixel = 3 if len(shape) == 3 else 1
    made.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
    if len(shape) == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated, made.BitsStored, made.HighBit = bits, bits, bits - 1
    made.PixelRepresentation = int(values.dtype.kind == "i")
    made.PixelData = values.tobytes() + bytes(values.nbytes % 2)
    for keyword, value in attributes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def make_ramp(low: int = 0, high: int = 255, dtype: Any = np.int16, side: int = 16) -> np.ndarray:
    """``(side, side)`` values from low to high, row by row."""
    return np.linspace(low, high, side * side).round().astype(dtype).reshape(side, side)


def make_stripes(kind: int, number: int, side: int = 32) -> np.ndarray:
    """``(side, side)`` int16 in Hounsfield's range, whose direction is the class."""
    rng = np.random.default_rng(100 * kind + number)
    at = np.arange(side)[None] if kind else np.arange(side)[:, None]
    wave = 300 * np.sin(at / 1.5 + rng.uniform(0, 6)) * np.ones((side, side))
    return (wave + rng.normal(0, 60, (side, side))).astype(np.int16)


def save_scans(root: Path, each: int = 12, slices: int = 2, **attributes: Any) -> Path:
    """A folder per class; ``slices`` files of each patient."""
    for kind in (0, 1):
        folder = root / f"class_{kind}"
        folder.mkdir(parents=True)
        for k in range(each):
            patient = f"{kind}{k // slices:02d}"
            about = {"InstanceNumber": k % slices + 1, **attributes}
            (folder / f"{k:03d}.dcm").write_bytes(make_scan(make_stripes(kind, k), patient, **about))
    return root
