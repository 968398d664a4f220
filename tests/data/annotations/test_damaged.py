"""A damaged annotation costs its picture, or itself, and never the run, whatever Python makes of it."""

from __future__ import annotations

import json

import pytest

from jeoni.data.annotations.read import read_annotated
from jeoni.errors import DataError
from tests.data.annotations.made import names_of, said_of, save_picture, save_text, voc_file

SQUARE = [[10, 5], [20, 5], [20, 15], [10, 15]]
HUGE = "9" * 400  # more than a float holds


def repr_of(value):
    return repr(value)[:8]


def read(root):
    """Data of two pictures, of which the annotations of ``bad.png`` are damaged."""
    for name in ("bad.png", "good.png"):
        save_picture(root / "images" / name)
    return read_annotated(root)


def costs_its_picture(data, said):
    assert names_of(data) == ["images/bad.png", "images/good.png"]
    assert [one is None for one in data.targets] == [True, False]
    told = next(f for f in data.findings if f.kind == "unreadable_annotation")
    assert told.path == "images/bad.png" and said in told.detail and told.action == "skipped"


def labelme(shape, **more):
    shapes = [{"label": "cat", "points": SQUARE, "shape_type": "polygon", **shape}]
    return json.dumps({"shapes": shapes, "imageWidth": 40, "imageHeight": 30, **more})


@pytest.mark.parametrize("stated", ["40", 40.0, None, "wide", [40], float("nan"), int(HUGE)], ids=repr_of)
def test_a_size_that_labelme_states_as_text_or_not_at_all_does_no_harm(stated, tmp_path):
    save_text(tmp_path / "annotations/good.json", labelme({}))
    save_text(tmp_path / "annotations/bad.json", labelme({}, imageWidth=stated))
    assert [one.read().sum() for one in read(tmp_path).targets] == [100, 100]


def test_a_size_that_labelme_states_as_text_is_compared(tmp_path):
    save_text(tmp_path / "annotations/good.json", labelme({}))
    save_text(tmp_path / "annotations/bad.json", labelme({}, imageWidth="64"))
    data = read(tmp_path)
    assert data.targets[0] is None and "it says 64 x 30" in said_of(data, "size_mismatch")


def cvat(body, size='width="40" height="30"'):
    good = '<box label="cat" xtl="10" ytl="5" xbr="20" ybr="15"/>'
    images = f'<image name="bad.png" {size}>{body}</image><image name="good.png" width="40" height="30">{good}</image>'
    return f"<annotations>{images}</annotations>"


BOX = 'label="cat" xtl="10" ytl="5" xbr="20" ybr="15"'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f'<box {BOX} z_order="top"/>', "z_order of box 1 of images/bad.png is 'top'. Needed: a number"),
        (f'<box {BOX} rotation="some"/>', "rotation of box 1 of images/bad.png is 'some'"),
        ('<ellipse label="cat" cx="5" cy="5" rx="2" ry="2" rotation="x"/>', "rotation of ellipse 1"),
        ('<mask label="cat" left="3" top="3" width="-2" height="-2" rle="4"/>', "do not fill its box of -2 x -2"),
        ('<mask label="cat" left="3" top="3" width="0" height="0" rle="0"/>', "do not fill its box of 0 x 0"),
    ],
)
def test_damaged_shapes_of_cvat(body, said, tmp_path):
    save_text(tmp_path / "annotations.xml", cvat(body))
    costs_its_picture(read(tmp_path), said)


def test_a_damaged_size_of_cvat(tmp_path):
    save_text(tmp_path / "annotations.xml", cvat(f"<box {BOX}/>", 'width="wide" height="30"'))
    costs_its_picture(read(tmp_path), "the width of bad.png is 'wide'")


def studio(kind, value):
    good = [
        {"type": "rectanglelabels", "value": {"x": 25, "y": 10, "width": 50, "height": 20, "rectanglelabels": ["a"]}}
    ]
    bad = value if kind is None else [{"type": kind, "value": value}]
    tasks = [(1, "bad.png", bad), (2, "good.png", good)]
    return json.dumps([{"id": k, "annotations": [{"result": r}], "data": {"image": n}} for k, n, r in tasks])


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("rectanglelabels", {"x": 1, "y": 1, "width": 9, "height": 9, "rectanglelabels": []}, "result 1 has no label"),
        ("rectanglelabels", {"x": 1, "y": 1, "width": 9, "height": 9, "rectanglelabels": [" "]}, "has no label"),
        (
            "rectanglelabels",
            {"x": 1, "y": float("nan"), "width": 9, "height": 9, "rectanglelabels": ["a"]},
            "task 1 of",
        ),
        ("polygonlabels", {"points": [], "polygonlabels": ["a"]}, "task 1 of export.json lacks what a shape needs"),
        ("polygonlabels", {"points": [[1, 2], [3]], "polygonlabels": ["a"]}, "task 1 of export.json lacks"),
        ("rectanglelabels", None, "task 1 of export.json lacks what a shape needs"),
        (None, ["x"], "task 1 of export.json lacks what a shape needs"),
        (None, 3, "task 1 of export.json lacks what a shape needs"),
    ],
)
def test_damaged_results_of_label_studio(kind, value, said, tmp_path):
    save_text(tmp_path / "export.json", studio(kind, value))
    costs_its_picture(read(tmp_path), said)


def test_a_class_of_yolo_that_is_no_number_of_any_size(tmp_path):
    save_text(tmp_path / "data.yaml", "train: images\nnames: [cat]\n")
    save_text(tmp_path / "labels/good.txt", "0 0.5 0.5 0.25 0.2\n")
    save_text(tmp_path / "labels/bad.txt", "inf 0.5 0.5 0.25 0.2\n")
    costs_its_picture(read(tmp_path), "bad.txt lacks what a shape needs")


def test_damaged_files_of_voc(tmp_path):
    save_text(tmp_path / "annotations/good.xml", voc_file([("cat", (11, 6, 20, 15), 0)]))
    save_text(tmp_path / "annotations/bad.xml", voc_file([("cat", (11, 6, 20, "wide"), 0)]))
    costs_its_picture(read(tmp_path), "ymax of object 1 is 'wide'")


GOOD = {"bbox": [10, 5, 10, 10], "category_id": 1, "image_id": 2}


def coco(annotation, categories=({"id": 1, "name": "cat"},), **image):
    images = [{"id": 1, "file_name": "bad.png", **image}, {"id": 2, "file_name": "good.png"}]
    return json.dumps({"images": images, "annotations": [GOOD, annotation], "categories": list(categories)})


@pytest.mark.parametrize(
    ("annotation", "kind", "said"),
    [
        ({**GOOD, "image_id": [2]}, "unknown_picture", "annotation 1: image [2]"),
        ({**GOOD, "image_id": None}, "unknown_picture", "annotation 1: image None"),
        ({**GOOD, "category_id": {"id": 1}}, "unknown_class", "annotation 1: category {'id': 1}"),
        ({**GOOD, "image_id": 1, "bbox": 3}, "unreadable_shape", "annotation 1"),
        (
            {**GOOD, "image_id": 1, "segmentation": {"size": [1e999, 2], "counts": []}},
            "unreadable_shape",
            "annotation 1",
        ),
        ({**GOOD, "image_id": 1, "segmentation": {"size": 3, "counts": "1"}}, "unreadable_shape", "annotation 1"),
    ],
)
def test_damaged_annotations_of_coco_cost_themselves(annotation, kind, said, tmp_path):
    save_text(tmp_path / "annotations.json", coco(annotation))
    data = read(tmp_path)
    assert [len(one.boxes) for one in data.targets] == [0, 1] and said in said_of(data, kind)


@pytest.mark.parametrize("stated", ["wide", [40], float("nan"), int(HUGE)], ids=repr_of)
def test_a_size_that_coco_does_not_state_as_a_number_does_no_harm(stated, tmp_path):
    save_text(tmp_path / "annotations.json", coco({**GOOD, "image_id": 1}, width=stated, height=30))
    assert [len(one.boxes) for one in read(tmp_path).targets] == [1, 1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (coco(GOOD, id=[1]), r"images\[0\] has no id or no file_name"),
        (coco(GOOD, categories=[{"id": [1], "name": "cat"}]), r"categories\[0\] has no id or no name"),
        (coco(GOOD, categories=[{"id": 1, "name": None}]), r"categories\[0\] has no id or no name"),
        (coco(GOOD, categories=[{"id": 1, "name": "a", "keypoints": 3}]), r"keypoints that are no list. Needed: their"),
    ],
)
def test_a_damaged_list_of_coco_is_an_error_with_its_place(content, said, tmp_path):
    save_text(tmp_path / "annotations.json", content)
    with pytest.raises(DataError, match=said):
        read(tmp_path)
