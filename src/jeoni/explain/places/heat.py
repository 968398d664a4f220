"""How unusual each place of a picture is, on a scale that all pictures share, with the threshold and the true mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from jeoni.data.annotations import Condition, Heat
from jeoni.explain.places.canvas import Canvas
from jeoni.explain.places.masks import resized_labels
from jeoni.types import Array, FloatArray

__all__ = ["MAP", "draw_heat", "heat_scale"]

MAP = "inferno"
LOW, HIGH = 0.02, 0.998  # quantiles of the heat that are the ends of the scale
EDGE = (90, 220, 255, 255)
MASK = (255, 255, 255, 255)


def heat_scale(heats: Sequence[Heat], threshold: float) -> tuple[float, float] | None:
    """The ends of the scale; None where there is no heat map."""
    maps = [one.heat.ravel() for one in heats if one.heat is not None]
    if not maps:
        return None
    values = np.concatenate(maps).astype(np.float64)
    low, high = np.quantile(values[np.isfinite(values)], [LOW, HIGH])
    return float(low), float(max(high, threshold, low + 1e-6))


def draw_heat(
    canvas: Canvas, annotation: Condition, prediction: Heat, scale: tuple[float, float] | None, threshold: float
) -> dict[str, Any]:
    """The layers ``predicted``, the heat, and ``true``, the outline of the mask, with the picture's score.

    Args:
        canvas: of the picture.
        annotation: whether there is a defect, and where.
        prediction: what was found.
        scale: the ends of the scale.
        threshold: from which on a place, or a picture, is unusual.
    """
    found: dict[str, Any] = {"alarm": float(prediction.score), "defective": annotation.defective}
    if prediction.heat is not None and scale is not None:
        found["predicted"] = canvas.save(_warm(prediction.heat, canvas.thumb.size, scale, threshold), "-heat")
    if annotation.defective and annotation.mask is not None:
        defect = resized_labels(annotation.mask.read(), canvas.thumb.size) == 1
        outline = np.zeros((*defect.shape, 4), dtype=np.uint8)
        outline[_edge(defect, 2)] = MASK
        found["true"] = canvas.save(Image.fromarray(outline), "-true")
    return found


def _warm(heat: Array, size: tuple[int, int], scale: tuple[float, float], threshold: float) -> Image.Image:
    """Warm where it is unusual, clear where it is not; a line around what lies above the threshold."""
    from matplotlib import colormaps

    grown = Image.fromarray(heat.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
    values: FloatArray = np.asarray(grown, dtype=np.float64)
    low, high = scale
    strength = ((values - low) / (high - low)).clip(0, 1)
    pixels = (255 * colormaps[MAP](strength)).astype(np.uint8)
    pixels[..., 3] = (255 * (0.1 + 0.9 * strength)).astype(np.uint8)
    pixels[_edge(values > threshold, 1)] = EDGE
    return Image.fromarray(pixels)


def _edge(inside: Array, width: int) -> Array:
    """The outermost places of an area."""
    core = inside.copy()
    for _ in range(width):
        padded = np.pad(core, 1, constant_values=True)
        core = core & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~core
