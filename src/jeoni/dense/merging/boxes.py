"""Boxes that were found in overlapping parts of a picture, as boxes of the whole; an object is found once.

A box that ends at an edge that cuts is a piece. A piece of an object that another part saw whole is left out; pieces
that two parts saw of one object, on either side of an edge, are put together; then what overlaps a surer box of its
class is left out, as within one part. Boxes that are much less sure than another decide nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from jeoni.data.annotations import Detections
from jeoni.dense.merging.tile import Tile
from jeoni.types import Array, FloatArray

__all__ = ["merged_boxes"]

TOUCHES = 2.0  # pixels from an edge that cuts, within which a box ends at it
INSIDE = 0.6  # of a piece's area that a whole box must hold, for it to be a piece of that
ALONG = 0.5  # how much two pieces must agree along the edge between them, intersection over union
AS_SURE = 0.4  # of the surer one's score that the other of two boxes must have, to be of the same object
OVERLAP = 0.6  # of two boxes of a class, from which on the less sure one is left out
MOST = 2000  # boxes of all parts that are looked at, the surest
LEFT, TOP, RIGHT, BOTTOM = range(4)


def merged_boxes(parts: Iterable[tuple[Detections, Tile]]) -> Detections:
    """The objects of a picture, the surest first.

    Args:
        parts: what was found in each, in its own coordinates, and where it lies.
    """
    boxes, labels, scores, cut = _gathered(parts)
    kept = _not_pieces(boxes, labels, scores, cut, of_pieces=False)
    boxes, labels, scores, cut = _joined(boxes[kept], labels[kept], scores[kept], cut[kept])
    kept = _not_pieces(boxes, labels, scores, cut, of_pieces=True)
    boxes, labels, scores = boxes[kept], labels[kept], scores[kept]
    order = _suppressed(boxes, labels, scores)
    return Detections(boxes[order], labels[order], scores[order])


def _gathered(parts: Iterable[tuple[Detections, Tile]]) -> tuple[FloatArray, Array, FloatArray, Array]:
    """Boxes in the picture's coordinates, classes, scores, and ``(k, 4)`` which sides end at an edge that cuts."""
    boxes, labels, scores, cut = [np.zeros((0, 4))], [np.zeros(0, dtype=np.int64)], [np.zeros(0)], []
    cut.append(np.zeros((0, 4), dtype=bool))
    for found, tile in parts:
        whole = found.boxes + tile.corner
        edges = np.array([tile.left, tile.top, tile.right, tile.bottom], dtype=np.float64)
        whole = np.clip(whole, np.tile(edges[:2], 2), np.tile(edges[2:], 2))
        boxes.append(whole)
        labels.append(np.asarray(found.labels, dtype=np.int64))
        scores.append(found.scores)
        cut.append((np.abs(whole - edges) <= TOUCHES) & tile.inner)
    together = np.concatenate(scores)
    best = np.argsort(-together, kind="stable")[:MOST]
    return np.concatenate(boxes)[best], np.concatenate(labels)[best], together[best], np.concatenate(cut)[best]


def _joined(
    boxes: FloatArray, labels: Array, scores: FloatArray, cut: Array
) -> tuple[FloatArray, Array, FloatArray, Array]:
    """Two pieces on either side of an edge become one box, as sure as the surer; again, until none is left."""
    boxes, scores, cut = boxes.copy(), scores.copy(), cut.copy()
    there, changed = np.ones(len(boxes), dtype=bool), True
    while changed:
        changed = False
        for k in np.flatnonzero(cut.any(axis=1)):  # the surest first
            alike = there & (labels == labels[k]) & cut.any(axis=1) & _as_sure(scores, scores[k])
            alike[k] = False
            others = np.flatnonzero(alike) if there[k] else np.zeros(0, dtype=np.int64)
            meeting = others[_meet(boxes[k], cut[k], boxes[others], cut[others])]
            if not len(meeting):
                continue
            j = meeting[0]
            cut[k] = _outer(boxes[k], cut[k], boxes[j], cut[j])
            boxes[k, :2] = np.minimum(boxes[k, :2], boxes[j, :2])
            boxes[k, 2:] = np.maximum(boxes[k, 2:], boxes[j, 2:])
            scores[k] = max(scores[k], scores[j])
            there[j], changed = False, True
    return boxes[there], labels[there], scores[there], cut[there]


def _as_sure(scores: FloatArray, one: float) -> Array:
    """Which are sure enough, beside one, to be of the same object."""
    found: Array = np.minimum(scores, one) >= AS_SURE * np.maximum(scores, one)
    return found


def _meet(box: FloatArray, cut: Array, others: FloatArray, cuts: Array) -> Array:
    """``(k,)`` bool: which pieces go on where one ends, or end where it goes on, at an edge that cuts both."""
    found = np.zeros(len(others), dtype=bool)
    for low, high, along in ((LEFT, RIGHT, (TOP, BOTTOM)), (TOP, BOTTOM, (LEFT, RIGHT))):
        agree = _agree(box, others, *along) >= ALONG
        before = (box[low] < others[:, low]) & (box[high] < others[:, high])
        after = (box[low] > others[:, low]) & (box[high] > others[:, high])
        ends = cut[high] & cuts[:, low] & before & (box[high] >= others[:, low] - TOUCHES)
        begins = cuts[:, high] & cut[low] & after & (others[:, high] >= box[low] - TOUCHES)
        found |= agree & (ends | begins)
    return found


def _agree(box: FloatArray, others: FloatArray, low: int, high: int) -> FloatArray:
    """``(k,)`` intersection over union in one direction."""
    shared = np.minimum(box[high], others[:, high]) - np.maximum(box[low], others[:, low])
    spanned = np.maximum(box[high], others[:, high]) - np.minimum(box[low], others[:, low])
    found: FloatArray = shared / np.maximum(spanned, 1e-9)
    return found


def _outer(a: FloatArray, cut_a: Array, b: FloatArray, cut_b: Array) -> Array:
    """Which sides of the union still end at an edge that cuts: those of the piece that reaches farther."""
    a_is_farther = np.concatenate([a[:2] <= b[:2], a[2:] >= b[2:]])
    return np.where(a_is_farther, cut_a, cut_b)


def _not_pieces(boxes: FloatArray, labels: Array, scores: FloatArray, cut: Array, *, of_pieces: bool) -> Array:
    """``(k,)`` bool: boxes that are no pieces of objects that were seen whole, or ``of_pieces`` of larger pieces."""
    piece, areas = cut.any(axis=1), _areas(boxes)
    kept = np.ones(len(boxes), dtype=bool)
    for k in np.flatnonzero(piece):
        larger = (labels == labels[k]) & (~piece | (of_pieces & (areas > areas[k]))) & (scores >= AS_SURE * scores[k])
        larger[k] = False
        kept[k] = not (_shared(boxes[k], boxes[larger]) >= INSIDE * max(areas[k], 1e-9)).any()
    return kept


def _suppressed(boxes: FloatArray, labels: Array, scores: FloatArray) -> Array:
    """The numbers of what is kept, the surest first."""
    areas, kept = _areas(boxes), []
    left = np.argsort(-scores, kind="stable")
    while len(left):
        first, rest = left[0], left[1:]
        kept.append(first)
        shared = _shared(boxes[first], boxes[rest])
        union = areas[first] + areas[rest] - shared
        rivals = (shared > OVERLAP * np.maximum(union, 1e-9)) & (labels[rest] == labels[first])
        left = rest[~rivals]
    return np.array(kept, dtype=np.int64)


def _areas(boxes: FloatArray) -> FloatArray:
    found: FloatArray = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    return found


def _shared(one: FloatArray, others: FloatArray) -> FloatArray:
    """``(k,)`` area that each of the others shares with one."""
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    found: FloatArray = np.maximum(high - low, 0).prod(axis=1)
    return found
