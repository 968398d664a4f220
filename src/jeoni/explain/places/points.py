"""Keypoints that are there and keypoints that were found, close up: a subject is often small in its picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from jeoni.data.annotations import Keypoints, Skeleton
from jeoni.dense.shown import SIDE
from jeoni.explain.places.canvas import Canvas
from jeoni.types import FloatArray

__all__ = ["draw_points"]

AROUND = 0.35  # of the subject's longer side, that is shown around it
LEAST = 48.0  # pixels that are shown at least
PROPORTION = 0.75  # of height to width


def draw_points(canvas: Canvas, annotation: Keypoints, prediction: Skeleton) -> dict[str, Any]:
    """The fields ``points``, ``close`` and ``frame`` of a :class:`jeoni.runs.records.ShownPicture`.

    Args:
        canvas: of the picture.
        annotation: what is there.
        prediction: what was found.
    """
    box = _around(np.concatenate([annotation.points, prediction.points]), canvas.extent)
    close = _cut_out(canvas, box)
    scale = close.width / (box[2] - box[0])
    off = np.linalg.norm(annotation.points - prediction.points, axis=1)

    def placed(point: FloatArray) -> list[float]:
        return ((point - box[:2]) * scale).round(2).tolist()  # type: ignore[no-any-return]

    points = []
    for k, (true, predicted) in enumerate(zip(annotation.points, prediction.points, strict=True)):
        there = bool(np.isfinite(true).all())
        points.append(
            {
                "number": k,
                "predicted": placed(predicted),
                "true": placed(true) if there else None,
                "off": round(float(off[k]), 3) if there else None,
            }
        )
    return {
        "points": points,
        "close": canvas.save(close, "-close"),
        "close_width": close.width,
        "close_height": close.height,
        "frame": canvas.scaled(box).tolist(),
    }


def _around(points: FloatArray, extent: tuple[float, float]) -> FloatArray:
    """Left, top, right and bottom of what is shown of a picture: all points, and something around them."""
    known = points[np.isfinite(points).all(axis=1)]
    low, high = known.min(0), known.max(0)
    side = max(LEAST, float((high - low).max()) * (1 + 2 * AROUND))
    width = min(extent[0], max(side, (high - low)[1] * (1 + 2 * AROUND) / PROPORTION))
    height = min(extent[1], width * PROPORTION)
    size = np.array([width, height])
    corner = ((low + high) / 2 - size / 2).clip(0, np.array(extent) - size)
    return np.concatenate([corner, corner + size])


def _cut_out(canvas: Canvas, box: FloatArray) -> Image.Image:
    """That part of the picture, :data:`SIDE` pixels wide."""
    decoded = canvas.opened.width / canvas.extent[0]
    width, height = box[2:] - box[:2]
    size = SIDE, max(1, round(SIDE * height / width))
    return canvas.opened.convert("RGB").resize(size, Image.Resampling.BICUBIC, box=tuple((box * decoded).tolist()))
