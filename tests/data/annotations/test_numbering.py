"""Classes and pictures keep the numbers that the data give them, in what is read and in what is written."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest
import yaml

from jeoni.data.annotations import Detections, LabelMap, Skeleton
from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.numbering import Numbering, number_pictures
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import annotated_file, read_annotated
from jeoni.data.annotations.write import listed_by, write_predictions
from jeoni.dense.reading import read_dense
from tests.data.annotations.made import kinds_of, save_picture, save_text

TABLE = {7: "zebra", 3: "horse", 20: "ant"}  # of a COCO JSON, by id; no horse is marked
IDS = {"a.png": 41, "b.png": 9}
BOXES = {"a.png": [(7, [2, 3, 10, 8]), (20, [20, 5, 6, 6])], "b.png": [(20, [1, 1, 12, 12])]}


def coco(root, file="annotations.json", ids=IDS, table=TABLE, **more):
    annotations = []
    for name, objects in BOXES.items():
        save_picture(root / "images" / name)
        for category, box in objects:
            area = {"area": box[2] * box[3], "iscrowd": 0, "id": len(annotations) + 1, "image_id": ids[name]}
            annotations.append({"category_id": category, "bbox": box, **area})
    images = [{"id": id, "file_name": name, "width": 40, "height": 30} for name, id in ids.items()]
    categories = [{"id": id, "name": name, **more} for id, name in table.items()]
    content = {"images": images, "annotations": annotations, "categories": categories}
    return save_text(root / file, json.dumps(content))


def yolo(root, names="[zebra, horse, ant]"):
    for k, name in enumerate(("a", "b")):
        save_picture(root / "images" / f"{name}.png")
        save_text(root / "labels" / f"{name}.txt", f"{2 * k} 0.5 0.5 0.5 0.5\n")
    save_text(root / "data.yaml", f"train: images\nval: images\nnames: {names}\n")
    return root


def detected(task, numbering, notes=None):
    """The boxes of BOXES, found in pictures of which one is new."""
    labels = [[task.names.index(TABLE[id]) for id, _ in BOXES[name]] for name in BOXES]
    boxes = [np.array([[x, y, x + w, y + h] for _, (x, y, w, h) in BOXES[name]], dtype=float) for name in BOXES]
    found = [Detections(b, np.array(k), np.full(len(k), 0.9)) for b, k in zip(boxes, labels, strict=True)]
    found.append(Detections(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0)))
    names = [*(f"images/{name}" for name in BOXES), "images/new.png"]
    return Predicted(names, [(40, 30)] * 3, found, task.names, (), numbering, notes or Notes())


def test_classes_are_read_in_the_order_of_the_table(tmp_path):
    data = read_dense(read_annotated(yolo(tmp_path / "yolo")))
    assert data.task.names == ("zebra", "ant") and data.class_numbers == {"zebra": 0, "horse": 1, "ant": 2}
    coco(tmp_path / "coco")
    data = read_dense(read_annotated(tmp_path / "coco"))
    assert data.task.names == ("zebra", "ant") and data.class_numbers == {"horse": 3, "zebra": 7, "ant": 20}
    unnamed = yolo(tmp_path / "unnamed")
    (unnamed / "data.yaml").unlink()
    assert read_annotated(unnamed, "detection").class_numbers == {"0": 0, "1": 1, "2": 2}


def test_yolo_keeps_the_numbers_of_data_yaml_and_classes_without_objects(tmp_path):
    data = read_dense(read_annotated(yolo(tmp_path / "in")))
    said = detected(data.task, Numbering(data.class_numbers, "yolo"))
    write_predictions(tmp_path / "out", said, "detection", "yolo")
    assert yaml.safe_load((tmp_path / "out/data.yaml").read_text())["names"] == {0: "zebra", 1: "horse", 2: "ant"}
    lines = [(tmp_path / f"out/labels/{name}.txt").read_text().splitlines() for name in ("a", "b", "new")]
    assert [[line.split()[0] for line in one] for one in lines] == [["0", "2"], ["2"], []]


def test_coco_carries_the_ids_of_the_json_so_that_pycocotools_scores_it_against_that(tmp_path):
    theirs = pytest.importorskip("pycocotools.coco")
    evaluate = pytest.importorskip("pycocotools.cocoeval")
    path = coco(tmp_path)
    data = read_dense(read_annotated(tmp_path))
    numbering = listed_by(str(tmp_path), "coco", "detection", Notes())
    (written,) = write_predictions(tmp_path / "out", detected(data.task, numbering), "detection", "coco")
    content = json.loads(written.read_text())
    assert [one["id"] for one in content["images"]] == [41, 9, 42]
    assert {one["name"]: one["id"] for one in content["categories"]} == {"horse": 3, "zebra": 7, "ant": 20}
    with redirect_stdout(StringIO()):
        truth = theirs.COCO(str(path))
        scored = evaluate.COCOeval(truth, truth.loadRes(content["annotations"]), "bbox")
        scored.evaluate()
        scored.accumulate()
        scored.summarize()
    assert scored.stats[0] == pytest.approx(1.0)


def test_numbers_of_another_format_give_the_order(tmp_path):
    task = read_dense(read_annotated(yolo(tmp_path / "yolo"))).task
    numbers = {"zebra": 0, "horse": 1, "ant": 2}
    (file,) = write_predictions(tmp_path / "a", detected(task, Numbering(numbers, "yolo")), "detection", "coco")
    assert [(one["id"], one["name"]) for one in json.loads(file.read_text())["categories"]] == [
        (1, "zebra"),
        (2, "horse"),
        (3, "ant"),
    ]
    numbering = Numbering({"ant": 20, "horse": 3, "zebra": 7}, "coco")
    write_predictions(tmp_path / "b", detected(task, numbering), "detection", "yolo")
    assert yaml.safe_load((tmp_path / "b/data.yaml").read_text())["names"] == {0: "horse", 1: "zebra", 2: "ant"}


def test_the_background_is_written_where_no_table_leaves_it_out(tmp_path):
    masks = [LabelMap(np.array([[0, 1], [1, 2]]))]
    for numbers, ids in [({}, [1, 2, 3]), ({"ant": 20, "bee": 4}, [20, 4]), ({"background": 0, "bee": 1}, [0, 2, 1])]:
        said = Predicted(["a.png"], [(2, 2)], masks, ["background", "ant", "bee"], (), Numbering(numbers, "coco"))
        (file,) = write_predictions(tmp_path / str(len(ids)) / str(ids[0]), said, "segmentation", "coco")
        assert [one["category_id"] for one in json.loads(file.read_text())["annotations"]] == ids


def test_keypoints_are_of_the_category_that_has_them(tmp_path):
    coco(tmp_path, table={7: "zebra", 20: "ant"}, keypoints=["nose", "tail"])
    content = json.loads((tmp_path / "annotations.json").read_text())
    del content["categories"][0]["keypoints"]
    content["categories"][1]["skeleton"] = [[2, 1], [2, 1], [1, 1], [0, 1], [1, 3], [1], "x", [1.5, 2]]
    for one in content["annotations"]:
        one["keypoints"] = [3, 4, 2, 0, 0, 0]
    save_text(tmp_path / "annotations.json", json.dumps(content))
    data = read_annotated(tmp_path, "pose")
    assert data.class_numbers == {"ant": 20} and data.edges == ((1, 0),)
    content["categories"][1]["skeleton"] = [[1, 0]]
    save_text(tmp_path / "from_0.json", json.dumps(content))
    assert read_annotated(tmp_path / "from_0.json", "pose").edges == ((1, 0),)
    (tmp_path / "from_0.json").unlink()
    said = Predicted(
        ["images/b.png"], [(40, 30)], [Skeleton(np.array([[3.5, 4.5], [np.nan] * 2]), np.ones(2))], ["nose", "tail"], data.edges,
        listed_by(str(tmp_path), "coco", "pose", Notes()),
    )  # fmt: skip
    (file,) = write_predictions(tmp_path / "out", said, "pose", "coco")
    written = json.loads(file.read_text())
    (category,), (one,) = written["categories"], written["annotations"]
    assert (category["id"], category["name"], category["keypoints"]) == (20, "ant", ["nose", "tail"])
    assert category["skeleton"] == [[2, 1]]
    assert (one["image_id"], one["category_id"], one["keypoints"]) == (9, 20, [3, 4, 2, 0, 0, 0])


def test_files_that_contradict_each_other_give_no_numbers_and_are_told(tmp_path):
    coco(tmp_path, "annotations/train.json")
    coco(tmp_path, "annotations/val.json", {"a.png": 9, "b.png": 41}, {7: "ant", 3: "zebra", 20: "horse"})
    data = read_annotated(tmp_path)
    notes = Notes()
    assert data.class_numbers == {} and listed_by(str(tmp_path), "coco", "detection", notes).pictures == {}
    assert sorted(finding.kind for finding in notes.findings()) == ["category_ids", "image_ids"]
    assert {"duplicate", "category_ids"} <= set(kinds_of(data))
    one = listed_by(str(tmp_path / "annotations/val.json"), "coco", "detection", Notes())
    assert one.pictures == {"images/a.png": 9, "images/b.png": 41} and one.classes["ant"] == 7


def test_of_two_categories_of_one_name_that_with_objects_gives_the_id(tmp_path):
    coco(tmp_path, table={0: "ant", 7: "zebra", 20: "ant", -1: "below", "x": "text"})
    assert read_annotated(tmp_path).class_numbers == {"zebra": 7, "ant": 20}


def test_a_file_of_annotations_names_the_pictures_to_predict(tmp_path):
    found = annotated_file(coco(tmp_path))
    assert [found.items.name(i) for i in range(len(found))] == ["images/a.png", "images/b.png"]
    table = save_text(tmp_path / "list.csv", "image\nimages/a.png\n")
    assert annotated_file(table) is None and annotated_file(tmp_path) is None


def test_pictures_beside_the_json_s_folder_are_found_whatever_letters_are_put_together_of(tmp_path):
    picture = save_picture(tmp_path / "e\u0301" / "a.png")
    content = {
        "images": [{"id": 41, "file_name": str(picture), "width": 40, "height": 30}],
        "annotations": [{"id": 1, "image_id": 41, "category_id": 7, "bbox": [2, 3, 10, 8]}],
        "categories": [{"id": 7, "name": "zebra"}],
    }
    file = save_text(tmp_path / "json" / "a.json", json.dumps(content))
    ids = listed_by(str(file), "coco", "detection", Notes()).pictures
    found = annotated_file(file)
    assert number_pictures([found.items.name(0), "new.png"], ids) == [41, 42]


def test_ids_that_are_no_numbers_stay():
    assert number_pictures(["a", "b"], {"a": "x1"}) == ["x1", 1]


def test_what_has_no_usable_id_has_no_number(tmp_path):
    file = coco(tmp_path)
    content = json.loads(file.read_text())
    content["images"] += [{"file_name": "b.png"}, {"id": 5}, {"id": [1], "file_name": "a.png"}]
    content["annotations"][0]["category_id"] = [7]
    save_text(file, json.dumps(content))
    found = listed_by(str(file), "coco", "detection", Notes())
    assert found.pictures == {"images/a.png": 41, "images/b.png": 9} and found.classes["zebra"] == 7
