"""Mosaics: parts of four training pictures as one more picture to learn from (Bochkovskiy et al. 2020, YOLOv4).

Each training picture is the first of one mosaic; three others of the training part join it. A mosaic is a picture of
its own, called by its content: random views of it are made, computed and kept as those of any other. Unlike those of
the paper, which are drawn anew in every epoch, there is one for each picture, seen in several views; and a part is
shown at 0.5 to 1 times its resolution, where the paper shows pictures of all sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from jeoni.data.annotations import annotation_cells
from jeoni.data.items import JoinedItems
from jeoni.dense.network import extent_of
from jeoni.dense.protocol import DenseTask
from jeoni.errors import ConfigError
from jeoni.features.examples import Examples
from jeoni.locale import Said
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.image.images import open_image
from jeoni.modalities.inputs import Input
from jeoni.types import Array, IntArray, Items

__all__ = ["MOSAIC", "Cell", "MosaicItems", "composes", "draw_mosaic", "refuse_mosaic", "with_mosaics"]

MOSAIC = "mosaic"
CORNER = (0.3, 0.7)  # share of the sides at which four parts meet
SMALLEST = 0.5  # times its resolution at which a part is shown
OTHERS = 3


@dataclass(frozen=True)
class Cell:
    """A part of a picture in a mosaic.

    Attributes:
        picture: its number.
        part: left, top, right, bottom of the part, pixels of the picture.
        at: left, top, right, bottom in the mosaic, whole pixels.
    """

    picture: int
    part: tuple[float, float, float, float]
    at: tuple[int, int, int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in the mosaic."""
        return self.at[2] - self.at[0], self.at[3] - self.at[1]

    @property
    def geometry(self) -> Geometry:
        """From places in the picture to those in the cell."""
        left, top, right, bottom = self.part
        across, down = self.size[0] / (right - left), self.size[1] / (bottom - top)
        matrix = np.array([[across, 0, -left * across], [0, down, -top * down], [0, 0, 1]])
        return Geometry(matrix, self.size)


def draw_mosaic(index: Sequence[int], extents: Sequence[tuple[int, int]], rng: np.random.Generator) -> list[Cell]:
    """Four cells, which together are as large as the first picture.

    Args:
        index: four numbers of pictures; they are put into the cells in random order.
        extents: ``(4,)`` width and height of each, pixels.
        rng: decides all that is random.
    """
    width, height = extents[0]
    x, y = (round(side * rng.uniform(*CORNER)) for side in (width, height))
    ats = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    order = rng.permutation(len(ats))
    return [Cell(index[k], _part(ats[c], extents[k], rng), ats[c]) for k, c in enumerate(order.tolist())]


def _part(
    at: tuple[int, int, int, int], extent: tuple[int, int], rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """A random part in the proportions of a cell, at a random scale, but no larger than the picture."""
    size = np.array([at[2] - at[0], at[3] - at[1]], dtype=np.float64)
    scale = max(float(rng.uniform(SMALLEST, 1.0)), *(size / np.array(extent)))
    wide, high = size / scale
    left, top = rng.uniform(0, 1, 2) * np.maximum(0.0, np.array(extent) - size / scale)
    return float(left), float(top), float(left + wide), float(top + high)


class MosaicItems:
    """Mosaics as examples.

    Args:
        pictures: of which they are made.
        cells: of each mosaic.
    """

    def __init__(self, pictures: Items, cells: Sequence[Sequence[Cell]]) -> None:
        self.pictures, self.cells = pictures, tuple(tuple(own) for own in cells)

    def __len__(self) -> int:
        return len(self.cells)

    def name(self, index: int) -> str:
        """That of the first picture."""
        return f"mosaic of {self.pictures.name(self.cells[index][0].picture)}"

    def read(self, index: int) -> Array:
        """``(h, w, 3)`` uint8.

        Raises:
            DataError: one of its pictures cannot be read.
        """
        own = self.cells[index]
        width, height = (max(cell.at[side] for cell in own) for side in (2, 3))
        canvas = np.zeros((height, width, 3), dtype=np.uint8)
        for cell in own:
            left, top, right, bottom = cell.at
            opened = open_image(self.pictures.read(cell.picture), self.pictures.name(cell.picture)).convert("RGB")
            canvas[top:bottom, left:right] = np.asarray(
                opened.resize(cell.size, Image.Resampling.BICUBIC, box=cell.part, reducing_gap=2.0)
            )
        return canvas

    def size(self, index: int) -> int:
        """All are alike."""
        return 1

    def select(self, indices: Sequence[int] | IntArray) -> MosaicItems:
        """The same mosaics, fewer or in another order."""
        return MosaicItems(self.pictures, [self.cells[int(i)] for i in indices])


def composes(task: DenseTask) -> bool:
    """Whether a task says what is annotated in a picture that is made of parts of others."""
    return type(task).composed is not DenseTask.composed


def refuse_mosaic(task: DenseTask) -> None:
    """For a task that does not compose.

    Raises:
        ConfigError: always, for such a task.
    """
    if not composes(task):
        raise ConfigError(Said("dense.no_mosaic", task=task.id))


def with_mosaics(examples: Examples, task: DenseTask, spec: Input, seed: int) -> Examples:
    """The examples, and behind them a mosaic of each with three others; the same for the same seed.

    Args:
        examples: those that are learned from, which alone are mixed.
        task: it composes.
        spec: tells how large pictures are.
        seed: with each picture's content decides its mosaic.
    """
    data, n = examples.data, len(examples)
    if n <= OTHERS:
        raise ConfigError(Said("dense.few_for_mosaic", n=f"{n}"))
    extents = [extent_of(data.items, i, spec) for i in range(n)]
    cells: list[list[Cell]] = []
    targets: list[object] = []
    for i, digest in enumerate(examples.digests):
        rng = np.random.default_rng([int.from_bytes(digest[:8], "little"), seed])
        others = rng.choice(np.delete(np.arange(n), i), OTHERS, replace=False).tolist()
        index = [i, *others]
        own = draw_mosaic(index, [extents[k] for k in index], rng)
        parts = [(data.targets[cell.picture], cell.geometry, cell.at[:2]) for cell in own]
        cells.append(own)
        targets.append(task.composed(parts))
    made = annotation_cells([*data.targets, *targets])  # type: ignore[list-item]  # they are annotations of the task
    twice = np.tile(np.arange(n), 2)
    more = replace(data.select(twice), items=JoinedItems(data.items, MosaicItems(data.items, cells)), targets=made)
    return replace(
        examples, data=more, clusters=examples.clusters[twice], index=examples.index[twice],
        folds=examples.folds[:, twice],
    )  # fmt: skip
