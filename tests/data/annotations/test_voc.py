"""Pascal VOC: where files lie, how pixels are counted, what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.data.annotations import Boxes, Detections
from jeoni.data.annotations.formats.voc import VOC
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.annotations.read import read_annotated
from jeoni.errors import ConfigError, DataError
from tests.data.annotations.made import kinds_of, names_of, said_of, save_picture, save_text, voc_file

CAT = ("cat", (11, 6, 20, 15), 0)


def challenge(root, files):
    """The folders of the challenge, with one picture for each file."""
    for stem, text in files.items():
        save_picture(root / "JPEGImages" / f"{stem}.png")
        if text is not None:
            save_text(root / "Annotations" / f"{stem}.xml", text)
    return root


def test_pixels_are_counted_from_one_and_both_ends_belong_to_the_box(tmp_path):
    challenge(tmp_path, {"a": voc_file([("cat", (1, 1, 1, 1), 0), ("dog", (11, 6, 20, 15), 0)])})
    boxes = read_annotated(tmp_path).targets[0]
    assert boxes.boxes.tolist() == [[0, 0, 1, 1], [10, 5, 20, 15]]
    assert boxes.names == ("cat", "dog")


def test_difficult_objects_and_void_classes_are_ignored(tmp_path):
    challenge(tmp_path, {"a": voc_file([CAT, ("dog", (1, 1, 9, 9), 1), ("dirt", (1, 1, 5, 5), 0)])})
    assert read_annotated(tmp_path, void="dirt").targets[0].ignored.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("pictures", "files"),
    [("JPEGImages", "Annotations"), ("images", "annotations"), ("images", "labels"), ("", ""), ("images", "xmls")],
)
def test_files_lie_in_folders_or_beside_the_pictures(pictures, files, tmp_path):
    save_picture(tmp_path / pictures / "a.png")
    save_text(tmp_path / files / "a.xml", voc_file([CAT]))
    assert VOC().recognises(tmp_path)
    assert isinstance(read_annotated(tmp_path, "detection").targets[0], Boxes)


def test_parts_are_folders_or_lists(tmp_path):
    for part in ("train", "valid", "test"):
        save_picture(tmp_path / "roboflow" / part / f"{part}.jpg")
        save_text(tmp_path / "roboflow" / part / f"{part}.xml", voc_file([CAT]))
    data = read_annotated(tmp_path / "roboflow")
    assert dict(zip(names_of(data), data.part.tolist(), strict=True)) == {
        "train/train.jpg": "train",
        "valid/valid.jpg": "val",
        "test/test.jpg": "test",
    }
    root = challenge(tmp_path / "voc", dict.fromkeys("abcde", voc_file([CAT])))
    save_text(root / "ImageSets/Main/trainval.txt", "a\nb\nc\n")
    save_text(root / "ImageSets/Main/val.txt", "b\nc\n")
    save_text(root / "ImageSets/Main/test.txt", "c\nd\n")
    data = read_annotated(root)
    assert dict(zip(names_of(data), data.part.tolist(), strict=True)) == {
        "JPEGImages/a.png": "train",
        "JPEGImages/b.png": "val",
        "JPEGImages/c.png": "test",
        "JPEGImages/d.png": "test",
    }
    assert said_of(data, "leak") == "two files of ImageSets name it"
    assert [f.path for f in data.findings if f.kind == "in_no_split"] == ["JPEGImages/e.png"]


def test_a_picture_without_objects_is_kept_and_one_without_a_file_is_unlabelled(tmp_path):
    challenge(tmp_path, {"a": voc_file([CAT]), "b": voc_file([]), "c": None})
    save_text(tmp_path / "Annotations" / "d.xml", voc_file([CAT]))
    data = read_annotated(tmp_path)
    assert len(data) == 3 and len(data.targets[1].boxes) == 0 and data.targets[2] is None
    assert [f.path for f in data.findings if f.kind == "unlabelled"] == ["JPEGImages/c.png"]
    assert [f.path for f in data.findings if f.kind == "no_picture"] == ["Annotations/d.xml"]


def test_boxes_that_cannot_be_are_told_with_their_file(tmp_path):
    odd = [
        ("cat", (30, 20, 60, 30), 0),
        ("cat", (12, 8, 11, 9), 0),
        ("cat", (50, 40, 60, 45), 0),
        ("cat", (5, 5, 9, 9), 0),
        ("cat", (5, 5, 9, 9), 0),
        ("dog", (5, 5, 9, 9), 0),
        ("cat", (0, 0, 40, 30), 0),
    ]
    challenge(tmp_path, {"a": voc_file(odd)})
    data = read_annotated(tmp_path)
    assert data.targets[0].boxes.tolist() == [[29, 19, 40, 30], [4, 4, 9, 9], [4, 4, 9, 9], [0, 0, 40, 30]]
    assert kinds_of(data) == ["box_beside", "box_of_no_size", "box_outside", "duplicate_box"]
    assert said_of(data, "box_outside") == "a box reaches outside the picture (object 1 of a.xml)"
    assert said_of(data, "duplicate_box") == "a box is there twice, with the same class (object 5 of a.xml)"


def test_a_file_that_is_of_a_picture_of_another_size_is_left_out(tmp_path):
    challenge(tmp_path, {"a": voc_file([CAT]), "b": voc_file([CAT], (30, 40)), "c": voc_file([CAT], (0, 0))})
    data = read_annotated(tmp_path)
    assert [one is None for one in data.targets] == [False, True, False]
    assert said_of(data, "size_mismatch") == "the annotation is of a picture of another size (it says 30 x 40)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<annotation><object></annotation>", r"a.xml is no XML: mismatched tag.* Export it again"),
        ("<annotation><object><name> </name></object></annotation>", "object 1 has no name. Needed: <name>"),
        (
            "<annotation><object><name>cat</name></object></annotation>",
            "object 1 has no box. Needed: <bndbox> with xmin",
        ),
        (voc_file([("cat", (1, 2, "x", 4), 0)]), "xmax of object 1 is 'x'. Needed: a number"),
        (voc_file([("cat", (1, 2, "nan", 4), 0)]), "xmax of object 1 is 'nan'. Needed: a number"),
        ("<annotation><size><width>1</width></size></annotation>", "the height is missing. Needed: a number"),
        ("<!DOCTYPE x><annotation></annotation>", "declares a document type or entities. Needed: plain XML"),
        ("<other/>", "a.xml holds <other>. Needed: <annotation>"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(text, said, tmp_path):
    challenge(tmp_path, {"a": text})
    with pytest.raises(DataError, match=said):
        VOC().read(tmp_path, ReadOptions())


def test_options_that_do_not_fit_are_refused(tmp_path):
    challenge(tmp_path, {"a": voc_file([CAT])})
    with pytest.raises(
        ConfigError, match=r"Pascal VOC names its classes itself, so that --class-names cat says nothing"
    ):
        read_annotated(tmp_path, class_names="cat")
    with pytest.raises(ConfigError, match=r"--void names 'cta', which is no class. Did you mean cat\? There are: cat"):
        read_annotated(tmp_path, void="cta")


def test_a_folder_whose_files_are_all_useless_is_refused(tmp_path):
    challenge(tmp_path, {"a": voc_file([CAT], (1, 1))})
    with pytest.raises(
        DataError, match=r"holds 1 pictures, and annotations of none of them that can be used. JPEGImages"
    ):
        read_annotated(tmp_path)


def test_groups_come_from_a_pattern(tmp_path):
    challenge(tmp_path, dict.fromkeys(("p1_a", "p1_b", "p2_a"), voc_file([CAT])))
    groups = read_annotated(tmp_path, group_pattern=r"(p\d)_").groups
    assert groups[0] == groups[1] != groups[2]


def test_blood_cells_have_their_parts(real):
    data = read_annotated(real("bccd"))
    assert {part: int(np.sum(data.part == part)) for part in ("train", "val", "test")} == {
        "train": 205,
        "val": 87,
        "test": 72,
    }
    assert {name for one in data.targets for name in one.names} == {"RBC", "WBC", "Platelets"}


def test_a_file_that_cannot_be_read_costs_its_picture_only(tmp_path):
    challenge(tmp_path, {"a": voc_file([CAT]), "b": "<annotation>"})
    data = read_annotated(tmp_path)
    assert data.targets[0].names == ("cat",) and data.targets[1] is None
    assert "b.xml is no XML" in said_of(data, "unreadable_annotation")


def test_predictions_are_written_as_they_are_read(tmp_path):
    found = Detections(np.array([[0, 0, 1.5, 2], [10, 5, 20, 15]]), np.array([1, 0]), np.array([0.9, 0.5]))
    nothing = Detections(np.zeros((0, 4)), np.zeros(0, dtype=int), np.zeros(0))
    predicted = Predicted(["images/a.jpg", "images/deep/b.jpg"], [(40, 30)] * 2, [found, nothing], ["a & b", "dog"])
    written = VOC().write(tmp_path, predicted)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "Annotations/a.xml",
        "Annotations/deep/b.xml",
    ]
    for name in predicted.names:
        save_picture(tmp_path / name)
    again = read_annotated(tmp_path)
    assert again.targets[0].boxes.tolist() == found.boxes.tolist() and again.targets[0].names == ("dog", "a & b")
    assert len(again.targets[1].boxes) == 0 and said_of(again, "no_objects").startswith(
        "1 of 2 pictures hold no object"
    )
