"""Maps of overlapping parts of a picture, blended into one of the whole: less of each towards its edges.

Parts come row by row. Of a map of classes no more than one row of parts is held as probabilities at a time, so that
memory does not grow with the height of a picture; its classes are as large as it is. A heat map is blended at a size
that a person can look at.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image

from jeoni.data.annotations import Heat, LabelMap
from jeoni.dense.merging.tile import Tile
from jeoni.types import Array

__all__ = ["merged_heat", "merged_labels"]

SIDE = 1024  # pixels: the longer side of a heat map
LEAST = 1e-6


def merged_labels(parts: Iterable[tuple[LabelMap, Tile]], extent: tuple[int, int], classes: int) -> LabelMap:
    """The class of every pixel by the weighted mean of the parts' probabilities.

    Args:
        parts: row by row, each in its own pixels; of one without probabilities, its class has its certainty.
        extent: width and height of the picture.
        classes: how many there are.
    """
    width, height = extent
    labels, sure = np.zeros((height, width), dtype=np.int16), np.zeros((height, width), dtype=np.float16)
    band = _Band(classes, width)
    for found, tile in parts:
        for top, sums in band.before(tile.top):
            _settle(labels, sure, top, sums)
        band.add(_probabilities(found, tile, classes), tile)
    for top, sums in band.before(height):
        _settle(labels, sure, top, sums)
    return LabelMap(labels, sure)


class _Band:
    """Sums of weighted probabilities of the rows of pixels that parts may still add to.

    Args:
        classes: how many.
        width: of the picture.
    """

    def __init__(self, classes: int, width: int) -> None:
        self._sums, self._top = np.zeros((classes, 0, width), dtype=np.float32), 0

    def before(self, top: int) -> Iterable[tuple[int, Array]]:
        """What lies above a row and is complete, with where it begins; it is forgotten."""
        rows = min(top - self._top, self._sums.shape[1])
        if rows > 0:
            done, self._sums = self._sums[:, :rows], self._sums[:, rows:]
            yield self._top, done
        self._top = max(self._top, top)

    def add(self, probs: Array, tile: Tile) -> None:
        """Add ``(classes, h, w)`` where a part lies."""
        lacking = tile.bottom - self._top - self._sums.shape[1]
        if lacking > 0:
            shape = (self._sums.shape[0], lacking, self._sums.shape[2])
            self._sums = np.concatenate([self._sums, np.zeros(shape, dtype=np.float32)], axis=1)
        here = slice(tile.top - self._top, tile.bottom - self._top)
        self._sums[:, here, tile.left : tile.right] += probs * tile.weights()


def _probabilities(found: LabelMap, tile: Tile, classes: int) -> Array:
    """``(classes, h, w)`` float32 of the pixels of a part that are the picture's."""
    high, wide = tile.bottom - tile.top, tile.right - tile.left
    if found.probabilities is not None:
        known: Array = found.probabilities[:, :high, :wide].astype(np.float32)
        return known
    labels = found.labels[:high, :wide].astype(np.int64)
    certainty = 1.0 if found.certainty is None else found.certainty[:high, :wide].astype(np.float32)
    weighed: Array = (np.arange(classes)[:, None, None] == labels).astype(np.float32) * certainty
    return weighed


def _settle(labels: Array, sure: Array, top: int, sums: Array) -> None:
    rows = slice(top, top + sums.shape[1])
    labels[rows] = sums.argmax(axis=0)
    sure[rows] = sums.max(axis=0) / np.maximum(sums.sum(axis=0), LEAST)


def merged_heat(parts: Iterable[tuple[Heat, Tile]], extent: tuple[int, int]) -> Heat:
    """The largest score of the parts, and their heat.

    Args:
        parts: each in its own pixels.
        extent: width and height of the picture.
    """
    scale = min(1.0, SIDE / max(extent))
    width, height = (max(1, round(side * scale)) for side in extent)
    sums, weights = np.zeros((height, width), dtype=np.float32), np.zeros((height, width), dtype=np.float32)
    scores, mapped = [], False
    for found, tile in parts:
        scores.append(found.score)
        if found.heat is None:
            continue
        mapped = True
        rows = slice(round(tile.top * scale), max(round(tile.top * scale) + 1, round(tile.bottom * scale)))
        columns = slice(round(tile.left * scale), max(round(tile.left * scale) + 1, round(tile.right * scale)))
        high, wide = sums[rows, columns].shape
        size = (wide, high)
        heat = found.heat[: tile.bottom - tile.top, : tile.right - tile.left]
        weight = _in_size(tile.weights(), size)
        sums[rows, columns] += weight * _in_size(heat, size)
        weights[rows, columns] += weight
    return Heat(max(scores), sums / np.maximum(weights, LEAST) if mapped else None)


def _in_size(values: Array, size: tuple[int, int]) -> Array:
    """``(h, w)`` float32 in another width and height."""
    image = Image.fromarray(np.asarray(values, dtype=np.float32))
    return np.asarray(image if image.size == size else image.resize(size, Image.Resampling.BILINEAR))
