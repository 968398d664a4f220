"""COCO: where the JSON lies, what it says, ids that do not exist; written, and read by pycocotools."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jeoni.data.annotations import Detections, Heat, LabelMap, Skeleton
from jeoni.data.annotations.formats.coco import COCO
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import read_annotated
from jeoni.data.annotations.runs import Runs
from jeoni.errors import ConfigError, DataError
from tests.data.annotations.made import kinds_of, names_of, said_of, save_picture, save_text

SQUARE = [10, 5, 20, 5, 20, 15, 10, 15]
BOX = {"bbox": [10, 5, 10, 10], "category_id": 1}
CATS = [{"id": 1, "name": "cat"}, {"id": 7, "name": "dog"}]
MOUSE = [{"id": 1, "name": "mouse", "keypoints": ["nose", "tail"]}]


def content(annotations, names=("a.png",), categories=CATS, **more) -> str:
    images = [{"id": k, "file_name": name, "width": 40, "height": 30} for k, name in enumerate(names, start=1)]
    full = [{"id": 100 + k, "image_id": 1, **one} for k, one in enumerate(annotations)]
    return json.dumps({"images": images, "annotations": full, "categories": categories, **more})


def save(root, annotations, names=("a.png",), categories=CATS):
    for name in names:
        save_picture(root / name)
    save_text(root / "annotations.json", content(annotations, names, categories))
    return root


def test_boxes_are_corner_and_size_and_crowds_are_ignored(tmp_path):
    save(tmp_path, [BOX, {"bbox": [0, 0, 5, 6], "category_id": 7, "iscrowd": 1}], ("a.png", "b.png"))
    for root in (tmp_path, tmp_path / "annotations.json"):
        data = read_annotated(root)
        assert data.targets[0].boxes.tolist() == [[10, 5, 20, 15], [0, 0, 5, 6]] and data.format == "coco"
        assert data.targets[0].names == ("cat", "dog") and data.targets[0].ignored.tolist() == [False, True]
        assert len(data.targets[1].boxes) == 0 and kinds_of(data) == ["no_objects"]


@pytest.mark.parametrize(
    ("file", "picture", "name"),
    [
        ("annotations/instances_train2017.json", "train2017/a.png", "a.png"),
        ("annotations/instances_train.json", "images/train/a.png", "a.png"),
        ("annotations/instances_train.json", "images/a.png", "a.png"),
        ("train.json", "images/a.png", "images/a.png"),
        ("train/_annotations.coco.json", "train/a.png", "a.png"),
        ("annotations/train.json", "somewhere/deep/a.png", "a.png"),
    ],
)
def test_the_json_lies_where_tools_put_it(file, picture, name, tmp_path):
    save_picture(tmp_path / picture)
    save_text(tmp_path / file, content([BOX], (name,)))
    data = read_annotated(tmp_path)
    assert names_of(data) == [picture] and data.part.tolist() == ["train"]
    assert data.targets[0].names == ("cat",)
    assert names_of(read_annotated(tmp_path / file))[0].endswith("a.png")


def test_several_files_are_the_parts_and_other_kinds_are_passed_over(tmp_path):
    for part in ("train", "val"):
        save_picture(tmp_path / f"{part}2017" / f"{part}.png")
        save_text(tmp_path / f"annotations/instances_{part}2017.json", content([BOX], (f"{part}.png",)))
        points = {"keypoints": [1, 2, 2, 0, 0, 0], "category_id": 1, "bbox": [0, 0, 9, 9]}
        save_text(
            tmp_path / f"annotations/person_keypoints_{part}2017.json", content([points], (f"{part}.png",), MOUSE)
        )
        save_text(tmp_path / f"annotations/captions_{part}2017.json", content([{"caption": "a cat"}], (f"{part}.png",)))
    data = read_annotated(tmp_path)
    assert dict(zip(names_of(data), data.part.tolist(), strict=True)) == {
        "train2017/train.png": "train",
        "val2017/val.png": "val",
    }
    assert data.targets[0].names == ("cat",)
    assert read_annotated(tmp_path, "pose").targets[0].names == ("nose", "tail")


def test_polygons_and_runs_are_masks_and_small_ones_lie_on_large_ones(tmp_path):
    small = np.zeros((30, 40), dtype=bool)
    small[6:8, 12:14] = True
    runs = Runs.of(small)
    annotations = [
        {"segmentation": {"size": [30, 40], "counts": runs.encoded()}, "category_id": 7},
        {"segmentation": [SQUARE], "category_id": 1},
        {
            "segmentation": {"size": [30, 40], "counts": Runs.of(np.roll(small, 10, 0)).counts.tolist()},
            "category_id": 7,
        },
    ]
    save(tmp_path, annotations)
    mask = read_annotated(tmp_path, "segmentation").targets[0]
    assert mask.names == ("background", "cat", "dog") and mask.size() == (40, 30)
    expected = np.zeros((30, 40), dtype=int)
    expected[5:15, 10:20] = 1
    expected[small | np.roll(small, 10, 0)] = 2
    assert (mask.read() == expected).all()
    boxes = read_annotated(tmp_path, "detection").targets[0]
    assert boxes.boxes.tolist() == [[12, 6, 14, 8], [10, 5, 20, 15], [12, 16, 14, 18]]
    void = read_annotated(tmp_path, "segmentation", void="dog").targets[0]
    assert void.names == ("background", "cat") and (void.read() == -1).sum() == 8


def test_a_category_id_with_two_names_is_refused_and_with_one_is_not(tmp_path):
    twice = [{"id": 1, "name": "cat"}, {"id": 1, "name": "owl"}]
    with pytest.raises(DataError, match=r"json gives the category id 1 to cat and to owl. Needed: an id of its own"):
        read_annotated(save(tmp_path, [BOX], categories=twice))
    assert read_annotated(save(tmp_path, [BOX], categories=CATS[:1] * 2)).targets[0].names == ("cat",)


def test_pictures_that_share_an_id_are_left_out(tmp_path):
    for name in "abc":
        save_picture(tmp_path / f"{name}.png")
    images = [{"id": k, "file_name": f"{name}.png"} for k, name in ((1, "a"), (1, "b"), (2, "c"), (2, "c"))]
    annotations = [{**BOX, "image_id": 1}, {**BOX, "image_id": 2}]
    save_text(
        tmp_path / "annotations.json", json.dumps({"images": images, "annotations": annotations, "categories": CATS})
    )
    data = read_annotated(tmp_path)
    assert [one is None for one in data.targets] == [True, True, False] and len(data.targets[2].boxes) == 1
    assert [f.path for f in data.findings if f.kind == "duplicate_id"] == ["a.png", "b.png"]


def test_runs_of_a_picture_of_another_size_cost_the_picture(tmp_path):
    large = np.zeros((60, 80), dtype=bool)
    large[50:, 70:] = True
    written = {"segmentation": {"size": [60, 80], "counts": Runs.of(large).encoded()}, "bbox": [1, 1, 9, 9]}
    save(tmp_path, [{**written, "category_id": 1}, {**BOX, "image_id": 2}], ("a.png", "b.png"))
    for task in ("detection", "segmentation"):
        data = read_annotated(tmp_path, task)
        assert [one is None for one in data.targets] == [True, False]
        told = next(f for f in data.findings if f.kind == "size_mismatch")
        assert told.path == "a.png" and told.action == "left out"
        assert told.detail == "the runs of a mask are of a picture of another size (annotation 100)"
    save(tmp_path / "alone", [{**written, "category_id": 1}])
    with pytest.raises(DataError, match="none of them that can be used. a.png: the runs of a mask are of a picture"):
        read_annotated(tmp_path / "alone", "segmentation")


def test_keypoints_are_of_one_subject_or_of_several(tmp_path):
    one = {"keypoints": [3, 4, 2, 8, 9, 0], "category_id": 1, "bbox": [1, 1, 9, 9]}
    hidden = {"keypoints": [3, 4, 1, 8, 9, 2], "category_id": 1, "image_id": 2}
    save(tmp_path, [one, hidden], ("a.png", "b.png"), MOUSE)
    data = read_annotated(tmp_path)
    np.testing.assert_array_equal(data.targets[0].points, [[3.5, 4.5], [np.nan, np.nan]])
    assert data.targets[0].box == (1, 1, 10, 10) and data.targets[0].names == ("nose", "tail")
    assert data.targets[1].points.tolist() == [[3.5, 4.5], [8.5, 9.5]]
    crowd = {"category_id": 1, "image_id": 3, "bbox": [0, 0, 40, 30], "iscrowd": 1, "area": 7}
    lone = {"keypoints": [3, 4, 2, 0, 0, 0], "category_id": 1, "image_id": 1}
    save(tmp_path, [one, lone, hidden, {**one, "image_id": 3}, crowd], ("a.png", "b.png", "c.png"), MOUSE)
    data = read_annotated(tmp_path)
    first, second, third = data.targets
    np.testing.assert_array_equal(
        first.points, [[[3.5, 4.5], [np.nan, np.nan]]]
    )  # one has neither a box nor two points
    assert said_of(data, "subject_without_box").startswith("a subject has neither a box nor two points")
    assert second.boxes.tolist() == [[3.5, 4.5, 8.5, 9.5]] and second.areas.tolist() == [25]
    assert third.ignored.tolist() == [False, True] and third.areas.tolist() == [81, 7]
    boxes = read_annotated(tmp_path, "detection").targets[2]
    assert boxes.ignored.tolist() == [False, True]


def test_ids_that_do_not_exist_and_shapes_that_cannot_be_read_are_told(tmp_path):
    annotations = [
        BOX,
        {**BOX, "image_id": 9},
        {**BOX, "category_id": 5},
        {"category_id": 1},
        {"category_id": 1, "bbox": [1, 2, 3]},
        {"category_id": 1, "bbox": [1, 2, 3, float("nan")]},
        {"category_id": 1, "segmentation": [[1, 2, 3, 4]]},
        {"category_id": 1, "segmentation": {"size": [30, 40], "counts": "00"}},
        {"category_id": 1, "segmentation": {"counts": [1]}},
    ]
    save(tmp_path, annotations, ("a.png", "b.png", "c.png"))
    (tmp_path / "b.png").unlink()
    save_picture(tmp_path / "e.png")
    data = read_annotated(tmp_path)
    assert data.targets[0].boxes.tolist() == [[10, 5, 20, 15]] and names_of(data) == ["a.png", "c.png"]
    assert (
        said_of(data, "unknown_picture") == "an annotation is of an image that does not exist (annotation 101: image 9)"
    )
    assert (
        said_of(data, "unknown_class")
        == "an annotation is of a category that does not exist (annotation 102: category 5)"
    )
    assert said_of(data, "unreadable_shape").startswith(
        "6 annotations have no shape that can be read (annotation 103, "
    )
    assert [f.path for f in data.findings if f.kind == "no_picture"] == ["b.png"]
    assert [f.path for f in data.findings if f.kind == "in_no_split"] == ["e.png"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"images": [], "annotations": []}', "holds no list of categories. Needed: COCO's JSON"),
        ('{"images": [1], "annotations": [], "categories": []}', "holds no list of images"),
        ('{"images": [{}], "annotations": [], "categories": []}', r"images\[0\] has no id or no file_name"),
        ('{"images": [], "annotations": [], "categories": [{"id": 1}]}', r"categories\[0\] has no id or no name"),
        ('{"images": [], "annotations": [], ', "is no JSON: .* in line 1. Export it again"),
        ('{"images": [], "annotations": [], "categories": []}', "holds no pictures, and annotations of none of them"),
    ],
)
def test_a_json_that_is_not_understood_is_told(text, said, tmp_path):
    save_text(tmp_path / "a.json", text)
    with pytest.raises(DataError, match=said):
        read_annotated(tmp_path)


def test_files_of_other_keypoints_are_refused(tmp_path):
    points = {"keypoints": [1, 2, 2, 0, 0, 0], "category_id": 1}
    ears = [{"id": 1, "name": "mouse", "keypoints": ["nose", "ear"]}]
    for part, categories in (("train", MOUSE), ("val", ears)):
        save_picture(tmp_path / part / "a.png")
        save_text(tmp_path / part / "_annotations.coco.json", content([points], categories=categories))
    with pytest.raises(
        DataError, match="is of the keypoints nose, ear, another file of nose, tail. All must be of the same"
    ):
        read_annotated(tmp_path)


def test_a_task_that_the_shapes_are_not_for_is_refused(tmp_path):
    save(tmp_path, [BOX])
    with pytest.raises(
        DataError, match="holds no shapes for segmentation. It holds some for detection: say --task detection"
    ):
        read_annotated(tmp_path, "segmentation")
    with pytest.raises(ConfigError, match="COCO names its classes itself"):
        read_annotated(tmp_path, class_names="cat")


def predicted() -> Predicted:
    found = Detections(np.array([[0, 0, 1.5, 2], [10, 5, 20, 15]]), np.array([1, 0]), np.array([0.9, 0.5]))
    nothing = Detections(np.zeros((0, 4)), np.zeros(0, dtype=int), np.zeros(0))
    return Predicted(["images/a.png", "images/b.png"], [(40, 30)] * 2, [found, nothing], ["cat", "dog"])


def test_boxes_are_written_as_they_are_read(tmp_path):
    (path,) = COCO().write(tmp_path, predicted())
    for name in predicted().names:
        save_picture(tmp_path / name)
    again = read_annotated(path)
    assert again.targets[0].boxes.tolist() == [[0, 0, 1.5, 2], [10, 5, 20, 15]]
    assert again.targets[0].names == ("dog", "cat") and len(again.targets[1].boxes) == 0


def test_what_is_written_is_read_by_pycocotools(tmp_path, capsys):
    coco = pytest.importorskip("pycocotools.coco")
    (path,) = COCO().write(tmp_path, predicted())
    theirs = coco.COCO(str(path))
    capsys.readouterr()
    (image,) = theirs.getImgIds(catIds=[2])
    assert theirs.loadImgs(image)[0]["file_name"] == "images/a.png"
    assert [one["bbox"] for one in theirs.loadAnns(theirs.getAnnIds(image))] == [[0, 0, 1.5, 2], [10, 5, 10, 10]]


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of pycocotools
def test_masks_and_keypoints_are_written_as_they_are_read(tmp_path, capsys):
    coco = pytest.importorskip("pycocotools.coco")
    labels = np.random.default_rng(0).integers(-1, 3, (30, 40)).astype(np.int16)
    certainty = np.full((30, 40), 0.5, dtype=np.float16)
    masks = Predicted(["a.png"], [(40, 30)], [LabelMap(labels, certainty)], ["background", "cat", "dog"])
    (path,) = COCO().write(tmp_path / "masks", masks)
    save_picture(tmp_path / "masks/a.png")
    again = read_annotated(path, "segmentation").targets[0]
    assert again.names == ("background", "cat", "dog") and (again.read() == np.maximum(labels, 0)).all()
    theirs = coco.COCO(str(path))
    capsys.readouterr()
    for one in theirs.loadAnns(theirs.getAnnIds()):
        assert (theirs.annToMask(one) == (labels == one["category_id"] - 1)).all() and one["score"] == 0.5
    points = np.array([[3.0, 4.5], [np.nan, np.nan]])
    pose = Predicted(["a.png"], [(40, 30)], [Skeleton(points, np.array([0.8, 0.2]))], ["nose", "tail"])
    (path,) = COCO().write(tmp_path / "pose", pose)
    save_picture(tmp_path / "pose/a.png")
    np.testing.assert_array_equal(read_annotated(path).targets[0].points, points)
    with pytest.raises(TypeError, match="COCO has no Heat"):
        COCO().write(tmp_path, Predicted(["a.png"], [(40, 30)], [Heat(1.0)], []))
