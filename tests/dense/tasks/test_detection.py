"""Detection: what it reads and refuses, how boxes follow a view and come back, and what it says of predictions."""

import json

import numpy as np
import pytest

from jeoni.data.annotations import Boxes, Condition, Detections, Keypoints, annotation_cells
from jeoni.dense.tasks.detection import FEW, Detection
from jeoni.errors import DataError
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Unreadable
from tests.dense.made import made_dataset

TASK = Detection(("cell", "clump"))
NOTHING = Boxes(np.zeros((0, 4)), ())
ONE = Boxes(np.array([[10.0, 10, 30, 20]]), ("cell",))
TWO = Boxes(np.array([[10.0, 10, 30, 20], [50, 50, 60, 70]]), ("cell", "clump"))
HALF = Geometry(np.diag([0.5, 0.5, 1.0]), (50, 50))


def found(boxes, labels, scores):
    return Detections(np.array(boxes, dtype=float).reshape(-1, 4), np.array(labels, dtype=int), np.array(scores))


def evidence():
    return [
        TASK.evidence(found([[10, 10, 30, 20], [50, 50, 60, 70]], [0, 1], [0.9, 0.8]), TWO),
        TASK.evidence(found([[80, 80, 99, 99]], [0], [0.7]), ONE),
        TASK.evidence(found([], [], []), NOTHING),
    ]


def test_the_classes_are_the_names_of_the_boxes_in_alphabetical_order():
    task, findings = Detection.read([None, NOTHING, Boxes(np.zeros((2, 4)), ("b", "a"))])
    assert (task.names, findings) == (("a", "b"), [])
    assert Detection.restored(json.loads(json.dumps(task.describe()))) == task


def test_it_takes_boxes_only():
    assert Detection.takes(ONE)
    assert not Detection.takes(Condition(False))
    assert not Detection.takes(Keypoints(np.zeros((1, 2)), ("nose",)))


def test_pictures_without_any_box_make_no_task():
    with pytest.raises(Unreadable, match="No picture has a box"):
        Detection.read([None, NOTHING])


def test_a_class_that_the_model_does_not_know_is_named_with_the_nearest_one():
    TASK.reread([None, TWO])
    with pytest.raises(Unreadable, match=r"called 'cel'; the model knows cell, clump.*Did you mean cell"):
        TASK.reread([Boxes(ONE.boxes, ("cel",))])


def test_a_picture_without_an_object_is_known_and_one_without_an_annotation_is_not():
    targets = annotation_cells([TWO, NOTHING, None])
    assert TASK.known(targets).tolist() == [True, True, False]
    assert TASK.named_targets(targets) == ["1 cell, 1 clump", "none", ""]


def test_strata_go_by_the_rarest_class_of_a_picture():
    assert TASK.strata(annotation_cells([TWO, ONE, NOTHING, None])).tolist() == [1, 0, 2, -1]


def test_nothing_to_learn_from_is_an_error_and_little_is_told():
    with pytest.raises(DataError, match="made/ holds no box to learn from, in 1 annotated pictures"):
        TASK.check(made_dataset([NOTHING, TWO], ["train", "test"]))
    findings = TASK.check(made_dataset([ONE] * FEW + [NOTHING]))
    assert [(f.kind, f.detail) for f in findings] == [
        ("empty_picture", "pictures without an object: 1"),
        ("small_class", "objects of the class clump to learn from: 0; its score will say little"),
    ]


def test_what_is_only_ignored_or_has_no_size_cannot_be_learned():
    ignored = Boxes(ONE.boxes, ("cell",), np.array([True]))
    empty = Boxes(np.array([[5.0, 5, 5, 9]]), ("cell",))
    with pytest.raises(DataError, match="no box to learn from, in 2 annotated pictures"):
        TASK.check(made_dataset([ignored, empty]))


def test_boxes_follow_a_view_and_predictions_come_back():
    moved = TASK.moved(TWO, HALF)
    assert moved.boxes.tolist() == [[5, 5, 15, 10], [25, 25, 30, 35]]
    assert moved.labels.tolist() == [0, 1]
    back = TASK.returned(found(moved.boxes, moved.labels, [0.9, 0.8]), HALF, (100, 100))
    assert back.boxes.tolist() == TWO.boxes.tolist()


def test_a_prediction_is_clipped_to_its_picture():
    back = TASK.returned(found([[40, 40, 50, 50]], [0], [0.5]), HALF, (90, 80))
    assert back.boxes.tolist() == [[80, 80, 90, 80]]


@pytest.mark.parametrize(("shift", "ignored"), [(0.0, [False]), (15.0, [True]), (40.0, [])])
def test_of_a_box_that_a_view_cuts_off_too_little_is_ignored_and_nothing_is_left_out(shift, ignored):
    away = Geometry(np.array([[1.0, 0, -10 - shift], [0, 1, 0], [0, 0, 1]]), (100, 100))
    assert TASK.moved(ONE, away).ignored.tolist() == ignored


def test_scores_by_picture_class_and_in_all():
    scores = {name: value[0] for name, value in TASK.scores(evidence(), np.ones((1, 3))).items()}
    assert list(scores) == list(TASK.metrics())
    assert scores["ap50"] == pytest.approx((51 / 101 + 1) / 2)
    cell, clump = TASK.rows(evidence(), np.ones((1, 3)))
    assert (cell.name, cell.count, cell.scores["ap50"][0]) == ("cell", 2, pytest.approx(51 / 101))
    assert (clump.name, clump.count, clump.scores["ap50"][0]) == ("clump", 1, 1.0)
    assert TASK.item_scores(evidence()).tolist() == [1.0, 0.0, 1.0]
    assert TASK.columns(evidence()) == {
        "objects": [2, 1, 0], "right": [2, 0, 0], "wrong": [0, 0, 0], "missed": [0, 1, 0],
    }  # fmt: skip


def test_details_are_for_json_and_say_what_the_best_score_keeps():
    details = json.loads(json.dumps(TASK.details(evidence()), allow_nan=False))
    assert details["threshold"] == 0.8
    assert details["at_threshold"] == [
        {"name": "cell", "right": 1, "wrong": 0, "missed": 1},
        {"name": "clump", "right": 1, "wrong": 0, "missed": 0},
    ]
    assert details["curves"][0]["recall"] == [0.5, 0.5]
    assert sum(details["sizes"]["counts"]) == 3


def test_details_of_pictures_in_which_nothing_was_found():
    missed = [TASK.evidence(found([], [], []), ONE), TASK.evidence(found([], [], []), NOTHING)]
    details = json.loads(json.dumps(TASK.details(missed), allow_nan=False))
    assert details["threshold"] is None
    assert details["at_threshold"][0]["missed"] == 1
    assert TASK.item_scores(missed).tolist() == [0.0, 1.0]


def test_boxes_of_no_size_are_not_asked_for():
    empty = Boxes(np.array([[5.0, 5, 5, 9], [10, 10, 30, 20]]), ("cell", "cell"))
    assert TASK.evidence(found([], [], []), empty).counts.tolist() == [1, 0]


def test_a_row_says_how_many_objects_there_are_and_what_became_of_them():
    # best from 0.8 on: of two objects of the first picture both are found, the one of the second is missed
    assert TASK.columns(evidence()) == {
        "objects": [2, 1, 0],
        "right": [2, 0, 0],
        "wrong": [0, 0, 0],
        "missed": [0, 1, 0],
    }
