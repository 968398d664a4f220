"""Photographs that were never taken: JPEG files with the detail of real ones, so that decoding them takes as long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

__all__ = ["write_photos"]

KINDS = (
    20  # different pictures; the others are their copies with a spot of their own, so that no content is there twice
)


def write_photos(folder: Path, count: int, width: int = 400, height: int = 300, classes: int = 2) -> list[str]:
    """Write the files, a folder for each class; their paths."""
    rng = np.random.default_rng(0)
    drawn = [_picture(rng, width, height) for _ in range(min(count, KINDS))]
    paths = []
    for k in range(count):
        pixels = drawn[k % len(drawn)].copy()
        pixels[: height // 8, : width // 8] = rng.integers(0, 256, 3)
        path = folder / f"class_{k % classes}" / f"{k:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, quality=90)
        paths.append(str(path))
    return paths


def _picture(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Blurred noise of several sizes, as leaves, walls and skies have it."""
    layers = []
    for cells in (4, 16, 64):
        coarse = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        layers.append(np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32))
    fine = rng.normal(0, 12, (height, width, 3))
    whole = np.clip(sum(layers) / 3 + fine, 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(whole).filter(ImageFilter.GaussianBlur(0.7)))
