"""Volumes of medical images in formats that are not read: they are known, so that a message can say what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jeoni.errors import DataError

__all__ = ["volume_error"]

VOLUMES = {
    ".nii": "NIfTI",
    ".nii.gz": "NIfTI",
    ".nrrd": "NRRD",
    ".mha": "MetaImage",
    ".mhd": "MetaImage",
    ".mgz": "MGH",
}


def volume_error(files: Iterable[Path], where: Path) -> DataError | None:
    """What to say where a volume lies among files; None where none does.

    Args:
        files: their paths.
        where: the folder or file that was asked for.

    Example:
        >>> volume_error([Path("a/brain.nii.gz")], Path("a")).path
        'a'
    """
    for file in files:
        kind = next((kind for ending, kind in VOLUMES.items() if file.name.lower().endswith(ending)), "")
        if kind:
            return DataError(
                f"{where} holds volumes as {kind}, such as {file.name}, which are not read. Needed: pictures. Save "
                "their slices as PNG or DICOM, for example with nibabel or 3D Slicer, a folder per class.",
                path=str(where),
            )
    return None
