"""Images with a green disc, and where it is in a row."""

from __future__ import annotations

import numpy as np
from PIL import Image

WIDE, HIGH = 120, 90


def with_dot(x: float, y: float, radius: float = 3.0, size: tuple[int, int] = (WIDE, HIGH)) -> Image.Image:
    """A green disc on grey; colours are changed by some policies, but never into another one."""
    columns, lines = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    inside = (columns - x) ** 2 + (lines - y) ** 2 <= radius**2
    pixels = np.full((size[1], size[0], 3), 90, np.uint8)
    pixels[inside] = (0, 250, 0)
    return Image.fromarray(pixels)


def greenness(row: np.ndarray) -> np.ndarray:
    values = row.astype(float)
    return np.clip(values[..., 1] - (values[..., 0] + values[..., 2]) / 2 - 25, 0, None)


def centre_of(row: np.ndarray) -> np.ndarray | None:
    """The middle of what is green; None where nothing is."""
    weights = greenness(row)
    if weights.sum() < 100:
        return None
    lines, columns = np.indices(weights.shape) + 0.5
    return np.array([(columns * weights).sum(), (lines * weights).sum()]) / weights.sum()
