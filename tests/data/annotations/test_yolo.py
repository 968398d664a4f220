"""YOLO: data.yaml, where text files lie, lines of boxes, polygons and keypoints; written and read again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jeoni.data.annotations import Boxes, Detections, Skeleton
from jeoni.data.annotations.formats.yolo import YOLO
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import read_annotated
from jeoni.dense.reading import read_dense, restore_dense
from jeoni.errors import ConfigError, DataError
from jeoni.modalities.geometry import Geometry
from tests.data.annotations.made import kinds_of, names_of, said_of, save_picture, save_text

NAMES = "names: [cat, dog]\n"
LINE = "0 0.5 0.5 0.25 0.2\n"  # in 40 x 30: 15 … 25, 12 … 18


def save(root, lines, config=f"train: images\n{NAMES}", picture="images/{}.png", labels="labels/{}.txt"):
    """A picture for each stem, and its lines; None: no file."""
    for stem, text in lines.items():
        save_picture(root / picture.format(stem))
        if text is not None:
            save_text(root / labels.format(stem), text)
    if config:
        save_text(root / "data.yaml", config)
    return root


def test_boxes_are_middles_and_sizes_in_shares(tmp_path):
    save(tmp_path, {"a": f"{LINE}1 0 0 0.5 0.2 0.93\n", "b": "", "c": None})
    for root in (tmp_path, tmp_path / "data.yaml"):
        data = read_annotated(root)
        np.testing.assert_allclose(data.targets[0].boxes, [[15, 12, 25, 18], [0, 0, 10, 3]])
        assert data.targets[0].names == ("cat", "dog") and data.format == "yolo"
        assert all(len(one.boxes) == 0 for one in data.targets[1:])
        assert said_of(data, "no_objects").startswith("2 of 3 pictures hold no object")


@pytest.mark.parametrize("names", ["[cat, dog]", "{0: cat, 1: dog}", "\n  0: cat\n  1: dog", "\n- cat\n- dog"])
def test_names_are_a_list_or_a_dictionary(names, tmp_path):
    save(tmp_path, {"a": "1 0.5 0.5 0.25 0.2\n"}, f"path: .\ntrain: images\nnames: {names}\n")
    assert read_annotated(tmp_path).targets[0].names == ("dog",)


@pytest.mark.parametrize(
    ("picture", "labels", "train"),
    [
        ("images/train/{}.png", "labels/train/{}.txt", "images/train"),
        ("train/images/{}.png", "train/labels/{}.txt", "../train/images"),
        ("train/images/{}.png", "train/labels/{}.txt", "train/images"),
        ("train/{}.png", "train/{}.txt", "train"),
        ("images/train/{}.png", "labels/train/{}.txt", "[images/train]"),
    ],
)
@pytest.mark.parametrize("with_yaml", [True, False])
def test_text_files_lie_where_tools_put_them(picture, labels, train, with_yaml, tmp_path):
    root = tmp_path / "set"
    save(root, {"a": LINE}, f"train: {train}\n{NAMES}" if with_yaml else "", picture, labels)
    data = read_annotated(root)
    assert names_of(data) == [picture.format("a")] and data.part.tolist() == ["train"]
    assert data.targets[0].names == ("cat" if with_yaml else "0",)


def test_parts_may_be_lists_of_pictures(tmp_path):
    save(tmp_path, {"a": LINE, "b": LINE}, f"train: train.txt\nval: val.txt\ntest: gone.txt\n{NAMES}")
    save_text(tmp_path / "train.txt", "./images/a.png\nimages/missing.png\n")
    save_text(tmp_path / "val.txt", "images/b.png\n")
    data = read_annotated(tmp_path)
    assert data.part.tolist() == ["train", "val"] and kinds_of(data) == ["no_picture"]
    assert said_of(data, "no_picture") == "test: gone.txt is not there"


def test_darknet_has_names_and_lists(tmp_path):
    save(tmp_path, {"a": LINE}, "", "obj_train_data/{}.png", "obj_train_data/{}.txt")
    save_text(tmp_path / "obj.names", "cat\ndog\n")
    save_text(tmp_path / "train.txt", "data/obj_train_data/a.png\n")
    data = read_annotated(tmp_path)
    assert data.targets[0].names == ("cat",) and data.part.tolist() == ["train"]


def test_one_folder_for_two_parts_is_the_first_of_them(tmp_path):
    save(tmp_path, {"a": LINE}, f"train: images\nval: images\n{NAMES}")
    data = read_annotated(tmp_path)
    assert data.part.tolist() == ["train"] and said_of(data, "same_part") == "val: images is another part as well"


def test_without_data_yaml_names_come_from_a_file_the_user_or_numbers(tmp_path):
    save(tmp_path, {"a": LINE}, "")
    assert read_annotated(tmp_path).targets[0].names == ("0",)
    assert read_annotated(tmp_path, class_names="cat").targets[0].names == ("cat",)
    save_text(tmp_path / "classes.txt", "owl\n")
    assert read_annotated(tmp_path).targets[0].names == ("owl",)


def test_polygons_are_masks_or_the_boxes_around_them(tmp_path):
    save(tmp_path, {"a": "1 0.25 0.2 0.5 0.2 0.5 0.5 0.25 0.5\n", "b": ""})
    data = read_annotated(tmp_path)
    mask = data.targets[0].read()
    assert data.targets[0].names == ("background", "dog") and mask.sum() == 90 and mask[6:15, 10:20].all()
    assert not data.targets[1].read().any()
    boxes = read_annotated(tmp_path, "detection").targets[0]
    assert isinstance(boxes, Boxes) and np.allclose(boxes.boxes, [[10, 6, 20, 15]])


def test_keypoints_follow_the_box(tmp_path):
    config = f"train: images\nkpt_shape: [2, 3]\n{NAMES}"
    save(tmp_path, {"a": "0 0.5 0.5 0.2 0.2 0.1 0.2 2 0 0 0\n"}, config)
    found = read_annotated(tmp_path).targets[0]
    np.testing.assert_allclose(found.points, [[4, 6], [np.nan, np.nan]])
    assert found.names == ("0", "1") and np.allclose(found.box, (16, 12, 24, 18))
    save(tmp_path, {"a": "0 0.5 0.5 0.2 0.2 0.1 0.2 0 0\n"}, config.replace("3]", "2]\nkpt_names: {0: [nose, tail]}"))
    found = read_annotated(tmp_path).targets[0]
    np.testing.assert_allclose(found.points, [[4, 6], [np.nan, np.nan]])
    assert found.names == ("nose", "tail")
    two = "0 0.5 0.5 0.2 0.2 0.1 0.2 2 0 0 0\n0 0.2 0.2 0.2 0.2 0.15 0.2 2 0.2 0.1 2\n"
    save(tmp_path, {"a": two}, config)
    found = read_annotated(tmp_path).targets[0]
    np.testing.assert_allclose(found.points, [[[4, 6], [np.nan, np.nan]], [[6, 6], [8, 3]]])
    assert np.allclose(found.boxes, [[16, 12, 24, 18], [4, 3, 12, 9]]) and np.allclose(found.areas, 48)


POSE = f"train: images\nkpt_shape: [3, 2]\n{NAMES}"
SUBJECT = "0 0.3 0.4 0.6 0.8 0.1 0.2 0.3 0.4 0.5 0.6\n"


@pytest.mark.parametrize("lines", [SUBJECT, SUBJECT + SUBJECT.replace("0.3 0.4 0.5", "0.35 0.4 0.5")])
def test_flip_idx_says_which_keypoints_a_mirrored_view_exchanges_and_is_saved(lines, tmp_path):
    save(tmp_path, {"a": lines}, f"{POSE}flip_idx: [1, 0, 2]\n")
    data = read_annotated(tmp_path)
    assert data.targets[0].partners == (1, 0, 2) and "no_partners" not in kinds_of(data)
    read = read_dense(data, "pose")
    task = restore_dense(json.loads(json.dumps({"id": "pose", **read.task.describe()})))
    assert task == read.task and task.partners == (1, 0, 2)
    one = read.targets[0]
    mirror = Geometry(np.array([[-1.0, 0, 40], [0, 1, 0], [0, 0, 1]]), (40, 30))
    moved = task.moved(one, mirror).points
    np.testing.assert_allclose(moved, np.array([40, 0]) + one.points[[1, 0, 2]] * np.array([-1, 1]))
    back = task.returned(Skeleton(moved, np.array([0.1, 0.2, 0.3])), mirror, (40, 30))
    np.testing.assert_allclose(back.points, one.points)
    assert back.scores.tolist() == [0.2, 0.1, 0.3]


def test_keypoints_of_which_nothing_says_what_a_mirrored_view_exchanges_are_told(tmp_path):
    save(tmp_path, {"a": SUBJECT}, POSE)
    data = read_annotated(tmp_path)
    (told,) = [f for f in data.findings if f.kind == "no_partners"]
    assert told.path == "data.yaml" and told.detail.startswith("keypoints have neither names nor flip_idx")
    assert "add flip_idx to data.yaml; or say --augment none" in told.action
    assert "no_partners" not in kinds_of(read_annotated(tmp_path, "detection"))
    save(tmp_path, {"a": SUBJECT}, f"{POSE}kpt_names: [left_eye, right_eye, nose]\n")
    assert "no_partners" not in kinds_of(read_annotated(tmp_path))


def test_numbers_outside_and_classes_without_a_name_are_told_with_their_line(tmp_path):
    save(tmp_path, {"a": f"{LINE}\n7 0.5 0.5 0.1 0.1\n0 1.5 0.5 0.1 0.1\n0 0.5 -0.3 0.1 0.1\n0 1.0 1.005 0.5 0.5\n"})
    data = read_annotated(tmp_path)
    assert len(data.targets[0].boxes) == 2 and data.targets[0].boxes.max() <= 40
    assert said_of(data, "unknown_class") == "a line is of a class that has no name (line 3 of a.txt: 7)"
    told = "2 lines hold numbers that do not lie between 0 and 1 (line 4 of a.txt, line 5 of a.txt)"
    assert said_of(data, "outside_shares") == told and "box_outside" in kinds_of(data)


@pytest.mark.parametrize(
    "line", ["0 0.5 0.5 0.1", "cat 0.5 0.5 0.1 0.1", "0.5 0.5 0.5 0.1 0.1", "0 0.5 nan 0.1 0.1", "-1 0 0 0.1 0.1"]
)
def test_a_line_that_is_not_understood_costs_its_picture(line, tmp_path):
    save(tmp_path, {"a": LINE, "b": f"{LINE}{line}\n"})
    data = read_annotated(tmp_path)
    assert data.targets[1] is None and len(data.targets[0].boxes) == 1
    assert f"b.txt, line 2: {line!r} is not understood. Needed: a class and the 4 numbers" in said_of(
        data, "unreadable_annotation"
    )


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("train: nowhere\nnames: [cat]\n", r"says where pictures lie \(train, val, test\), but nothing is there"),
        ("train: images\nnames: cat\n", "names classes as 'cat'. Needed: a list, or a dictionary"),
        (
            "train: images\nnames: {1: cat}\n",
            "names classes as .*Needed: a list, or a dictionary of the numbers from 0 on",
        ),
        ("train: images\nnames: [cat\n", "is no YAML: while parsing"),
        *(
            (f"{POSE}flip_idx: {stated}\n", r"has the flip_idx .*for each of the 3 keypoints the number of the one")
            for stated in ("[1, 0]", "[1, 2, 0]", "[1, 0, 3]", "[a, b, c]", "yes")
        ),
        (f"train: images\nkpt_shape: [2]\n{NAMES}", r"has the kpt_shape \[2\]. Needed: how many keypoints, and 2 or 3"),
    ],
)
def test_a_configuration_that_is_not_understood_is_told(config, said, tmp_path):
    save(tmp_path, {"a": LINE}, config)
    with pytest.raises(DataError, match=said):
        read_annotated(tmp_path)


def test_yaml_that_runs_code_is_refused(tmp_path):
    save(tmp_path, {"a": LINE}, "train: images\nnames: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(DataError, match="is no YAML: could not determine a constructor"):
        read_annotated(tmp_path)


def test_names_that_data_yaml_says_are_not_said_again(tmp_path):
    save(tmp_path, {"a": LINE})
    with pytest.raises(ConfigError, match="YOLO names its classes itself"):
        read_annotated(tmp_path, class_names="cat")


def test_predictions_are_written_as_they_are_read(tmp_path):
    found = Detections(np.array([[0, 0, 1.5, 2], [10, 5, 20, 15]]), np.array([1, 0]), np.array([0.9, 0.5]))
    nothing = Detections(np.zeros((0, 4)), np.zeros(0, dtype=int), np.zeros(0))
    names = ["images/a.png", "images/deep/b.png"]
    YOLO().write(tmp_path, Predicted(names, [(40, 30)] * 2, [found, nothing], ["yes", 'a: "b"']))
    for name in names:
        save_picture(tmp_path / name)
    again = read_annotated(tmp_path)
    np.testing.assert_allclose(again.targets[0].boxes, found.boxes, atol=1e-5)
    assert again.targets[0].names == ('a: "b"', "yes") and len(again.targets[1].boxes) == 0
