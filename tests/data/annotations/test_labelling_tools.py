"""LabelMe, CVAT and Label Studio: the shapes that each writes, and what is told of those that cannot be used."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jeoni.data.annotations import Detections, Skeleton, Skeletons
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import read_annotated
from jeoni.data.annotations.write import write_predictions
from jeoni.errors import ConfigError, DataError
from tests.data.annotations.made import kinds_of, names_of, said_of, save_picture, save_text

SQUARE = [[10, 5], [20, 5], [20, 15], [10, 15]]


def shape(label, points, kind="polygon", **more):
    return {"label": label, "points": points, "shape_type": kind, **more}


def labelme(root, shapes, stem="a", size=(40, 30), folder="", pictures=""):
    save_picture(root / pictures / f"{stem}.png")
    content = {"version": "5.0", "flags": {}, "shapes": shapes, "imagePath": f"{stem}.png"}
    save_text(root / folder / f"{stem}.json", json.dumps(content | {"imageWidth": size[0], "imageHeight": size[1]}))
    return root


def test_labelme_polygons_are_masks_and_later_ones_cover_earlier_ones(tmp_path):
    labelme(tmp_path, [shape("cat", [[0, 0], [40, 0], [40, 30], [0, 30]]), shape("dog", SQUARE)])
    mask = read_annotated(tmp_path).targets[0]
    assert mask.names == ("background", "cat", "dog") and (mask.read()[5:15, 10:20] == 2).all()
    assert (mask.read() == 1).sum() == 1100
    boxes = read_annotated(tmp_path, "detection").targets[0]
    assert boxes.boxes.tolist() == [[0, 0, 40, 30], [10, 5, 20, 15]] and boxes.names == ("cat", "dog")


def test_labelme_rectangles_are_boxes_and_points_are_keypoints(tmp_path):
    labelme(tmp_path / "boxes", [shape("cat", [[20, 15], [10, 5]], "rectangle"), shape("x", [[1, 1]], "point")])
    data = read_annotated(tmp_path / "boxes", "detection")
    assert data.targets[0].boxes.tolist() == [[10, 5, 20, 15]] and kinds_of(data) == ["other_shape"]
    assert said_of(data, "other_shape") == "a shape is of another kind than the task takes (shape 2 of a.json)"
    labelme(tmp_path / "pose", [shape("nose", [[1, 2]], "point"), shape("tail", [[3, 4]], "point")])
    labelme(tmp_path / "pose", [shape("nose", [[5, 6]], "point")], "b")
    labelme(tmp_path / "pose", [shape("nose", [[5, 6]], "point")] * 2, "c")
    data = read_annotated(tmp_path / "pose")
    assert data.targets[0].names == ("nose", "tail") and data.targets[0].points.tolist() == [[1, 2], [3, 4]]
    np.testing.assert_array_equal(data.targets[1].points, [[5, 6], [np.nan, np.nan]])
    assert data.targets[2] is None and "several_subjects" in kinds_of(data)


def test_labelme_circles_are_read_and_lines_are_told(tmp_path):
    labelme(tmp_path, [shape("dot", [[20, 15], [25, 15]], "circle"), shape("way", [[1, 1], [5, 5]], "line")])
    data = read_annotated(tmp_path)
    assert data.targets[0].read().sum() == pytest.approx(np.pi * 25, rel=0.1)
    assert said_of(data, "other_shape") == "a shape is a line or a mask, which are not read (shape 2 of a.json)"


@pytest.mark.parametrize(
    ("pictures", "folder"),
    [("images", "annotations"), ("images", "labels"), ("train", "train"), ("train/images", "train/json")],
)
def test_labelme_files_lie_beside_the_pictures_or_in_a_folder(pictures, folder, tmp_path):
    labelme(tmp_path, [shape("cat", SQUARE)], folder=folder, pictures=pictures)
    data = read_annotated(tmp_path)
    assert names_of(data) == [f"{pictures}/a.png"] and data.format == "labelme"
    assert data.part.tolist() == ["train" if "train" in pictures else ""]


def test_labelme_files_that_cannot_be_used_are_told(tmp_path):
    labelme(tmp_path, [shape("cat", SQUARE)])
    labelme(tmp_path, [shape("", SQUARE)], "b")
    labelme(tmp_path, [shape("cat", [[1, "x"]])], "c")
    labelme(tmp_path, [shape("cat", SQUARE)], "d", size=(30, 40))
    labelme(tmp_path, [shape("cat", SQUARE)], "e")
    save_text(tmp_path / "f.json", '{"shapes": 3}')
    save_picture(tmp_path / "f.png")
    (tmp_path / "e.png").unlink()
    save_picture(tmp_path / "g.png")
    data = read_annotated(tmp_path)
    assert [one is None for one in data.targets] == [False, True, True, True, True, True]
    told = [f.detail for f in data.findings if f.kind == "unreadable_annotation"]
    assert "shape 1 of b.json has no label" in told[0] and "points that are no numbers" in told[1]
    assert "f.json holds no list of shapes. Needed: a file of LabelMe" in told[2]
    assert {"no_picture", "size_mismatch", "unlabelled"} <= set(kinds_of(data))
    with pytest.raises(ConfigError, match="LabelMe names its classes itself"):
        read_annotated(tmp_path, class_names="cat")


def cvat(root, body, name="a.png", attributes=""):
    image = f'<image id="0" name="{name}" width="40" height="30" {attributes}>{body}</image>'
    return save_text(root / "annotations.xml", f"<annotations><version>1.1</version>{image}</annotations>")


BOX = '<box label="cat" xtl="10" ytl="5" xbr="20" ybr="15" z_order="1"/>'
POLYGON = '<polygon label="dog" points="0,0;40,0;40,30;0,30" z_order="0"/>'


@pytest.mark.parametrize(
    ("picture", "attributes"),
    [("a.png", ""), ("images/a.png", ""), ("images/Train/a.png", 'subset="Train"'), ("deep/er/a.png", "")],
)
def test_cvat_boxes_are_corners(picture, attributes, tmp_path):
    save_picture(tmp_path / picture)
    cvat(tmp_path, BOX, attributes=attributes)
    for root in (tmp_path, tmp_path / "annotations.xml"):
        data = read_annotated(root)
        assert data.targets[0].boxes.tolist() == [[10, 5, 20, 15]] and data.targets[0].names == ("cat",)
        assert names_of(data) == [picture] and data.part.tolist() == ["train" if attributes else ""]


def test_cvat_regions_cover_each_other_by_their_order(tmp_path):
    save_picture(tmp_path / "a.png")
    region = '<mask label="owl" left="10" top="5" width="2" height="2" rle="1, 3" z_order="3"/>'
    circle = '<ellipse label="dot" cx="30" cy="20" rx="5" ry="3" z_order="2"/>'
    cvat(tmp_path, region + circle + POLYGON)
    mask = read_annotated(tmp_path).targets[0]
    assert mask.names == ("background", "dog", "dot", "owl")
    found = mask.read()
    assert found[5:7, 10:12].tolist() == [[1, 3], [3, 3]] and found[20, 30] == 2 and found[0, 0] == 1


def test_cvat_points_and_skeletons_are_keypoints(tmp_path):
    save_picture(tmp_path / "a.png")
    cvat(tmp_path, '<points label="nose" points="1,2"/><points label="tail" points="3,4"/>')
    assert read_annotated(tmp_path).targets[0].points.tolist() == [[1, 2], [3, 4]]
    skeleton = '<points label="nose" outside="0" points="1,2"/><points label="tail" outside="1" points="3,4"/>'
    cvat(tmp_path, f'<skeleton label="mouse">{skeleton}</skeleton>')
    data = read_annotated(tmp_path)
    assert data.targets[0].names == ("nose",) and data.targets[0].points.tolist() == [[1, 2]]


def test_cvat_boxes_that_are_turned_become_the_box_around_them(tmp_path):
    save_picture(tmp_path / "a.png")
    cvat(tmp_path, '<box label="cat" xtl="10" ytl="5" xbr="20" ybr="9" rotation="90"/>')
    np.testing.assert_allclose(read_annotated(tmp_path, "detection").targets[0].boxes, [[13, 2, 17, 12]])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<box label="" xtl="1" ytl="1" xbr="2" ybr="2"/>', "box 1 of a.png has no label"),
        ('<box label="cat" xtl="1" ytl="1" xbr="2"/>', "ybr of box 1 of a.png is missing. Needed: a number"),
        ('<polygon label="cat" points="1,2;3"/>', "polygon 1 of a.png has no points. Needed: pairs x,y"),
        ('<polygon label="cat" points="1,2;3,4"/>', "polygon 1 of a.png has 2 corners. Needed: three or more"),
        (
            '<mask label="cat" left="0" top="0" width="2" height="2" rle="3"/>',
            "the runs of mask 1 of a.png do not fill its box of 2 x 2",
        ),
        ('<mask label="cat" left="39" top="0" width="2" height="2" rle="4"/>', "do not fill its box"),
    ],
)
def test_cvat_shapes_that_are_not_understood_are_told(body, said, tmp_path):
    save_picture(tmp_path / "a.png")
    cvat(tmp_path, body)
    with pytest.raises(DataError, match=said):
        read_annotated(tmp_path)


def test_cvat_pictures_without_annotation_and_other_shapes_are_told(tmp_path):
    save_picture(tmp_path / "a.png")
    save_picture(tmp_path / "b.png")
    text = cvat(tmp_path, f'{BOX}<polyline label="way" points="1,2;3,4"/><tag label="day"/>').read_text()
    save_text(
        tmp_path / "annotations.xml",
        text.replace("</annotations>", '<image id="1" name="c.png" width="1" height="1"/></annotations>'),
    )
    data = read_annotated(tmp_path)
    assert said_of(data, "other_shape") == "a shape is of a kind that is not read (polyline 2 of a.png)"
    assert [f.path for f in data.findings if f.kind in ("unlabelled", "no_picture")] == ["c.png", "b.png"]
    save_text(tmp_path / "annotations.xml", "<annotations><track/></annotations>")
    with pytest.raises(DataError, match=r"holds tracks of a video. Export it as CVAT for images 1.1"):
        read_annotated(tmp_path)


def result(kind, value, label="cat"):
    return {"type": kind, "value": {**value, kind: [label]}, "original_width": 40, "original_height": 30}


def studio(root, results, image="/data/upload/1/0a1b2c3d-a.png", **more):
    save_picture(root / "a.png")
    task = {"id": 5, "annotations": [{"result": results, **more}], "data": {"image": image}}
    return save_text(root / "export.json", json.dumps([task]))


RECTANGLE = result("rectanglelabels", {"x": 25, "y": 10, "width": 50, "height": 20, "rotation": 0})


@pytest.mark.parametrize(
    "image",
    [
        "/data/upload/1/0a1b2c3d-a.png",
        "s3://bucket/deep/a.png",
        "/data/local-files/?d=deep/a.png",
        "https://x.org/a.png?size=1",
    ],
)
def test_label_studio_coordinates_are_hundredths(image, tmp_path):
    file = studio(tmp_path, [RECTANGLE], image)
    for root in (tmp_path, file):
        data = read_annotated(root)
        assert data.targets[0].boxes.tolist() == [[10, 3, 30, 9]] and data.targets[0].names == ("cat",)
        assert data.format == "label_studio"


def test_label_studio_polygons_ellipses_and_keypoints(tmp_path):
    polygon = result("polygonlabels", {"points": [[0, 0], [50, 0], [50, 100], [0, 100]]})
    ellipse = result("ellipselabels", {"x": 75, "y": 50, "radiusX": 12.5, "radiusY": 10}, "dot")
    studio(tmp_path, [polygon, ellipse])
    mask = read_annotated(tmp_path).targets[0]
    assert mask.names == ("background", "cat", "dot") and (mask.read()[:, :20] == 1).all() and mask.read()[15, 30] == 2
    studio(tmp_path, [result("keypointlabels", {"x": 50, "y": 50, "width": 1}, "nose")])
    assert read_annotated(tmp_path).targets[0].points.tolist() == [[20, 15]]


def test_label_studio_rectangles_turn_about_their_corner(tmp_path):
    studio(tmp_path, [result("rectanglelabels", {"x": 50, "y": 10, "width": 25, "height": 20, "rotation": 90})])
    np.testing.assert_allclose(read_annotated(tmp_path, "detection").targets[0].boxes, [[14, 3, 20, 13]], atol=1e-9)


def test_label_studio_painted_regions_are_refused_with_the_export_to_take(tmp_path):
    studio(tmp_path, [result("brushlabels", {"format": "rle", "rle": [1, 2]})])
    with pytest.raises(DataError, match=r"painted with the brush \(task 5\).*Export it as COCO, or as PNG"):
        read_annotated(tmp_path)


def test_label_studio_tasks_that_cannot_be_used_are_told(tmp_path):
    tasks = [
        {"id": 1, "annotations": [{"result": [RECTANGLE]}, {"result": []}], "data": {"image": "a.png"}},
        {"id": 2, "annotations": [{"result": [RECTANGLE], "was_cancelled": True}], "data": {"image": "b.png"}},
        {"id": 3, "annotations": [{"result": [{"type": "rectanglelabels", "value": {}}]}], "data": {"image": "c.png"}},
        {
            "id": 4,
            "annotations": [{"result": [RECTANGLE, {"type": "choices", "value": {}}]}],
            "data": {"image": "d.png"},
        },
        {"id": 5, "annotations": [], "data": {"image": "gone.png"}},
        {"id": 6, "annotations": [], "data": {"text": "no picture"}},
    ]
    for stem in "abcd":
        save_picture(tmp_path / f"{stem}.png")
    save_text(tmp_path / "export.json", json.dumps(tasks))
    data = read_annotated(tmp_path)
    assert [one is None for one in data.targets] == [False, True, True, False]
    assert said_of(data, "several_annotators") == "more than one person annotated it"
    assert "task 3 of export.json lacks what a shape needs" in said_of(data, "unreadable_annotation")
    assert said_of(data, "other_shape") == "a result is of a kind that is not read (task 4, result 2: choices)"
    assert [f.path for f in data.findings if f.kind == "no_picture"] == ["gone.png", "task 6"]


def studio_of(root, written, there):
    """A box of a class of its own for each path that is written, beside the pictures that are there."""
    tasks = []
    for k, image in enumerate(written):
        box = result("rectanglelabels", RECTANGLE["value"], f"class {k}")
        tasks.append({"id": k, "annotations": [{"result": [box]}], "data": {"image": image}})
    for name in there:
        save_picture(root / name)
    save_text(root / "export.json", json.dumps(tasks))
    return read_annotated(root)


@pytest.mark.parametrize(
    ("written", "there", "expected"),
    [
        (["/data/x/a.png", "/data/y/a.png"], ["y/a.png", "x/a.png"], {"x/a.png": 0, "y/a.png": 1}),
        (["s3://b/2/x/a.png", "s3://b/1/x/a.png"], ["1/x/a.png", "2/x/a.png"], {"2/x/a.png": 0, "1/x/a.png": 1}),
        (["?d=x/a.png", "?d=a.png"], ["a.png", "x/a.png"], {"x/a.png": 0, "a.png": 1}),
        (["/data/x/a.png", "/data/y/a.png"], ["y/a.png"], {"y/a.png": 1}),
        (["C:\\x\\a.png", "C:\\y\\a.png"], ["x/a.png", "y/a.png"], {"x/a.png": 0, "y/a.png": 1}),
        (["/data/upload/1/0a1b2c3d-a.png"], ["x/a.png"], {"x/a.png": 0}),
    ],
)
def test_label_studio_paths_mean_the_picture_whose_folders_agree(written, there, expected, tmp_path):
    data = studio_of(tmp_path, written, there)
    assert "uncertain_picture" not in kinds_of(data)
    found = dict(zip(names_of(data), data.targets, strict=True))
    assert {name: one.names for name, one in found.items()} == {k: (f"class {v}",) for k, v in expected.items()}
    assert ("no_picture" in kinds_of(data)) == (len(written) > len(expected))


@pytest.mark.parametrize(
    ("written", "there"),
    [
        (["/data/z/a.png"], ["x/a.png", "y/a.png"]),
        (["/upload/1/0a1b2c3d-a.png", "/upload/1/9f8e7d6c-a.png"], ["x/a.png", "y/a.png"]),
        (["/upload/1/0a1b2c3d-a.png", "/upload/1/9f8e7d6c-a.png"], ["a.png"]),
        (["/data/x/a.png", "/data/y/a.png"], ["a.png"]),
    ],
)
def test_label_studio_paths_that_may_mean_several_pictures_are_told(written, there, tmp_path):
    data = studio_of(tmp_path, [*written, "good.png"], [*there, "good.png"])
    assert names_of(data) == ["good.png"] and kinds_of(data) == ["uncertain_picture"]
    told = [f for f in data.findings if f.kind == "uncertain_picture"]
    assert [f.path for f in told] == written
    fits = "the export does not say which picture of this name it means"
    assert {f.detail for f in told} == {f"{fits} ({', '.join(sorted(there))})"}


def test_label_studio_pictures_that_no_task_names_are_told(tmp_path):
    data = studio_of(tmp_path, ["a.png", "http://[no-address", "a.png"], ["a.png", "b.png"])
    assert names_of(data) == ["a.png"] and data.targets[0].names == ("class 0",)
    told = next(f for f in data.findings if f.kind == "unlabelled")
    assert (told.path, told.detail, told.action) == ("b.png", "the export does not name it", "left out")
    assert [f.path for f in data.findings if f.kind == "no_picture"] == ["task 1"]
    assert said_of(data, "duplicate") == "it is named once more, with annotations of its own"


def test_label_studio_needs_the_size_of_a_picture(tmp_path):
    studio(tmp_path, [{**RECTANGLE, "original_width": 0}])
    save_text(tmp_path / "a.png", "no picture")
    with pytest.raises(DataError, match=r"can be used. a.png: its size cannot be read from its header"):
        read_annotated(tmp_path)


def test_label_studio_in_its_short_form_is_refused(tmp_path):
    save_text(tmp_path / "min.json", json.dumps([{"image": "a.png", "label": [], "annotator": 1, "annotation_id": 2}]))
    with pytest.raises(
        DataError, match="is no JSON export of Label Studio with its tasks.*not as JSON-MIN; or as COCO"
    ):
        read_annotated(tmp_path)


def test_labelme_is_written_as_it_is_read(tmp_path):
    found = Detections(np.array([[0, 0, 1.5, 2], [10, 5, 20, 15]]), np.array([1, 0]), np.array([0.9, 0.5]))
    nothing = Detections(np.zeros((0, 4)), np.zeros(0, dtype=int), np.zeros(0))
    predicted = Predicted(["a.png", "images/deep/b.png"], [(40, 30)] * 2, [found, nothing], ["cat & 개", "dog"])
    written = write_predictions(tmp_path / "boxes", predicted, "detection", "labelme")
    assert written == [tmp_path / "boxes" / "a.json", tmp_path / "boxes" / "images/deep/b.json"]
    content = json.loads(written[0].read_text(encoding="utf-8"))
    assert (content["imagePath"], content["imageWidth"], content["imageHeight"]) == ("a.png", 40, 30)
    assert content["imageData"] is None and [one["score"] for one in content["shapes"]] == [0.9, 0.5]
    for name in predicted.names:
        save_picture(tmp_path / "boxes" / name)
    again = read_annotated(tmp_path / "boxes", "detection")
    assert again.targets[0].boxes.tolist() == found.boxes.tolist() and again.targets[0].names == ("dog", "cat & 개")
    assert len(again.targets[1].boxes) == 0


def test_labelme_holds_the_points_of_one_subject(tmp_path):
    points = np.array([[3.0, 4.5], [np.nan, np.nan], [1.0, 2.0]])
    predicted = Predicted(["a.png"], [(40, 30)], [Skeleton(points, np.ones(3))], ["a", "b", "c"])
    write_predictions(tmp_path, predicted, "pose", "labelme")
    save_picture(tmp_path / "a.png")
    again = read_annotated(tmp_path, "pose").targets[0]
    assert again.names == ("a", "c") and again.points.tolist() == [[3.0, 4.5], [1.0, 2.0]]
    several = Skeletons(points[None], np.ones((1, 3)), np.zeros((1, 4)), np.ones(1))
    with pytest.raises(ConfigError, match="LabelMe holds the keypoints of one subject for each picture"):
        write_predictions(tmp_path, Predicted(["b.png"], [(40, 30)], [several], ["a", "b", "c"]), "pose", "labelme")
