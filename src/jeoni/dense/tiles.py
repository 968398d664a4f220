"""Large pictures part by part, at their own resolution: how many parts there are, and which tasks can merge them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.dense.protocol import DenseTask
from jeoni.errors import ConfigError
from jeoni.locale import Said
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.types import Dataset

__all__ = ["TileCount", "merges", "refuse_tiles", "tile_count"]

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
