"""Pose: what it reads and refuses, how points follow a view, and that a mirrored one exchanges left and right."""

import json

import numpy as np
import pytest

from jeoni.data.annotations import Boxes, Keypoints, Skeleton, annotation_cells
from jeoni.dense.tasks.pose import FEW, Pose
from jeoni.errors import DataError
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Unreadable
from tests.dense.made import made_dataset

NAN = float("nan")
NAMES = ("snout", "leftear", "rightear")
TASK = Pose(NAMES)
ONE = Keypoints(np.array([[10.0, 50], [20, 40], [20, 60]]), NAMES)
HIDDEN = Keypoints(np.array([[10.0, 50], [NAN, NAN], [20, 60]]), NAMES)
NONE = Keypoints(np.full((3, 2), NAN), NAMES)
PLAIN = Geometry(np.eye(3), (100, 100))
MIRROR = Geometry(np.array([[-1.0, 0, 100], [0, 1, 0], [0, 0, 1]]), (100, 100))


def test_the_points_are_those_of_the_pictures_in_their_order():
    task, findings = Pose.read([None, ONE, HIDDEN])
    assert (task.names, findings) == (NAMES, [])
    assert Pose.restored(json.loads(json.dumps(task.describe()))) == task
    assert Pose.takes(ONE)
    assert not Pose.takes(Boxes(np.zeros((0, 4)), ()))


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([None], "No picture has keypoints"),
        ([ONE, Keypoints(ONE.points[:2], NAMES[:2])], "others snout, leftear. Needed: the same ones in the same order"),
        ([Keypoints(ONE.points, ("a", "b", "a"))], "Two keypoints have one name, among a, b, a"),
    ],
)
def test_what_makes_no_pose_says_why(annotations, message):
    with pytest.raises(Unreadable, match=message):
        Pose.read(annotations)


def test_other_points_than_the_model_knows_are_refused():
    TASK.reread([None, HIDDEN])
    with pytest.raises(Unreadable, match="has the keypoints leftear, snout, rightear; the model knows snout, leftear"):
        TASK.reread([Keypoints(ONE.points, ("leftear", "snout", "rightear"))])


def test_a_picture_is_known_where_a_point_is_visible():
    targets = annotation_cells([ONE, HIDDEN, NONE, None])
    assert TASK.known(targets).tolist() == [True, True, False, False]
    assert TASK.strata(targets).tolist() == [1, 0, -1, -1]
    assert TASK.named_targets(targets) == ["3 of 3", "2 of 3", "0 of 3", ""]


def test_nothing_to_learn_from_is_an_error_and_a_point_that_is_hardly_visible_is_told():
    with pytest.raises(DataError, match="made/ holds no picture with a visible keypoint to learn from"):
        TASK.check(made_dataset([NONE, ONE], ["train", "test"]))
    findings = TASK.check(made_dataset([HIDDEN] * FEW))
    assert [f.detail for f in findings] == ["pictures to learn from in which leftear is visible: 0"]


def test_a_mirrored_view_exchanges_left_and_right_and_a_turned_one_does_not():
    assert TASK.moved(ONE, PLAIN).points.tolist() == ONE.points.tolist()
    # in the mirrored picture the animal's left ear lies below: what is called so must be above again
    assert TASK.moved(ONE, MIRROR).points.tolist() == [[90, 50], [80, 60], [80, 40]]
    turned = Geometry(np.array([[-1.0, 0, 100], [0, -1, 100], [0, 0, 1]]), (100, 100))
    assert TASK.moved(ONE, turned).points.tolist() == [[90, 50], [80, 60], [80, 40]]


def test_stated_partners_count_more_than_names():
    task, _ = Pose.read([Keypoints(ONE.points, NAMES, partners=(1, 0, 2))])
    assert task.mirrored.tolist() == [1, 0, 2] and TASK.mirrored.tolist() == [0, 2, 1]
    assert task.moved(ONE, MIRROR).points.tolist() == [[80, 40], [90, 50], [80, 60]]
    for wrong in ([0, 1], [0, 0, 1], "012"):
        with pytest.raises(ValueError, match="partners must be the numbers of the points"):
            Pose.restored({"points": list(NAMES), "partners": wrong})


def test_a_prediction_comes_back_from_a_mirrored_view_under_its_own_names():
    moved = TASK.moved(ONE, MIRROR).points
    back = TASK.returned(Skeleton(moved, np.array([0.9, 0.1, 0.2])), MIRROR, (100, 100))
    assert back.points.tolist() == ONE.points.tolist()
    assert back.scores.tolist() == [0.9, 0.2, 0.1]


def test_points_that_a_view_cuts_off_are_not_visible_in_it_and_predictions_stay_in_the_picture():
    away = Geometry(np.array([[1.0, 0, -15], [0, 1, 0], [0, 0, 1]]), (100, 100))
    moved = TASK.moved(ONE, away).points
    assert np.isnan(moved[0]).all()
    assert moved[1:].tolist() == [[5, 40], [5, 60]]
    back = TASK.returned(Skeleton(np.array([[99.0, 0], [0, 0], [0, 0]]), np.ones(3)), away, (100, 100))
    assert back.points[0].tolist() == [100, 0]


def test_annotations_are_left_as_they_were():
    before = ONE.points.copy()
    TASK.moved(ONE, Geometry(np.array([[1.0, 0, -15], [0, 1, 0], [0, 0, 1]]), (100, 100)))
    assert (ONE.points == before).all()


def test_scores_by_picture_point_and_in_all():
    exact = TASK.evidence(Skeleton(ONE.points, np.ones(3)), ONE)
    off = TASK.evidence(Skeleton(np.nan_to_num(HIDDEN.points) + np.array([3, 4]), np.ones(3)), HIDDEN)
    once = np.ones((1, 2))
    scores = {name: value[0] for name, value in TASK.scores([exact, off], once).items()}
    assert list(scores) == list(TASK.metrics())
    assert scores["rmse_px"] == pytest.approx(np.sqrt(2 * 25 / 5))
    rows = TASK.rows([exact, off], once)
    assert [(r.name, r.count) for r in rows] == [("snout", 2), ("leftear", 1), ("rightear", 2)]
    assert TASK.item_scores([exact, off]).tolist() == [0.0, -5.0]
    assert not TASK.metrics()["rmse_px"].higher_is_better


def test_details_are_for_json_and_leave_out_a_point_that_is_never_visible():
    off = TASK.evidence(Skeleton(np.nan_to_num(HIDDEN.points) + np.array([3, 4]), np.ones(3)), HIDDEN)
    exact = TASK.evidence(Skeleton(np.nan_to_num(HIDDEN.points), np.ones(3)), HIDDEN)
    details = json.loads(json.dumps(TASK.details([off, exact]), allow_nan=False))
    assert details["pixels"][0] == 0 and details["pixels"][-1] == pytest.approx(5.0)
    assert [row["name"] for row in details["within"]] == ["snout", "rightear"]
    assert [details["within"][0]["shares"][k] for k in (0, -1)] == [0.5, 1.0]
    unseen = TASK.evidence(Skeleton(np.zeros((3, 2)), np.ones(3)), NONE)
    assert TASK.details([unseen])["within"] == []
    assert np.isnan(TASK.item_scores([unseen])).all()


def test_a_row_says_how_far_off_each_visible_point_is():
    moved = Skeleton(ONE.points + np.array([3.0, 4.0]), np.ones(3))
    columns = TASK.columns([TASK.evidence(moved, HIDDEN)])
    assert columns["points"] == [2] and columns["error:snout"] == [5.0]
    assert np.isnan(columns["error:leftear"]).all()


def test_curves_tell_which_share_of_each_point_lies_within_so_many_pixels():
    off = [Skeleton(ONE.points + np.array([float(k), 0.0]), np.ones(3)) for k in range(1, 5)]
    details = TASK.details([TASK.evidence(one, ONE) for one in off])
    shares = dict(zip(details["pixels"], details["within"][0]["shares"], strict=True))
    assert details["pixels"][0] == 0 and max(details["pixels"]) <= 4
    assert all(share == np.mean([k <= pixels for k in range(1, 5)]) for pixels, share in shares.items())
    assert [one["name"] for one in TASK.details([TASK.evidence(off[0], HIDDEN)])["within"]] == ["snout", "rightear"]
