"""Keypoints: root mean squared distance in pixels, and the share within a part of the subject's size (PCK).

The distance is that of Mathis et al. (Nature Neuroscience 2018): the root of the mean squared distance over all points
that are visible in truth. PCK is that of Yang and Ramanan (TPAMI 2013): a point is right where it lies within a tenth
(or a fifth) of the larger side of the subject's box; without a box, of the smallest box around its visible points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.evaluation.metrics.counts import ratio
from jeoni.types import FloatArray

__all__ = ["SHARES", "Distances", "by_point", "distances", "over_points"]

SHARES = {"pck": 0.1, "pck20": 0.2}


@dataclass(frozen=True, eq=False)
class Distances:
    """How far the points of one picture lie off.

    Attributes:
        errors: ``(k,)`` pixels; NaN where a point is not visible in truth.
        size: larger side of the subject, pixels; NaN where it cannot be told.
        scores: ``(k,)`` how sure each prediction is.
    """

    errors: FloatArray
    size: float
    scores: FloatArray


def distances(
    predicted: FloatArray,
    scores: FloatArray,
    true: FloatArray,
    box: tuple[float, float, float, float] | None = None,
) -> Distances:
    """Of one picture.

    Args:
        predicted: ``(k, 2)``.
        scores: ``(k,)``.
        true: ``(k, 2)``; NaN where a point is not visible.
        box: of the subject, where it is known.

    Example:
        >>> distances(np.array([[3.0, 4.0]]), np.ones(1), np.zeros((1, 2))).errors.tolist()
        [5.0]
    """
    errors = np.sqrt(((predicted - true) ** 2).sum(axis=1))
    return Distances(errors, _size(true, box), scores)


def _size(true: FloatArray, box: tuple[float, float, float, float] | None) -> float:
    if box is not None:
        return float(max(box[2] - box[0], box[3] - box[1]))
    visible = true[~np.isnan(true).any(axis=1)]
    if len(visible) < 2:
        return float("nan")
    return float(np.ptp(visible, axis=0).max())


def over_points(found: Sequence[Distances], weights: FloatArray) -> dict[str, FloatArray]:
    """``(B,)`` by metric id, over all visible points of pictures that count as ``weights (B, n)`` say."""
    errors, known, size = _stacked(found)
    each = {name: part.sum(axis=1) for name, part in _sums(errors, known, size).items()}
    return _scores(each, weights)


def by_point(found: Sequence[Distances], weights: FloatArray) -> dict[str, FloatArray]:
    """``(B, k)`` by metric id, of each keypoint."""
    return _scores(_sums(*_stacked(found)), weights)


def _stacked(found: Sequence[Distances]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Errors ``(n, k)``, which are known, and sizes ``(n, 1)``."""
    errors = np.stack([one.errors for one in found])
    size = np.array([[one.size] for one in found])
    return errors, (~np.isnan(errors)).astype(np.float64), size


def _sums(errors: FloatArray, known: FloatArray, size: FloatArray) -> dict[str, FloatArray]:
    """``(n, k)`` of squares, of points within each share, and how many of them count."""
    sized = known * (size > 0)
    relative = np.divide(errors, size, out=np.full_like(errors, np.inf), where=sized > 0)
    sums = {name: (relative <= share).astype(np.float64) for name, share in SHARES.items()}
    return {**sums, "squares": np.nan_to_num(errors**2), "known": known, "sized": sized}


def _scores(sums: dict[str, FloatArray], weights: FloatArray) -> dict[str, FloatArray]:
    total = {name: np.asarray(weights, dtype=np.float64) @ values for name, values in sums.items()}
    shares = {name: ratio(total[name], total["sized"]) for name in SHARES}
    return {"rmse_px": np.sqrt(ratio(total["squares"], total["known"])), **shares}
