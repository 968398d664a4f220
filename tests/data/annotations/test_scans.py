"""DICOM files with annotations: their size comes from the header, and a file without an ending is a picture too."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jeoni.data.annotations import Detections
from jeoni.data.annotations.formats.yolo import YOLO
from jeoni.data.annotations.pictures import picture_size
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import read_annotated
from jeoni.errors import DataError, MissingExtra
from tests.data.annotations.made import kinds_of, names_of, said_of, save_mask, save_picture, save_text
from tests.made_scans import make_scan

pytest.importorskip("pydicom")

VALUES = np.arange(30 * 40, dtype=np.int16).reshape(30, 40)
CONFIG = "train: images\nnames: [cat]\n"
LINE = "0 0.5 0.5 0.25 0.2\n"  # in 40 x 30: 15 … 25, 12 … 18
NUMBERED = ("1.2.840.1", "1.2.840.2")  # files of one series, without an ending


def save_scan(path, values=VALUES):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_scan(values))
    return path


def test_the_size_of_a_scan_is_that_of_its_header(tmp_path):
    assert picture_size(save_scan(tmp_path / "a.dcm")) == (40, 30)
    assert picture_size(save_scan(tmp_path / "1.2.3")) == (40, 30)
    assert picture_size(save_text(tmp_path / "b.dcm", "nothing of the kind")) is None
    (tmp_path / "c.dcm").write_bytes(make_scan(VALUES, Rows=None))
    assert picture_size(tmp_path / "c.dcm") is None


def test_a_missing_library_is_said(tmp_path, monkeypatch):
    path = save_scan(tmp_path / "a.dcm")
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(MissingExtra, match="pydicom"):
        picture_size(path)


def test_boxes_of_yolo_lie_on_scans(tmp_path):
    save_text(tmp_path / "data.yaml", CONFIG)
    for name, text in (("a.dcm", "a.txt"), *((one, f"{one}.txt") for one in NUMBERED)):
        save_scan(tmp_path / "images" / name)
        save_text(tmp_path / "labels" / text, LINE)
    data = read_annotated(tmp_path)
    assert names_of(data) == ["images/1.2.840.1", "images/1.2.840.2", "images/a.dcm"]
    for one in data.targets:
        np.testing.assert_allclose(one.boxes, [[15, 12, 25, 18]])


def test_predictions_of_a_series_are_written_apart(tmp_path):
    nothing = Detections(np.zeros((0, 4)), np.zeros(0, dtype=int), np.zeros(0))
    YOLO().write(tmp_path, Predicted([f"images/{one}" for one in NUMBERED], [(40, 30)] * 2, [nothing] * 2, ["cat"]))
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == [f"{one}.txt" for one in NUMBERED]


def test_lines_of_a_picture_whose_size_cannot_be_read_are_told(tmp_path):
    save_text(tmp_path / "data.yaml", CONFIG)
    save_text(tmp_path / "images/a.dcm", "nothing of the kind")
    save_picture(tmp_path / "images/b.png")
    for name in "ab":
        save_text(tmp_path / f"labels/{name}.txt", LINE)
    data = read_annotated(tmp_path)
    assert [one is None for one in data.targets] == [True, False]
    assert said_of(data, "size_not_known") == "its size cannot be read from its header"


def test_masks_of_scans_have_their_size(tmp_path):
    for name, shape in (("1.2.840.1", (30, 40)), ("1.2.840.2", (40, 30))):
        save_scan(tmp_path / "images" / name)
        save_mask(tmp_path / f"masks/{name}.png", np.ones(shape))
    data = read_annotated(tmp_path)
    assert names_of(data) == ["images/1.2.840.1"] and data.targets[0].read().shape == (30, 40)
    assert said_of(data, "size_mismatch") == "its mask is of another size (30 x 40 for 40 x 30)"


def coco(root, name):
    one = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[10, 5, 20, 5, 20, 15, 10, 15]]}
    content = {"images": [{"id": 1, "file_name": name}], "annotations": [one], "categories": [{"id": 1, "name": "cat"}]}
    save_text(root / "annotations.json", json.dumps(content))


def test_polygons_of_coco_need_no_stated_size_on_a_scan(tmp_path):
    save_scan(tmp_path / "a.dcm")
    coco(tmp_path, "a.dcm")
    assert read_annotated(tmp_path, "segmentation").targets[0].read().sum() == 100
    save_text(tmp_path / "broken/a.dcm", "nothing of the kind")
    coco(tmp_path / "broken", "a.dcm")
    with pytest.raises(DataError, match=r"can be used. a.dcm: its size cannot be read from its header"):
        read_annotated(tmp_path / "broken", "segmentation")


def test_scans_without_an_ending_are_normal_and_defective_pictures(tmp_path):
    for name in NUMBERED:
        save_scan(tmp_path / "own/good" / name)
        save_scan(tmp_path / "own/bad" / name)
        for folder in ("train/good", "test/good", "test/bad"):
            save_scan(tmp_path / "mvtec" / folder / name)
        save_mask(tmp_path / f"mvtec/ground_truth/bad/{name}_mask.png", np.ones((30, 40)))
    data = read_annotated(tmp_path / "own", "anomaly")
    assert len(data) == 4 and sum(one.defective for one in data.targets) == 2
    data = read_annotated(tmp_path / "mvtec")
    masks = [one.mask for one in data.targets if one.defective]
    assert data.format == "mvtec" and len(data) == 6 and len({mask.path for mask in masks}) == 2
    assert kinds_of(data) == ["format"]
