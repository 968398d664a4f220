"""Predictions of large pictures part by part, at their own resolution, merged by the task.

A picture is decoded as a whole; what is computed, and held of it, is one batch of parts at a time. Frozen stages are
run on them as they come: parts of pictures that are predicted are not kept in the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from jeoni.data.annotations import Prediction
from jeoni.dense.merging.tile import Tile
from jeoni.dense.network import TOGETHER, DenseNetwork
from jeoni.dense.protocol import DenseTask
from jeoni.errors import ConfigError
from jeoni.locale import Said
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.training.forward import as_input
from jeoni.types import Dataset

__all__ = ["TileCount", "merges", "predictions_over_tiles", "refuse_tiles", "tile_count"]

LOOKED_AT = 2000  # pictures whose headers are read
MOST = 64  # tiles of one picture that are learned from


@dataclass(frozen=True)
class TileCount:
    """How many tiles pictures have.

    Attributes:
        usual: of the median picture.
        most: of the largest, as far as it is learned from.
    """

    usual: int = 1
    most: int = 1


def tile_count(data: Dataset, spec: FrameInput) -> TileCount:
    """Count the tiles of pictures by their headers; 1 where frames are whole pictures."""
    if not spec.tiled or not len(data):
        return TileCount()
    some = np.unique(np.linspace(0, len(data) - 1, min(LOOKED_AT, len(data))).astype(np.int64))
    extents = [spec.extent(data.items.read(int(i)), data.items.name(int(i))) for i in some]
    counts = [len(spec.tiles(extent)) for extent in extents]
    return TileCount(round(float(np.median(counts))), min(MOST, max(counts)))


def merges(task: DenseTask | type[DenseTask]) -> bool:
    """Whether a task says how predictions of parts become one of the whole."""
    kind = task if isinstance(task, type) else type(task)
    return kind.merged is not DenseTask.merged


def refuse_tiles(task: DenseTask) -> None:
    """For a task that does not merge.

    Raises:
        ConfigError: always, for such a task.
    """
    if not merges(task):
        raise ConfigError(Said("dense.no_tiles", task=task.id))


def predictions_over_tiles(
    network: DenseNetwork, task: DenseTask, data: Dataset, spec: FrameInput
) -> Iterator[Prediction]:
    """Predictions of pictures one by one, each in the coordinates of its own picture.

    Args:
        network: trained, from pixels.
        task: what is predicted; it merges.
        data: the pictures.
        spec: the backbone's input, whose frames are tiles.
    """
    network.eval()
    for i in range(len(data)):
        yield task.merged(*_parts(network, data, i, spec))


def _parts(
    network: DenseNetwork, data: Dataset, index: int, spec: FrameInput
) -> tuple[Iterator[tuple[Prediction, Tile]], tuple[int, int]]:
    """What is predicted of the tiles of a picture, row by row, when it is asked for; and the picture's size."""
    opened = spec.open(data.items.read(index), data.items.name(index))
    extent = opened.size
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    boxes = spec.tiles(extent)

    def parts() -> Iterator[tuple[Prediction, Tile]]:
        for start in range(0, len(boxes), TOGETHER):
            some = boxes[start : start + TOGETHER]
            rows = np.stack([spec.tile_row(opened, box) for box in some])
            with torch.inference_mode():
                outputs = network(as_input(rows, device)).float().cpu()
                found = network.head.decode(outputs, network.size)
            for one, box in zip(found, some, strict=True):
                left, top, right, bottom = (round(side) for side in box)
                yield one, Tile(left, top, right, bottom, extent)

    return parts(), extent
