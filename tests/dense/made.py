"""Small pictures with shapes, and what is to be found in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from jeoni.data.annotations import annotation_cells
from jeoni.data.items import ArrayItems
from jeoni.types import Dataset

NAMES = ("ground", "square")


@dataclass(frozen=True, eq=False)
class MadeMask:
    """A mask in memory."""

    labels: np.ndarray
    names: tuple[str, ...] = NAMES

    def read(self) -> np.ndarray:
        return self.labels

    def size(self) -> tuple[int, int]:
        return self.labels.shape[1], self.labels.shape[0]


def picture(number: int, width: int = 96, height: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright square, and the mask of the square."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 90, (height, width, 3), dtype=np.uint8)
    side = int(rng.integers(16, 28))
    x, y = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
    pixels[y : y + side, x : x + side] = (220, 200, 40)
    mask = np.zeros((height, width), dtype=np.int16)
    mask[y : y + side, x : x + side] = 1
    return pixels, mask


def save_masks(root: Path, n: int, first: int = 0) -> Path:
    """``images/`` and ``masks/``, paired by stem."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for k in range(first, first + n):
        pixels, mask = picture(k)
        Image.fromarray(pixels).save(root / "images" / f"{k:03d}.png")
        Image.fromarray(mask.astype(np.uint8)).save(root / "masks" / f"{k:03d}.png")
    (root / "classes.txt").write_text("\n".join(NAMES), encoding="utf-8")
    return root


def made_dataset(annotations, part=()):
    """Annotations whose pictures are never opened."""
    items = ArrayItems(np.zeros((len(annotations), 4, 4, 3), dtype=np.uint8))
    parts = np.array(part, dtype="<U5") if part else np.zeros(0, dtype="<U5")
    return Dataset("made", items, annotation_cells(annotations), part=parts, origin="made/")
