"""DICOM files among examples: groups of patients, frames as examples, gaps in series. Pixels are not read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from jeoni.data.columns import ungrouped
from jeoni.data.dicom import DICOM_SUFFIXES, Header, import_pydicom, known_name, marked_frame, read_header
from jeoni.data.items import FileItems, FlawedItems
from jeoni.errors import ConfigError
from jeoni.types import Array, Dataset, Finding, IntArray

__all__ = ["FRAMES", "FramedItems", "patients_of", "with_scans"]

FRAMES = ("middle", "all")
UNEVEN = 0.05  # of the usual distance of slices


class FramedItems:
    """Frames of DICOM files: an example is a file, or one of its frames.

    Args:
        items: the files.
        rows: the file of each example.
        frames: the frame of each example, from 0; -1 where the whole file is meant.
    """

    def __init__(self, items: Any, rows: IntArray, frames: IntArray) -> None:
        self._items, self._rows, self._frames = items, rows, frames

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """The file's name; of one of its frames with ``#frame 3`` behind it, the first of which is 1."""
        name, frame = str(self._items.name(int(self._rows[index]))), int(self._frames[index])
        return name if frame < 0 else f"{name}#frame {frame + 1}"

    def read(self, index: int) -> bytes | Array:
        """The file's bytes, marked with the frame that is meant.

        Raises:
            DataError: as its collection says.
        """
        raw: bytes | Array = self._items.read(int(self._rows[index]))
        frame = int(self._frames[index])
        return raw if frame < 0 or not isinstance(raw, bytes) else marked_frame(raw, frame)

    def size(self, index: int) -> int:
        """As its collection says."""
        return int(self._items.size(int(self._rows[index])))

    def select(self, indices: Sequence[int] | IntArray) -> FramedItems:
        """The same examples, fewer or in another order."""
        index = np.asarray(indices, dtype=np.int64)
        return FramedItems(self._items, self._rows[index], self._frames[index])


def with_scans(data: Dataset, frames: str = "middle") -> Dataset:
    """A dataset whose DICOM files are grouped by patient; any other dataset is given back as it is.

    Args:
        data: of images; groups that it has already win over those of patients.
        frames: ``middle``: of a file of several frames the middle one is the example; ``all``: each is one.

    Raises:
        MissingExtra: there are DICOM files, and pydicom is not installed.
        ConfigError: another word for ``frames``.
    """
    if frames not in FRAMES:
        raise ConfigError(f"frames is {frames!r}; {' or '.join(map(repr, FRAMES))} is needed.")
    items = data.items
    if data.modality != "image" or not isinstance(items, FileItems | FlawedItems):
        return data
    files = _dicom_files(items)
    if not files:
        return data
    import_pydicom()  # its absence is said before anything is read
    headers = {i: read_header(path, items.name(i)) for i, path in files.items()}
    known = {i: header for i, header in headers.items() if header is not None}
    groups, findings = data.groups, [*_of_names(data, known), *_gaps(data, known)]
    if groups is None:
        groups, more = _patients(data, known)
        findings += more
    data = replace(data, groups=groups, findings=(*data.findings, *findings))
    return _framed(data, known, frames)


def patients_of(data: Dataset) -> dict[int, int]:
    """Numbers of the patients whose DICOM files a dataset holds, by the number of the item."""
    if not isinstance(data.items, FileItems | FlawedItems):
        return {}
    headers = {i: read_header(path, data.items.name(i)) for i, path in _dicom_files(data.items).items()}
    return {i: one.patient for i, one in headers.items() if one is not None and one.patient is not None}


def _dicom_files(items: FileItems | FlawedItems) -> dict[int, str]:
    """Paths by the number of the item."""
    found = {}
    for i in range(len(items)):
        path = items.path(i)
        if path and PurePath(known_name(Path(path))).suffix.lower() in DICOM_SUFFIXES:
            found[i] = path
    return found


def _patients(data: Dataset, known: Mapping[int, Header]) -> tuple[IntArray | None, list[Finding]]:
    """``(n,)`` groups: a patient's files are one; what says of no patient, study or series is one by itself."""
    patients = {i: header.patient for i, header in known.items() if header.patient is not None}
    if not patients:
        return None, []
    groups = ungrouped(len(data), data.origin)
    for i, patient in patients.items():
        groups[i] = patient
    n, files = len(set(patients.values())), len(patients)
    told = f"the headers of {files} DICOM files name {n} patient{'' if n == 1 else 's'}"
    return groups, [Finding("patients", "", told, "a patient's files stay on one side of every split")]


def _of_names(data: Dataset, known: Mapping[int, Header]) -> list[Finding]:
    """Names in the pixels, or in paths: both would be seen in a report."""
    burned = [i for i, header in known.items() if header.burned_in]
    named = [i for i, header in known.items() if header.named_in_path]
    found = [
        Finding("burned_in", data.items.name(i), "its header says that its pixels show names or numbers", "kept")
        for i in burned
    ]
    if named:
        told = f"{len(named)} paths hold a patient's name or number, and paths stand in reports and tables; rename them"
        found.append(Finding("named_paths", "", told, "kept"))
    return found


def _gaps(data: Dataset, known: Mapping[int, Header]) -> list[Finding]:
    """Series of which slices are missing, or lie at uneven distances."""
    series: dict[int, list[int]] = {}
    for i, header in known.items():
        if header.series is not None:
            series.setdefault(header.series, []).append(i)
    found = []
    for members in series.values():
        told = _gap([known[i] for i in members]) if len(members) > 1 else ""
        if told:
            found.append(Finding("series_gap", data.items.name(members[0]), told, "kept"))
    return found


def _gap(headers: Sequence[Header]) -> str:
    """What is missing in a series; empty where nothing is, as far as the headers tell."""
    numbers = sorted({header.instance for header in headers if header.instance is not None})
    missing = numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0
    if missing:
        return (
            f"its series of {len(headers)} files lacks {missing} of the numbers {numbers[0]} to {numbers[-1]}: slices "
            "are missing"
        )
    places = [header.place for header in headers]
    if len(places) < 3 or any(place is None for place in places):
        return ""
    steps = np.diff(np.unique(np.round(np.array(places, dtype=np.float64), 3)))
    usual = float(np.median(steps)) if len(steps) else 0.0
    if usual and steps.max() > (1 + UNEVEN) * usual:
        return f"the slices of its series lie {usual:.3g} mm apart, and {float(steps.max()):.3g} mm at one place"
    return ""


def _framed(data: Dataset, known: Mapping[int, Header], frames: str) -> Dataset:
    """With every frame as an example, or a word on the ones that are taken."""
    several = {i: header.frames for i, header in known.items() if header.frames > 1}
    if not several:
        return data
    total, n = sum(several.values()), len(several)
    hold = f"{n} DICOM file{' holds' if n == 1 else 's hold'} several frames, {total} together"
    if frames == "middle":
        told = Finding("frames", "", hold, "the middle one of each is taken; --frames all takes each as an example")
        return replace(data, findings=(*data.findings, told))
    counts = np.array([several.get(i, 1) for i in range(len(data))])
    rows = np.repeat(np.arange(len(data)), counts)
    numbers = [np.arange(count) if count > 1 else np.array([-1]) for count in counts]
    groups = data.groups if data.groups is not None else ungrouped(len(data), data.origin)
    grown = replace(data, groups=groups).select(rows)
    items = FramedItems(data.items, rows, np.concatenate(numbers))
    told = Finding("frames", "", hold, "each is an example of one group")
    return replace(grown, items=items, findings=(*data.findings, told))
