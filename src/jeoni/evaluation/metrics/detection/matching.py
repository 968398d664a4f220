"""Which detection found which object: the greedy matching of COCO (Lin et al. ECCV 2014, arXiv:1405.0312).

Within a picture and a class the surest detection chooses first, among the objects that are still free the one that it
overlaps most. It is done anew at each of ten overlaps. An ignored object (a crowd, or one that is marked as difficult)
may be found any number of times, and what finds it counts neither as right nor as wrong; its overlap is the share of
the detection that it covers. All as in ``pycocotools``, equal objects included: the last of equals is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = ["IOUS", "MOST", "Matches", "greedy", "match", "overlaps"]

IOUS = np.linspace(0.5, 0.95, 10)
MOST = 100  # detections of one class in one picture


@dataclass(frozen=True, eq=False)
class Matches:
    """What became of the detections of one picture.

    Attributes:
        scores: ``(d,)`` of the detections, the surest first.
        labels: ``(d,)`` their classes.
        hits: ``(10, d)`` bool: found an object, at each overlap of :data:`IOUS`.
        ignored: ``(10, d)`` bool: counts neither as right nor as wrong.
        counts: ``(classes,)`` objects that were to be found.
        sizes: ``(objects,)`` square root of their areas, pixels.
    """

    scores: FloatArray
    labels: Array
    hits: Array
    ignored: Array
    counts: Array
    sizes: FloatArray


def match(
    boxes: FloatArray,
    labels: Array,
    scores: FloatArray,
    true_boxes: FloatArray,
    true_labels: Array,
    ignored: Array,
    classes: int,
) -> Matches:
    """Match the detections of one picture.

    Args:
        boxes: ``(d, 4)`` detected: left, top, right, bottom.
        labels: ``(d,)`` their classes.
        scores: ``(d,)`` how sure each is.
        true_boxes: ``(k, 4)`` objects.
        true_labels: ``(k,)`` their classes.
        ignored: ``(k,)`` bool: neither to be found nor a false alarm where one is found.
        classes: how many there are.

    Example:
        >>> one = np.array([[0.0, 0.0, 10.0, 10.0]])
        >>> found = match(one, np.array([0]), np.array([0.9]), one, np.array([0]), np.array([False]), 1)
        >>> bool(found.hits.all()), found.counts.tolist()
        (True, [1])
    """
    order = np.argsort(-scores, kind="stable")
    kept = order[_among_most(labels[order], classes)]
    boxes, labels, scores = boxes[kept], labels[kept], scores[kept]
    hits = np.zeros((len(IOUS), len(kept)), dtype=bool)
    without = np.zeros_like(hits)
    for k in np.unique(labels):
        mine, true = np.flatnonzero(labels == k), np.flatnonzero(true_labels == k)
        true = true[np.argsort(ignored[true], kind="stable")]  # those that count come first
        iou = overlaps(boxes[mine], true_boxes[true], ignored[true])
        hits[:, mine], without[:, mine] = greedy(iou, ignored[true], ignored[true])
    counted = true_boxes[~ignored]
    sides = np.maximum(counted[:, 2:] - counted[:, :2], 0)
    return Matches(
        scores=scores,
        labels=labels,
        hits=hits & ~without,
        ignored=without,
        counts=np.bincount(true_labels[~ignored], minlength=classes),
        sizes=np.sqrt(sides.prod(1)),
    )


def overlaps(boxes: FloatArray, others: FloatArray, crowd: Array | None = None) -> FloatArray:
    """``(n, m)`` intersection over union of boxes ``(n, 4)`` and others ``(m, 4)``.

    Args:
        boxes: left, top, right, bottom.
        others: the same.
        crowd: ``(m,)`` bool: of these, intersection over the area of the box.

    Example:
        >>> overlaps(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [0.0, 0, 2, 1]])).round(3).tolist()
        [[0.333, 0.5]]
    """
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(2)
    area = _area(boxes)[:, None]
    union = area + _area(others)[None] - shared
    if crowd is not None:
        union = np.where(crowd[None], area, union)
    found: FloatArray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return found


def _area(boxes: FloatArray) -> FloatArray:
    found: FloatArray = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(1)
    return found


def _among_most(labels: Array, classes: int) -> Array:
    """``(d,)`` bool: which detections, the surest first, are among those of their class that count."""
    among = np.zeros(len(labels), dtype=bool)
    for k in range(classes):
        among[np.flatnonzero(labels == k)[:MOST]] = True
    return among


def greedy(iou: FloatArray, ignored: Array, again: Array) -> tuple[Array, Array]:
    """Found an object, found an ignored one: ``(10, d)`` each.

    Args:
        iou: ``(d, k)`` overlaps, or another likeness, of the detections, the surest first, with the objects.
        ignored: ``(k,)`` bool, these last.
        again: ``(k,)`` bool: may be found more than once.
    """
    hits = np.zeros((len(IOUS), len(iou)), dtype=bool)
    without = np.zeros_like(hits)
    if not iou.size:
        return hits, without
    for t, least in enumerate(IOUS):
        free = np.ones(len(ignored), dtype=bool)
        possible = iou >= min(least, 1 - 1e-10)
        for d in np.flatnonzero(possible.any(1)):
            chosen = _best(iou[d], possible[d] & free, ignored)
            if chosen < 0:
                continue
            hits[t, d] = True
            without[t, d] = ignored[chosen]
            free[chosen] = again[chosen]
    return hits, without


def _best(iou: FloatArray, possible: Array, ignored: Array) -> int:
    """The object of most overlap, one that counts before one that is ignored, the last of equals; -1: none."""
    for candidates in (possible & ~ignored, possible & ignored):
        if candidates.any():
            overlap = np.where(candidates, iou, -1.0)
            return len(overlap) - 1 - int(np.argmax(overlap[::-1]))
    return -1
