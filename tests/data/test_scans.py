from __future__ import annotations

import sys

import numpy as np
import pytest

from jeoni.data.kinds import Columns
from jeoni.data.read import load_items, load_labelled
from jeoni.errors import ConfigError, DataError, MissingExtra
from tests.conftest import make_picture
from tests.made_scans import make_ramp, make_scan, save_scans

pytest.importorskip("pydicom")

VALUES = make_ramp()


def kinds(data) -> dict[str, str]:
    return {finding.kind: f"{finding.detail}: {finding.action}" for finding in data.findings}


def names(data) -> list[str]:
    return [data.items.name(i) for i in range(len(data))]


def test_patients_are_the_groups_of_a_folder_of_scans(tmp_path):
    data = load_labelled(save_scans(tmp_path / "scans", each=6), Columns())
    assert data.modality == "image" and len(data) == 12
    pairs = data.groups.reshape(6, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all() and len(np.unique(data.groups)) == 6
    told = "the headers of 12 DICOM files name 6 patients: a patient's files stay on one side of every split"
    assert kinds(data) == {"patients": told}


def test_a_pattern_and_a_column_of_groups_win(tmp_path):
    root = save_scans(tmp_path / "scans", each=6)
    data = load_labelled(root, Columns(pattern=r"(\d)\.dcm"))
    assert len(np.unique(data.groups)) == 6 and "patients" not in kinds(data)
    rows = "".join(f"scans/class_{k % 2}/00{k // 2}.dcm,{k % 2},g{k // 3}\n" for k in range(6))
    (tmp_path / "t.csv").write_text(f"file,label,site\n{rows}")
    table = load_labelled(tmp_path / "t.csv", Columns(group="site"))
    assert len(np.unique(table.groups)) == 2
    plain = load_labelled(tmp_path / "t.csv", Columns())
    assert len(np.unique(plain.groups)) == 4 and "patients" in kinds(plain)


def test_scans_without_a_suffix_lie_beside_pictures_and_other_files(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "IM01").write_bytes(make_scan(VALUES, folder))
        (tmp_path / folder / "README").write_text("not a scan")
        make_picture(0, 1).save(tmp_path / folder / "x.png")
    data = load_labelled(tmp_path, Columns())
    assert names(data) == ["a/IM01", "a/x.png", "b/IM01", "b/x.png"]
    assert len(np.unique(data.groups)) == 4
    assert names(load_items(tmp_path / "a")) == ["IM01", "x.png"]
    assert names(load_items(tmp_path / "a" / "IM01")) == [str(tmp_path / "a" / "IM01")]


def test_scans_that_lie_loose_are_told_from_nothing(tmp_path):
    (tmp_path / "IM01").write_bytes(make_scan(VALUES))
    with pytest.raises(DataError, match="holds 1 images, but not in folders named for their classes"):
        load_labelled(tmp_path, Columns())


def test_every_frame_can_be_an_example_of_one_group(tmp_path):
    for folder, frames in (("a", 3), ("b", 1)):
        (tmp_path / folder).mkdir()
        many = np.stack([VALUES + k for k in range(frames)])
        about = {"NumberOfFrames": frames} if frames > 1 else {}
        raw = make_scan(many if frames > 1 else many[0], folder, **about)
        (tmp_path / folder / "x.dcm").write_bytes(raw)
    middle = load_labelled(tmp_path, Columns())
    told = "1 DICOM file holds several frames, 3 together: the middle one of each is taken; --frames all takes each"
    assert len(middle) == 2 and kinds(middle)["frames"].startswith(told)
    every = load_labelled(tmp_path, Columns(frames="all"))
    assert names(every) == ["a/x.dcm#frame 1", "a/x.dcm#frame 2", "a/x.dcm#frame 3", "b/x.dcm"]
    assert len(set(every.groups[:3])) == 1 and every.groups[3] != every.groups[0]
    assert [row[0] for row in every.targets] == ["a", "a", "a", "b"]
    chosen = every.items.select([2, 3])
    assert chosen.name(0) == "a/x.dcm#frame 3" and chosen.size(0) > 0
    contents = {every.items.read(i) for i in range(3)}
    assert len(contents) == 3 and len(chosen) == 2
    assert names(load_items(tmp_path, frames="all")) == names(every)


def test_another_word_for_frames_is_refused(tmp_path):
    save_scans(tmp_path / "scans", each=2)
    with pytest.raises(ConfigError, match="frames is 'some'; 'middle' or 'all' is needed"):
        load_items(tmp_path / "scans", frames="some")


def gaps_of(tmp_path, abouts) -> str:
    (tmp_path / "a").mkdir()
    for k, about in enumerate(abouts):
        raw = make_scan(VALUES + k, "1", ImageOrientationPatient=[1, 0, 0, 0, 1, 0], **about)
        (tmp_path / "a" / f"{k}.dcm").write_bytes(raw)
    return kinds(load_labelled(tmp_path, Columns())).get("series_gap", "")


@pytest.mark.parametrize(
    "numbers, places, said",
    [
        ((1, 2, 3, 4), (0, 5, 10, 15), ""),
        ((4, 2, 1, 3), (15, 5, 0, 10), ""),
        ((1, 2, 4, 7), (0, 5, 10, 15), "its series of 4 files lacks 3 of the numbers 1 to 7: slices are missing: kept"),
        ((1, 2, 3, 4), (0, 5, 15, 20), "the slices of its series lie 5 mm apart, and 10 mm at one place: kept"),
        ((1, 1, 1, 1), (0, 0, 5, 10), ""),
    ],
)
def test_a_series_with_gaps_is_remarked(tmp_path, numbers, places, said):
    abouts = [{"InstanceNumber": n, "ImagePositionPatient": [1, 1, z]} for n, z in zip(numbers, places, strict=True)]
    assert gaps_of(tmp_path, abouts) == said


def test_names_in_pixels_and_in_paths_are_remarked_without_being_told(tmp_path):
    for folder, name in (("a", "x.dcm"), ("b", "gildong1.dcm")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(make_scan(VALUES, "1", BurnedInAnnotation="YES"))
    found = kinds(load_labelled(tmp_path, Columns()))
    assert found["burned_in"] == "its header says that its pixels show names or numbers: kept"
    assert found["named_paths"].startswith("1 paths hold a patient's name or number, and paths stand in reports")


def test_damaged_scans_are_left_to_the_decoder(tmp_path):
    root = save_scans(tmp_path / "scans", each=2)
    (root / "class_0" / "bad.dcm").write_bytes(b"no scan")
    data = load_labelled(root, Columns())
    assert len(data) == 5 and len(np.unique(data.groups)) == 3


def test_without_pydicom_nothing_is_read_before_the_error(tmp_path, monkeypatch):
    root = save_scans(tmp_path / "scans", each=2)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtra, match=r"Reading DICOM files.*pip install 'jeoni\[medical\]'"):
        load_labelled(root, Columns())
    with pytest.raises(MissingExtra, match=r"jeoni\[medical\]"):
        load_items(root)


def test_lists_of_paths_are_grouped_too(tmp_path):
    root = save_scans(tmp_path / "scans", each=4)
    paths = sorted(str(path) for path in root.rglob("*.dcm"))
    data = load_labelled((paths, ["x", "y"] * 4), Columns())
    assert len(np.unique(data.groups)) == 4
