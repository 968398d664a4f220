"""Average precision of several subjects, against pycocotools' evaluation of keypoints."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.evaluation.metrics.pose.similarity import (
    COCO_SIGMAS,
    SubjectEvidence,
    TrueSubjects,
    known_sigmas,
    match_subjects,
    subject_precision,
)

NAMES = tuple(COCO_SIGMAS)
SIGMAS = known_sigmas(NAMES)


def made(seed, pictures=40, largest=5, digits=2):
    """Pictures of people: some hidden points, people without any, crowds; and predictions, some of nothing."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(pictures):
        count = int(rng.integers(0, largest))
        corner, sides = rng.uniform(0, 400, (count, 2)), rng.uniform(20, 160, (count, 2))
        boxes = np.concatenate([corner, corner + sides], axis=1)
        points = corner[:, None] + rng.uniform(0, 1, (count, 17, 2)) * sides[:, None]
        points[rng.random((count, 17)) < 0.3] = np.nan
        points[rng.random(count) < 0.15] = np.nan
        there = TrueSubjects(points, boxes, sides.prod(1) * rng.uniform(0.3, 1, count), rng.random(count) < 0.15)
        told = np.where(np.isnan(points), rng.uniform(0, 500, points.shape), points)
        spread = rng.uniform(0.5, 12, (count, 1, 1))
        said = told[rng.random(count) < 0.8]
        said = said + rng.normal(0, 1, said.shape) * spread[: len(said)]
        noise = rng.uniform(0, 500, (int(rng.integers(0, 25)), 17, 2))
        predicted = np.concatenate([said, said[:1] + 1, noise])
        scores = rng.random(len(predicted)) * np.where(np.arange(len(predicted)) < len(said), 1.0, 0.6)
        found.append((there, predicted, np.round(scores, digits)))
    return found


def theirs(pictures):
    """AP, AP50, AP75 and AR20 by pycocotools."""
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    truth, results = [], []
    for k, (there, points, scores) in enumerate(pictures, start=1):
        for p, box, area, crowd in zip(there.points, there.boxes, there.areas, there.ignored, strict=True):
            visible = ~np.isnan(p).any(axis=1)
            triples = np.concatenate([np.nan_to_num(p), 2.0 * visible[:, None]], axis=1).ravel().tolist()
            wide = [*box[:2], *(box[2:] - box[:2])]
            about = {"image_id": k, "category_id": 1, "id": len(truth) + 1, "iscrowd": int(crowd), "area": float(area)}
            truth.append({**about, "bbox": wide, "keypoints": triples, "num_keypoints": int(visible.sum())})
        for p, score in zip(points, scores, strict=True):
            triples = np.concatenate([p, np.ones((17, 1))], axis=1).ravel().tolist()
            results.append({"image_id": k, "category_id": 1, "keypoints": triples, "score": float(score)})
    known = coco.COCO()
    known.dataset = {
        "images": [{"id": k} for k in range(1, len(pictures) + 1)],
        "annotations": truth,
        "categories": [{"id": 1, "name": "person"}],
    }
    known.createIndex()
    run = evaluation.COCOeval(known, known.loadRes(results), "keypoints")
    run.evaluate()
    run.accumulate()
    run.summarize()
    return run.stats[[0, 1, 2, 5]]


def ours(pictures, weights=None):
    nothing = np.full(17, np.nan)
    evidence, first = [], []
    for k, (there, points, scores) in enumerate(pictures):
        first.append(len(evidence))
        said = list(zip(points, scores, strict=True)) or [(None, 0.0)]
        evidence += [SubjectEvidence(nothing, np.nan, nothing, str(k), there, p, float(s)) for p, s in said]
    counts = np.diff([*first, len(evidence)])
    weights = np.ones((1, len(pictures))) if weights is None else weights
    found = subject_precision(evidence, SIGMAS, np.repeat(weights, counts, axis=1))
    return np.stack([found[name] for name in ("ap", "ap50", "ap75", "ar20")], axis=1)


@pytest.mark.parametrize("seed", range(4))
def test_average_precision_of_keypoints_is_that_of_pycocotools(seed, capsys):
    pictures = made(seed)
    wanted = theirs(pictures)
    assert 0.05 < wanted[0] < 0.95
    np.testing.assert_allclose(ours(pictures)[0], wanted, atol=1e-6)


def test_a_picture_of_weight_two_counts_as_two(capsys):
    pictures = made(7, 12, digits=9)  # without equal scores, whose order would decide
    weights = np.array([[2.0 if k in (1, 5) else 1.0 for k in range(12)]])
    np.testing.assert_allclose(ours(pictures, weights)[0], theirs([*pictures, pictures[1], pictures[5]]), atol=1e-6)


def test_a_subject_without_points_is_neither_found_nor_a_false_alarm():
    box = np.array([[10.0, 10, 30, 50]])
    there = TrueSubjects(np.full((1, 17, 2), np.nan), box, np.array([800.0]), np.zeros(1, bool))
    inside = np.full((1, 17, 2), 20.0)
    found = match_subjects(inside, np.ones(1), there, SIGMAS)
    assert found.counts.tolist() == [0] and found.ignored.all() and not found.hits.any()
    beside = match_subjects(inside + 500, np.ones(1), there, SIGMAS)
    assert not beside.ignored.any() and not beside.hits.any()


def test_sigmas_are_known_of_people_alone():
    assert known_sigmas(("nose", "left_ankle")) == (0.026, 0.089)
    assert known_sigmas(("nose", "tail")) == () == known_sigmas(())
