"""Several subjects in a picture: read, cut out, fitted, predicted in boxes that are given, scored and written."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.data.annotations import Keypoints, Skeletons, Subjects, annotation_cells
from jeoni.data.annotations.read import read_annotated
from jeoni.data.items import FileItems
from jeoni.dense.crops import CropItems, Subject, crop_box, cut_out
from jeoni.dense.frames import with_frame
from jeoni.dense.in_boxes import GivenBoxes, subjects_in_boxes
from jeoni.dense.reading import dense_task_of, read_dense, reread_dense
from jeoni.dense.tasks.pose import Pose
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context
from jeoni.types import Dataset
from jeoni.verbs.session.dense_options import with_sigma
from jeoni.verbs.session.subject_boxes import boxes_for
from tests.conftest import TINY
from tests.dense.test_end_to_end import fit

NAMES = ("left", "right")
SIDE = 40


def save_subjects(root, pictures=6, several=True, sigma_names=NAMES):
    """Bright squares on noise, side by side: their upper corners, and a crowd and a square without points among them."""
    rng, images, annotations = np.random.default_rng(3), [], []
    root.mkdir(parents=True, exist_ok=True)
    for k in range(pictures):
        pixels = rng.integers(0, 60, (96, 160, 3), dtype=np.uint8)
        for s in range(2 if several else 1):
            left, top = int(rng.integers(4, 34)) + 80 * s, int(rng.integers(4, 50))
            pixels[top : top + SIDE, left : left + SIDE] = 200 + 20 * s
            corners = [left, top, 2, left + SIDE, top, 2]
            one = {"bbox": [left, top, SIDE, SIDE], "area": SIDE**2, "keypoints": corners, "num_keypoints": 2}
            annotations.append({**one, "image_id": k, "category_id": 1, "id": len(annotations) + 1, "iscrowd": 0})
        Image.fromarray(pixels).save(root / f"{k}.png")
        images.append({"id": k, "file_name": f"{k}.png", "width": 160, "height": 96})
    if several:
        crowd = {"bbox": [0, 80, 160, 16], "area": 900, "keypoints": [0] * 6, "num_keypoints": 0, "iscrowd": 1}
        bare = {"bbox": [0, 90, 6, 6], "area": 30, "keypoints": [0] * 6, "num_keypoints": 0, "iscrowd": 0}
        annotations += [{**one, "image_id": 0, "category_id": 1, "id": 900 + n} for n, one in enumerate((crowd, bare))]
    category = {"id": 1, "name": "thing", "keypoints": list(sigma_names), "skeleton": [[1, 2]]}
    content = {"images": images, "annotations": annotations, "categories": [category]}
    (root / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return save_subjects(tmp_path_factory.mktemp("subjects") / "things")


@pytest.fixture(scope="module")
def data(root):
    return read_dense(read_annotated(root))


@pytest.fixture(scope="module")
def model(data):
    backbone = with_frame(load_backbone(TINY), data, 64)
    return fit(data, with_sigma(dense_task_of(data), 0.1), backbone, Context(workers=1), 60, "scratch")


def test_every_subject_with_a_point_is_an_example_and_those_of_a_picture_are_a_group(root, data):
    raw = read_annotated(root)
    assert all(isinstance(one, Subjects) for one in raw.targets) and len(raw) == 6
    assert len(raw.targets[0]) == 4 and raw.targets[0].ignored.tolist() == [False, False, True, False]
    assert raw.targets[0].areas[:2].tolist() == [1600, 1600]
    task = dense_task_of(data)
    assert isinstance(task, Pose) and task.several and task.headline == "rmse_px" and not task.sigmas
    assert len(data) == 12 and data.groups.tolist() == [k for k in range(6) for _ in "ab"]
    assert [data.items.name(k) for k in (0, 1)] == ["0.png#1", "0.png#2"]
    for k, one in enumerate(data.targets):
        part = data.items.read(k)
        assert part.shape[0] <= 50 and part.shape[1] <= 50  # a quarter more than the box, within the picture
        assert isinstance(one, Subject) and len(one.whole) in (2, 4)
        np.testing.assert_allclose(one.points + one.corner, one.whole.points[k % 2])
        x, y = one.points[0].astype(int)
        assert part[y, x].min() >= 200 and part[y - 1, x].max() < 60  # the first bright pixel


def test_one_subject_for_each_picture_is_read_as_before(tmp_path):
    data = read_dense(read_annotated(save_subjects(tmp_path / "one", several=False)))
    assert all(isinstance(one, Keypoints) for one in data.targets) and not dense_task_of(data).several
    several = Pose(NAMES, True)
    assert len(reread_dense(read_annotated(tmp_path / "one"), several)) == 6  # of a model of several, they are cut out
    assert not isinstance(data.items, CropItems) and isinstance(reread_dense(data, several).items, CropItems)


def test_a_model_of_one_subject_refuses_pictures_of_several(root):
    with pytest.raises(DataError, match="show several subjects, and the model was fitted on pictures of one"):
        reread_dense(read_annotated(root), Pose(NAMES))


def test_sigmas_are_known_of_people_or_said(tmp_path):
    people = read_annotated(save_subjects(tmp_path / "p", sigma_names=("left_eye", "right_eye")))
    task = dense_task_of(read_dense(people))
    assert task.sigmas == (0.025, 0.025) and task.headline == "ap" == next(iter(task.metrics()))
    assert with_sigma(task, 0.2).sigmas == (0.2, 0.2)
    assert Pose.restored(task.describe()) == task and Pose.restored({"points": ["a"]}) == Pose(("a",))
    joined = replace(task, edges=((1, 0),))
    assert Pose.restored(joined.describe()) == joined and with_sigma(joined, 0.2).edges == ((1, 0),)
    for edges in ([[0, 2]], [[-1, 0]], [[0]], [[0, 1, 1]], 5):
        with pytest.raises((ValueError, TypeError)):
            Pose.restored({**task.describe(), "edges": edges})
    with pytest.raises(ConfigError, match="oks_sigma is 0.1, which is about keypoints of several subjects"):
        with_sigma(Pose(NAMES), 0.1)
    for sigmas in ([0.1], [0.1, -1.0], "ab", [float("inf"), 0.1]):
        with pytest.raises(ValueError, match="sigmas must be positive numbers, one for each point"):
            Pose.restored({"points": list(NAMES), "several": True, "sigmas": sigmas})


def test_a_box_is_grown_within_the_picture():
    assert crop_box(np.array([10.0, 10, 30, 50])).tolist() == [7, 5, 33, 55]
    assert crop_box(np.array([1.0, 2, 41, 42])).tolist() == [0, 0, 46, 47]
    items = CropItems(FileItems(["x"], ["x.png"]), np.array([0]), np.array([[500, 0, 600, 10]]))
    items.pictures = type("P", (), {"read": lambda s, i: np.zeros((20, 20), np.uint8), "name": lambda s, i: "x.png"})()
    with pytest.raises(DataError, match=r"The box of x\.png#1 lies beside its picture"):
        items.read(0)


def test_points_are_found_and_moved_back_into_the_picture(root, data, model):
    pictures = FileItems([str(root / f"{k}.png") for k in range(6)], [f"{k}.png" for k in range(6)])
    whole = [data.targets[2 * k].whole for k in range(6)]
    given = [GivenBoxes(one.boxes[:2], np.array([0.9, 0.5])) for one in whole]
    made = subjects_in_boxes(model, pictures, given, Context(workers=1))
    for one, boxes, true in zip(made, given, whole, strict=True):
        found = one.skeletons(boxes, 2)
        assert found.points.shape == (2, 2, 2) and found.sure.tolist() == [0.9, 0.5]
        assert np.linalg.norm(found.points - true.points[:2], axis=2).max() < 10
    evidence = [model.task.evidence(p, a) for p, a in zip(_skeletons(model, data), data.targets, strict=True)]
    scores = model.task.scores(evidence, np.ones((1, 12)))
    assert scores["ap50"][0] > 0.9 and scores["rmse_px"][0] < 6  # the crowd and the bare one cost nothing
    weights = np.repeat(np.eye(6), 2, axis=1)
    assert np.isfinite(model.task.scores(evidence, weights)["ap"]).all()


def _skeletons(model, data):
    return [one.prediction for one in model.predictions(data.items, Context(workers=1))]


def test_a_subject_that_is_not_in_a_box_is_missed(root, data, model, tmp_path):
    results = [{"image_id": k, "bbox": [*one.whole.boxes[0, :2].tolist(), SIDE, SIDE], "score": 0.8, "category_id": 1}
               for k, one in enumerate(data.targets[::2])]  # fmt: skip
    (tmp_path / "boxes.json").write_text(json.dumps(results[:5]), encoding="utf-8")
    given = jeoni.evaluate(model, str(root), quiet=True)
    found = jeoni.evaluate(model, str(root), quiet=True, boxes=str(tmp_path / "boxes.json"))
    assert given.metrics["ar20"].value == pytest.approx(2 * 6 / 5 * found.metrics["ar20"].value, rel=0.25)
    assert found.metrics["ap50"].value == pytest.approx(0.42, abs=0.05)  # five of twelve
    assert np.isnan(found.metrics["rmse_px"].value) and found.n == 6


def test_predictions_in_boxes_of_a_file_are_written_and_evaluated(root, model, tmp_path):
    saved = model.save(tmp_path / "model")
    said = jeoni.predict(saved, str(root), quiet=True, boxes=str(root / "annotations.json"))
    assert all(isinstance(one, Skeletons) for one in said.predictions)
    assert [len(one) for one in said.predictions] == [4, 2, 2, 2, 2, 2] and said.sizes[0] == (160, 96)
    from jeoni.cli._places import write_places
    from jeoni.types import Quiet

    write_places(said, str(tmp_path / "found.json"), "", Quiet())
    content = json.loads((tmp_path / "found.json").read_text())
    assert jeoni.load_model(saved).task.edges == ((0, 1),) and content["categories"][0]["skeleton"] == [[1, 2]]
    assert len(content["annotations"]) == 14 and content["categories"][0]["keypoints"] == list(NAMES)
    np.testing.assert_allclose(content["annotations"][0]["bbox"], [*said[0].boxes[0, :2], SIDE, SIDE])
    again = jeoni.evaluate(saved, str(root), quiet=True, boxes=str(tmp_path / "found.json"))
    assert again.metrics["ap50"].value > 0.9
    write_places(said, str(tmp_path / "found.csv"), "", Quiet())
    lines = (tmp_path / "found.csv").read_text().splitlines()
    assert lines[0] == "path,subject,point,x,y,score" and len(lines) == 1 + 2 * 14
    with pytest.raises(ConfigError, match="DeepLabCut holds the keypoints of one subject.*--format coco"):
        write_places(said, str(tmp_path / "folder"), "deeplabcut", Quiet())


def test_a_model_of_one_subject_takes_boxes_too(root, tmp_path):
    from jeoni.cli._places import write_places
    from jeoni.types import Quiet

    data = read_dense(read_annotated(save_subjects(tmp_path / "one", 4, several=False)))
    one = fit(data, dense_task_of(data), with_frame(load_backbone(TINY), data, 64), Context(workers=1), 1)
    said = jeoni.predict(one, str(root), quiet=True, boxes=str(root / "annotations.json"))
    assert said.several and len(said[0]) == 4
    write_places(said, str(tmp_path / "found.csv"), "", Quiet())
    assert (tmp_path / "found.csv").read_text().startswith("path,subject,point,x,y,score")
    assert not jeoni.predict(one, str(root), quiet=True).several


def test_boxes_come_from_a_detector_of_our_own(root, model, tmp_path):
    read = read_dense(read_annotated(root, "detection"), "detection")
    backbone = with_frame(load_backbone(TINY), read, 96, (160, 96))
    detector = fit(read, dense_task_of(read), backbone, Context(workers=1), 3).save(tmp_path / "detector")
    said = jeoni.predict(model, str(root), quiet=True, boxes=str(detector))
    assert len(said) == 6 and all(len(one) <= 20 for one in said.predictions)
    with pytest.raises(ConfigError, match="a model whose task is (pose|keypoint).*Needed: one that"):
        jeoni.predict(model, str(root), quiet=True, boxes=str(model.save(tmp_path / "pose")))
    with pytest.raises(ConfigError, match="boxes is 'whole', which is about keypoints"):
        jeoni.predict(detector, str(root), quiet=True, boxes="whole")


def test_boxes_are_asked_for_and_whole_pictures_can_be_boxes(root, model, tmp_path):
    with pytest.raises(ConfigError, match="keypoints of several subjects, in boxes that it is given. Say --boxes"):
        jeoni.predict(model, str(root), quiet=True)
    with pytest.raises(ConfigError, match="Say --boxes"):
        model.predict(str(root))
    (tmp_path / "some").mkdir()
    for k in range(2):
        Image.open(root / f"{k}.png").save(tmp_path / "some" / f"{k}.png")
    (tmp_path / "some" / "bad.png").write_bytes(b"no picture")
    said = jeoni.predict(model, str(tmp_path / "some"), quiet=True, boxes="whole")
    assert [len(one) for one in said.predictions] == [1, 1] and list(said.errors) == ["bad.png"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"image_id": 77, "bbox": [1, 2, 3, 4]}], r"holds boxes of none of the pictures, such as 0\.png"),
        ({"annotations": []}, r"holds no boxes that can be read \(KeyError: 'images'\)"),
        ([{"image_id": 1, "bbox": [1, 2]}], r"holds no boxes that can be read \(ValueError"),
        ([{"image_id": 1, "bbox": [1, 2, 3, 1e999]}], r"numbers that are not finite"),
    ],
)
def test_a_file_without_usable_boxes_is_refused(content, text, root, model, tmp_path):
    path = tmp_path / "b.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    pictures = FileItems([str(root / "0.png")], ["0.png"])
    with pytest.raises(DataError, match=text):
        boxes_for(str(path), model, pictures, Context())


def test_the_surest_boxes_are_taken_and_pictures_that_are_not_named_are_told(root, model, tmp_path):
    many = [{"image_id": 0, "bbox": [n, 0, 5, 5], "score": n / 30} for n in range(30)]
    path = tmp_path / "b.json"
    path.write_text(json.dumps([*many, {"image_id": 0, "bbox": [0, 0, 0, 5]}]), encoding="utf-8")
    pictures = FileItems([str(root / "0.png"), str(root / "1.png")], ["0.png", "1.png"])
    said = []
    console = type("C", (), {"warn": lambda self, text: said.append(str(text))})()
    first, second = boxes_for(str(path), model, pictures, Context(console=console))
    assert first.boxes[:, 0].tolist() == list(range(29, 9, -1)) and not len(second.boxes)
    assert "does not name 1 of the pictures" in said[0]
    assert len(boxes_for(str(path), model, pictures, Context(console=console), 0.9)[0].boxes) == 3


def test_a_fit_of_several_subjects_scores_them_by_average_precision(root, tmp_path):
    options = {"backbone": TINY, "quiet": True, "steps": 2, "views": 1, "folds": 2, "control": False}
    result = jeoni.fit(str(root), out=tmp_path / "run", oks_sigma=0.3, **options)
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert json.loads((tmp_path / "run" / "figures" / "places.json").read_text())["edges"] == [[0, 1]]
    assert metrics["headline"] == "ap" and metrics["task"] == "pose" and result.model.task.sigmas == (0.3, 0.3)
    assert list(metrics[metrics["estimate"]])[:3] == ["rmse_px", "pck", "pck20"] or "ap" in metrics[metrics["estimate"]]
    assert (tmp_path / "run" / "report.html").exists()


def test_annotations_of_several_subjects_keep_their_groups_and_parts():
    points = np.array([[[1.0, 1], [9, 1]], [[20.0, 1], [29, 1]]])
    whole = Subjects(points, NAMES, np.array([[0.0, 0, 10, 10], [19, 0, 30, 10]]), np.ones(2), np.zeros(2, bool))
    items = FileItems(["a", "b", "c"], ["a", "b", "c"])
    cells = annotation_cells([whole, None, Keypoints(points[0], NAMES)])
    part = np.array(["train", "", "test"], dtype="<U5")
    cut = cut_out(Dataset("made", items, cells, groups=np.array([7, 8, 9]), part=part))
    assert cut.groups.tolist() == [7, 7] and cut.part.tolist() == [
        "train",
        "train",
    ]  # the last has no box of any height
    assert cut_out(cut) is cut
    chosen = cut.select([1])
    assert chosen.items.name(0) == "a#2"
