from __future__ import annotations

import sys

import numpy as np
import pytest

from jeoni.data.dicom import frame_of, is_dicom, known_name, marked_frame, read_header
from jeoni.errors import MissingExtra
from tests.made_scans import NUMBER, make_ramp, make_scan

pytest.importorskip("pydicom")

VALUES = make_ramp()


@pytest.mark.parametrize("name", ["IM0001", "1.2.840.113619.2.55", "scan.17"])
def test_a_dicom_file_without_a_suffix_is_known_by_its_first_bytes(tmp_path, name):
    (tmp_path / name).write_bytes(make_scan(VALUES))
    assert known_name(tmp_path / name) == f"{name}.dcm"


def test_other_files_keep_their_names(tmp_path):
    for name in ("README", "notes.txt", "DICOMDIR", "empty"):
        (tmp_path / name).write_bytes(b"" if name == "empty" else b"x" * 200)
    (tmp_path / "DICOMDIR").write_bytes(make_scan(VALUES))
    (tmp_path / "seen.txt").write_bytes(make_scan(VALUES))  # another suffix is believed
    for name in ("README", "notes.txt", "DICOMDIR", "empty", "seen.txt", "is not there"):
        assert known_name(tmp_path / name) == name


def test_a_frame_is_marked_in_the_preamble_and_makes_another_content():
    raw = make_scan(VALUES)
    marked = [marked_frame(raw, k) for k in (0, 12)]
    assert [frame_of(m) for m in marked] == [0, 12] and frame_of(raw) is None
    assert all(is_dicom(m) and m[128:] == raw[128:] and len(m) == len(raw) for m in marked)
    bare = marked_frame(raw[132:], 3)
    assert is_dicom(bare) and frame_of(bare) == 3 and bare[132:] == raw[132:]


def test_a_header_tells_all_but_who_it_is(tmp_path):
    path = tmp_path / "a.dcm"
    about = {
        "InstanceNumber": 7, "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [5, 6, -12.5],
        "NumberOfFrames": 2, "BurnedInAnnotation": "YES",
    }  # fmt: skip
    path.write_bytes(make_scan(np.stack([VALUES, VALUES]), "1", **about))
    found = read_header(path, "a.dcm")
    assert (found.instance, found.place, found.frames, found.burned_in) == (7, -12.5, 2, True)
    assert isinstance(found.patient, int) and isinstance(found.series, int) and not found.named_in_path
    assert NUMBER not in repr(found) and "Hong" not in repr(found)


def test_the_patient_is_the_same_in_other_files_and_else_the_study_or_the_series(tmp_path):
    def header(name, patient, **about):
        (tmp_path / name).write_bytes(make_scan(VALUES, patient, **about))
        return read_header(tmp_path / name, name)

    first = header("a.dcm", "1")
    assert header("b.dcm", "1", SeriesInstanceUID="1.2.3").patient == first.patient
    assert header("c.dcm", "2").patient != first.patient
    study = header("d.dcm", "1", PatientID="")
    assert study.patient not in (None, first.patient)
    assert header("e.dcm", "2", PatientID="", StudyInstanceUID=None).patient not in (None, study.patient)
    nobody = {"PatientID": None, "StudyInstanceUID": None, "SeriesInstanceUID": None, "InstanceNumber": ""}
    unknown = header("f.dcm", "1", **nobody)
    assert (unknown.patient, unknown.series, unknown.instance, unknown.place) == (None, None, None, None)


@pytest.mark.parametrize("name, holds", [("gildong9.dcm", True), (f"{NUMBER.lower()}-9/a.dcm", True), ("a.dcm", False)])
def test_a_path_that_names_the_patient_is_noticed(tmp_path, name, holds):
    path = tmp_path / "a.dcm"
    path.write_bytes(make_scan(VALUES, "9"))
    assert read_header(path, name).named_in_path is holds


def test_no_header_is_no_error(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"nothing of the kind")
    assert read_header(tmp_path / "a.dcm", "a.dcm") is None
    assert read_header(tmp_path / "missing.dcm", "missing.dcm") is None


def test_without_pydicom_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtra, match=r"Reading DICOM files.*pip install 'jeoni\[medical\]'"):
        read_header(tmp_path / "a.dcm", "a.dcm")
