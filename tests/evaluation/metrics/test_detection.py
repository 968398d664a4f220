"""Average precision: by hand, beside pycocotools, and of weighted pictures beside pictures that are there twice."""

import os
from pathlib import Path

import numpy as np
import pytest

from jeoni.data.annotations.read import read_annotated
from jeoni.evaluation.metrics.detection.average_precision import average_precision
from jeoni.evaluation.metrics.detection.curves import best_threshold, outcomes_at, precision_recall
from jeoni.evaluation.metrics.detection.matching import MOST, match, overlaps
from tests.evaluation.metrics.made_boxes import coco_scores, made_picture

BOX = np.array([[0.0, 0, 10, 10]])
ELSEWHERE = np.array([[50.0, 50, 60, 60]])


def matched(boxes, scores, true=BOX, *, labels=None, true_labels=None, ignored=None, classes=1):
    return match(
        np.asarray(boxes, dtype=float),
        np.zeros(len(boxes), dtype=int) if labels is None else np.array(labels),
        np.array(scores, dtype=float),
        true,
        np.zeros(len(true), dtype=int) if true_labels is None else np.array(true_labels),
        np.zeros(len(true), dtype=bool) if ignored is None else np.array(ignored),
        classes,
    )


def ap50(*matches, weights=None):
    weights = np.ones((1, len(matches))) if weights is None else np.array(weights, dtype=float)
    return average_precision(matches, weights).scores()["ap50"].tolist()


def made(pictures=20, seed=0):
    rng = np.random.default_rng(seed)
    return [made_picture(rng) for _ in range(pictures)]


def test_by_hand_wrong_first_then_right_is_one_half():
    assert ap50(matched([*ELSEWHERE, *BOX], [0.9, 0.8])) == [0.5]


def test_by_hand_half_of_the_objects_found_is_51_of_101_recalls():
    found = matched(BOX, [0.9], np.concatenate([BOX, ELSEWHERE]))
    assert ap50(found) == [pytest.approx(51 / 101)]


def test_by_hand_overlap_of_eight_tenths_counts_up_to_there():
    found = average_precision([matched([[0, 0, 10, 8]], [0.5])], np.ones((1, 1))).scores()
    assert {name: round(float(v[0]), 6) for name, v in found.items()} == {
        "ap50": 1.0, "ap": 0.7, "ap75": 1.0, "ar100": 0.7,
    }  # fmt: skip


def test_an_object_is_found_once_and_the_second_detection_is_wrong():
    found = matched([*BOX, *BOX], [0.9, 0.8])
    assert found.hits[0].tolist() == [True, False]
    assert not found.ignored.any()


def test_the_surest_detection_chooses_first_and_takes_what_it_overlaps_most():
    true = np.array([[0.0, 0, 10, 10], [0, 0, 10, 12]])
    found = matched([[0, 0, 10, 10], [0, 0, 10, 11]], [0.1, 0.9], true)
    assert found.scores.tolist() == [0.9, 0.1]
    assert found.hits[0].all()


def test_what_is_ignored_is_neither_asked_for_nor_wrong_however_often_it_is_found():
    true = np.concatenate([BOX, ELSEWHERE])
    found = matched([*ELSEWHERE, *ELSEWHERE, *BOX], [0.9, 0.8, 0.7], true, ignored=[False, True])
    assert found.counts.tolist() == [1]
    assert found.ignored[0].tolist() == [True, True, False]
    assert not found.hits[0][:2].any()
    assert ap50(found) == [1.0]


def test_of_one_class_in_one_picture_a_hundred_detections_count():
    boxes = np.tile(ELSEWHERE, (MOST, 1))
    found = matched([*boxes, *BOX], [*np.linspace(1, 0.5, MOST), 0.1])
    assert len(found.scores) == MOST
    assert ap50(found) == [0.0]


def test_a_class_without_objects_has_no_score_and_is_left_out_of_the_mean():
    found = matched([*BOX, *BOX], [0.9, 0.8], labels=[0, 1], classes=2)
    assert np.isnan(average_precision([found], np.ones((1, 1))).by_class()["ap50"][0, 1])
    assert ap50(found) == [1.0]


def test_without_any_object_nothing_can_be_said():
    found = matched(BOX, [0.9], np.zeros((0, 4)))
    assert np.isnan(ap50(found)).all()


def test_equal_to_pycocotools_on_random_boxes_with_crowds():
    pytest.importorskip("pycocotools")
    pictures = made(40)
    ours = average_precision([match(*one, 3) for one in pictures], np.ones((1, 40)))
    precision, recall = coco_scores(pictures)
    np.testing.assert_allclose(ours.precision[0], precision, atol=1e-9)
    np.testing.assert_allclose(ours.recall[0], recall, atol=1e-9)


def test_equal_to_pycocotools_on_photographs_of_blood_cells():
    pytest.importorskip("pycocotools")
    root = Path(os.environ.get("JEONI_DATA", Path(__file__).parents[4] / "shared" / "data")) / "bccd"
    if not root.is_dir():
        pytest.skip(f"{root} is missing; JEONI_DATA names the folder of real data")
    data = read_annotated(root, "detection")
    names = sorted({name for one in data.targets for name in one.names})
    rng, pictures = np.random.default_rng(0), []
    for one in data.targets[data.part == "test"]:
        labels = np.array([names.index(name) for name in one.names])
        boxes = one.boxes + rng.normal(0, 5, one.boxes.shape)
        pictures.append((boxes, labels, rng.random(len(labels)), one.boxes, labels, one.ignored))
    ours = average_precision([match(*one, len(names)) for one in pictures], np.ones((1, len(pictures))))
    precision, recall = coco_scores(pictures, len(names))
    np.testing.assert_allclose(ours.precision[0], precision, atol=1e-9)
    np.testing.assert_allclose(ours.recall[0], recall, atol=1e-9)


def test_weights_of_whole_numbers_are_pictures_that_are_there_so_often():
    matches = [match(*one, 3) for one in made()]
    weights = np.random.default_rng(1).integers(0, 4, (5, len(matches)))
    together = average_precision(matches, weights)
    for row, (precision, recall) in enumerate(zip(together.precision, together.recall, strict=True)):
        repeated = [one for one, times in zip(matches, weights[row], strict=True) for _ in range(times)]
        alone = average_precision(repeated, np.ones((1, len(repeated))))
        np.testing.assert_allclose(precision, alone.precision[0], atol=1e-12)
        np.testing.assert_allclose(recall, alone.recall[0], atol=1e-12)


def test_the_order_of_pictures_does_not_matter():
    matches = [match(*one, 3) for one in made()]
    ones = np.ones((1, len(matches)))
    there, back = average_precision(matches, ones), average_precision(matches[::-1], ones)
    np.testing.assert_allclose(there.precision, back.precision, atol=1e-12)


def test_a_resample_of_weights_zero_has_no_score():
    found = matched(BOX, [0.9])
    scores = ap50(found, weights=[[1], [0]])
    assert scores[0] == 1.0
    assert np.isnan(scores[1])


def test_boxes_of_no_size_overlap_nothing():
    empty = np.array([[5.0, 5, 5, 5]])
    assert overlaps(empty, empty).tolist() == [[0.0]]
    assert overlaps(BOX, empty, np.array([True])).tolist() == [[0.0]]


def test_a_curve_and_the_score_to_keep_detections_from():
    one = matched([*BOX, *ELSEWHERE], [0.9, 0.3])
    curve = precision_recall([one], 0)
    assert curve.precision.tolist() == [1.0, 0.5]
    assert curve.recall.tolist() == [1.0, 1.0]
    assert best_threshold([one]) == 0.9
    kept = outcomes_at([one], 0.9)
    assert (kept.right.item(), kept.wrong.item(), kept.missed.item()) == (1, 0, 0)
    all_of_them = outcomes_at([one], 0.0)
    assert (all_of_them.wrong.item(), all_of_them.f1().item()) == (1, pytest.approx(2 / 3))


def test_a_picture_without_object_and_detection_is_done_well():
    assert outcomes_at([matched(np.zeros((0, 4)), [], np.zeros((0, 4)))], 0.5).f1().tolist() == [1.0]


def test_without_a_hit_there_is_no_score_to_keep_detections_from():
    assert np.isnan(best_threshold([matched(ELSEWHERE, [0.9])]))
    assert np.isnan(precision_recall([matched(BOX, [0.9], np.zeros((0, 4)))], 0).recall).all()
