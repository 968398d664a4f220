"""Average precision of several subjects by object keypoint similarity, as COCO has it (Lin et al. ECCV 2014).

The similarity of a predicted skeleton to a true subject is the mean, over the points that are annotated, of
``exp(-d² / (2 s² k²))`` with the distance ``d``, the area ``s²`` and ``k = 2 sigma`` of the point. It takes the place
of the overlap of boxes: matching and precision are those of detection. A subject without any annotated point is neither
to be found nor a false alarm; its similarity is by how far points lie outside twice its box. All as in ``pycocotools``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.evaluation.metrics.detection.average_precision import average_precision
from jeoni.evaluation.metrics.detection.matching import Matches, greedy
from jeoni.evaluation.metrics.pose.distances import Distances
from jeoni.types import Array, FloatArray, IntArray

__all__ = [
    "COCO_SIGMAS",
    "MOST",
    "SubjectEvidence",
    "TrueSubjects",
    "known_sigmas",
    "match_subjects",
    "similarity",
    "subject_precision",
]

MOST = 20  # predictions of one picture
COCO_SIGMAS = {
    "nose": 0.026,
    "left_eye": 0.025,
    "right_eye": 0.025,
    "left_ear": 0.035,
    "right_ear": 0.035,
    "left_shoulder": 0.079,
    "right_shoulder": 0.079,
    "left_elbow": 0.072,
    "right_elbow": 0.072,
    "left_wrist": 0.062,
    "right_wrist": 0.062,
    "left_hip": 0.107,
    "right_hip": 0.107,
    "left_knee": 0.087,
    "right_knee": 0.087,
    "left_ankle": 0.089,
    "right_ankle": 0.089,
}  # of people, published with COCO's keypoints: how far annotators differ, in shares of the root of the area


@dataclass(frozen=True, eq=False)
class TrueSubjects:
    """What is there in one picture.

    Attributes:
        points: ``(g, k, 2)``; NaN where a point is not annotated.
        boxes: ``(g, 4)`` left, top, right, bottom.
        areas: ``(g,)`` pixels.
        ignored: ``(g,)`` bool: a crowd, which may be found any number of times.
    """

    points: FloatArray
    boxes: FloatArray
    areas: FloatArray
    ignored: Array


@dataclass(frozen=True, eq=False)
class SubjectEvidence(Distances):
    """Of one prediction in a picture of several subjects.

    Attributes:
        picture: its name.
        there: all subjects of the picture.
        points: ``(k, 2)`` predicted, in the picture's coordinates; None of a picture in which nothing was.
        sure: how sure the prediction is.
    """

    picture: str
    there: TrueSubjects
    points: FloatArray | None
    sure: float


def known_sigmas(names: Sequence[str]) -> tuple[float, ...]:
    """COCO's own, where keypoints are called as COCO's of people are; nothing, where one is not.

    Example:
        >>> known_sigmas(["nose", "left_eye"]), known_sigmas(["snout"])
        ((0.026, 0.025), ())
    """
    if not names or any(name not in COCO_SIGMAS for name in names):
        return ()
    return tuple(COCO_SIGMAS[name] for name in names)


def similarity(points: FloatArray, true: TrueSubjects, sigmas: Sequence[float]) -> FloatArray:
    """``(d, g)`` object keypoint similarity.

    Args:
        points: ``(d, k, 2)`` predicted.
        true: what is there.
        sigmas: ``(k,)`` of the keypoints.

    Example:
        >>> one = np.array([[[0.0, 0.0]]])
        >>> true = TrueSubjects(one, np.array([[0.0, 0, 2, 2]]), np.array([4.0]), np.zeros(1, bool))
        >>> round(float(similarity(one + np.array([0.3, 0.4]), true, [0.25])[0, 0]), 4)  # exp(-0.25 / (2 * 4 * 0.25))
        0.8825
    """
    found = np.zeros((len(points), len(true.points)))
    spread = (2 * np.asarray(sigmas, dtype=np.float64)) ** 2
    for g, wanted in enumerate(true.points):
        visible = ~np.isnan(wanted).any(axis=1)
        if visible.any():
            away = points[:, visible] - wanted[visible]
            own = spread[visible]
        else:
            away, own = _outside(points, true.boxes[g]), spread
        squares = (away**2).sum(axis=2) / own / (true.areas[g] + np.spacing(1)) / 2
        found[:, g] = np.exp(-squares).mean(axis=1)
    return found


def _outside(points: FloatArray, box: FloatArray) -> FloatArray:
    """``(d, k, 2)`` how far points lie outside a box of thrice the sides around the same middle."""
    sides = box[2:] - box[:2]
    low, high = box[:2] - sides, box[:2] + 2 * sides
    found: FloatArray = np.maximum(0, low - points) + np.maximum(0, points - high)
    return found


def match_subjects(points: FloatArray, scores: FloatArray, true: TrueSubjects, sigmas: Sequence[float]) -> Matches:
    """Which prediction found which subject of one picture.

    Args:
        points: ``(d, k, 2)`` predicted.
        scores: ``(d,)`` how sure each is.
        true: what is there.
        sigmas: ``(k,)`` of the keypoints.
    """
    kept = np.argsort(-scores, kind="stable")[:MOST]
    missing: Array = np.isnan(true.points.sum(axis=2))
    empty = missing.all(axis=1)
    ignored = true.ignored | empty
    order = np.argsort(ignored, kind="stable")  # those that count come first
    close = similarity(points[kept], true, sigmas)[:, order]
    hits, without = greedy(close, ignored[order], true.ignored[order])
    return Matches(
        scores=scores[kept],
        labels=np.zeros(len(kept), dtype=np.int64),
        hits=hits & ~without,
        ignored=without,
        counts=np.array([int((~ignored).sum())]),
        sizes=np.sqrt(true.areas[~ignored]),
    )


def subject_precision(
    evidence: Sequence[SubjectEvidence], sigmas: Sequence[float], weights: FloatArray
) -> dict[str, FloatArray]:
    """``(B,)`` average precision and recall by metric id.

    Args:
        evidence: ``(n,)`` of predictions; those of one picture are matched together.
        sigmas: ``(k,)`` of the keypoints.
        weights: ``(B, n)`` how often each counts; alike for those of one picture.
    """
    matches, first = _by_picture(evidence, sigmas)
    found = average_precision(matches, weights[:, first]).scores()
    return {"ap": found["ap"], "ap50": found["ap50"], "ap75": found["ap75"], "ar20": found["ar100"]}


def _by_picture(evidence: Sequence[SubjectEvidence], sigmas: Sequence[float]) -> tuple[list[Matches], IntArray]:
    """What became of the predictions of each picture, and the number of the first evidence of it."""
    members: dict[str, list[int]] = {}
    for i, one in enumerate(evidence):
        members.setdefault(one.picture, []).append(i)
    matches = []
    for own in members.values():
        some = [evidence[i] for i in own if evidence[i].points is not None]
        points = np.array([one.points for one in some], dtype=np.float64).reshape(-1, len(sigmas), 2)
        matches.append(match_subjects(points, np.array([one.sure for one in some]), evidence[own[0]].there, sigmas))
    return matches, np.array([own[0] for own in members.values()], dtype=np.int64)
