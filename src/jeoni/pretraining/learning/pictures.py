"""Pictures of a pretraining: pairs of views that were compared, and what a generator makes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jeoni.backbones.backbone import Backbone
from jeoni.features.examples import Examples
from jeoni.files.outputs import write_bytes
from jeoni.types import Array

__all__ = ["SAMPLES", "VIEWS", "write_samples", "write_views"]

SAMPLES, VIEWS = "samples.png", "views.jpg"
SHOWN = 6
TILE = 112
GAP = 2


def write_samples(folder: Path, samples: Array | None) -> None:
    """The grid of a generator's images ``(m, h, w, 3)``; nothing of other methods."""
    if samples is None:
        return
    side = round(len(samples) ** 0.5)
    image = Image.fromarray(_grid(samples, side)).resize
    width = side * (samples.shape[2] + GAP)
    _save(image((2 * width, 2 * width), Image.Resampling.NEAREST), folder / SAMPLES, "PNG")


def write_views(folder: Path, examples: Examples, backbone: Backbone, training: dict[str, Any]) -> None:
    """Some examples, each in two of the random views that it was seen in; nothing where there were none."""
    policy = str(training.get("rows", {}).get("policy", "none"))
    spec = backbone.input
    if policy == "none" or not spec.varied:
        return
    tiles = []
    for i in np.unique(np.linspace(0, len(examples) - 1, SHOWN).astype(np.int64)).tolist():
        raw, name = examples.data.items.read(i), examples.data.items.name(i)
        opened = spec.open(raw, name, spec.at_least(policy))
        digest = examples.digests[i]
        tiles.append([spec.view(opened, policy, digest, number)[0] for number in (1, 2)])
    rows = [_tile(pair[k]) for k in (0, 1) for pair in tiles]
    _save(Image.fromarray(_grid(np.stack(rows), len(tiles))), folder / VIEWS, "JPEG")


def _tile(row: Array) -> Array:
    pixels = row if row.dtype == np.uint8 else np.clip(row, 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.BILINEAR))


def _grid(tiles: Array, columns: int) -> Array:
    """Tiles ``(m, h, w, 3)`` in rows of so many, with gaps of white."""
    count, height, width = tiles.shape[:3]
    rows = -(-count // columns)
    page = np.full((rows * (height + GAP), columns * (width + GAP), 3), 255, dtype=np.uint8)
    for k, tile in enumerate(tiles):
        top, left = k // columns * (height + GAP), k % columns * (width + GAP)
        page[top : top + height, left : left + width] = tile
    return page


def _save(image: Image.Image, path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    image.save(content, kind)
    write_bytes(path, content.getvalue())
