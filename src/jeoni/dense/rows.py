"""Rows of several stages, end to end: what a head on feature maps is trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.maps import MapNetwork, StageMap
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.geometry import RowGeometry
from jeoni.modalities.geometry import Geometry
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.rows import CachedRows, LiveRows, Rows, plain_rows
from jeoni.types import Array, IntArray

__all__ = ["EndToEnd", "batches_of", "held_rows", "map_bytes", "rows_to_train"]

PIXELS = Tap(0, False)
HALF = 2  # bytes of a number in the store


class EndToEnd:
    """The rows of several taps of the same examples, flattened and put together.

    Args:
        parts: one for each tap; all turn through their views alike.
    """

    def __init__(self, parts: Sequence[CachedRows]) -> None:
        self._parts = tuple(parts)

    def __len__(self) -> int:
        return len(self._parts[0])

    @property
    def lengths(self) -> IntArray | None:
        """All are alike."""
        return None

    @property
    def constant(self) -> bool:
        """See :class:`jeoni.training.rows.Rows`."""
        return self._parts[0].constant

    @property
    def nbytes(self) -> int:
        """Their size on the disk, in bytes."""
        return sum(part.nbytes for part in self._parts)

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """``(b, numbers)`` float16."""
        return np.concatenate([part.batch(index, epoch).reshape(len(index), -1) for part in self._parts], axis=1)

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """See :class:`jeoni.training.rows.Rows`."""
        return self._parts[0].geometries(index, epoch)


def map_bytes(maps: Sequence[StageMap]) -> int:
    """What one view of one picture takes in the store."""
    return HALF * sum(m.numbers for m in maps)


def rows_to_train(
    examples: Examples, backbone: Backbone, network: MapNetwork, recipe: ResolvedRecipe, context: Context
) -> tuple[Rows, dict[str, object]]:
    """Random views of the examples, or the tiles of their grid, and what the run's record says of them.

    Maps below the cut are computed once for each view and read from the store; where rows are pixels, they are decoded
    in every epoch, each time in another view.

    Args:
        examples: which.
        backbone: the network in whose store they are.
        network: what takes the rows.
        recipe: how many views, and under which policy.
        context: where to compute.
    """
    said: dict[str, object] = {"policy": recipe.augment, "row_bytes": map_bytes(network.kept)}
    if not network.kept:
        live = LiveRows(examples, backbone, PIXELS, recipe.augment, context)
        return live, {**said, "cached": False, "views": 0, "bytes": 0}
    if not recipe.views:
        rows = _plain(examples, backbone, network, context)
        return rows, {**said, "policy": "none", "cached": True, "views": 0, "bytes": rows.nbytes}
    taps = tuple(m.tap for m in network.kept)
    numbers = tuple(range(1, recipe.views + 1))
    seen = context.extract(examples.data.items, [Request(backbone, taps, numbers, recipe.augment)])
    geometry = RowGeometry(examples.data.items, backbone.input, recipe.augment)
    parts = [
        CachedRows(*(seen.features(backbone, tap, view=v) for v in numbers), numbers=numbers, geometry=geometry)
        for tap in taps
    ]
    views = EndToEnd(parts)
    return views, {**said, "cached": True, "views": recipe.views, "bytes": views.nbytes}


def held_rows(examples: Examples, backbone: Backbone, network: MapNetwork, context: Context) -> Rows:
    """The examples as they are."""
    if not network.kept:
        return plain_rows(examples, backbone, PIXELS, context)
    return _plain(examples, backbone, network, context)


def _plain(examples: Examples, backbone: Backbone, network: MapNetwork, context: Context) -> EndToEnd:
    taps = tuple(m.tap for m in network.kept)
    if any(not examples.seen.holds(backbone, tap) for tap in taps):
        seen = context.extract(examples.data.items, [Request(backbone, taps)])
        index: IntArray | None = None
    else:
        seen, index = examples.seen, examples.index
    geometry = RowGeometry(examples.data.items, backbone.input)
    return EndToEnd([CachedRows(seen.features(backbone, tap, index), geometry=geometry) for tap in taps])


def batches_of(rows: Rows, size: int, epoch: int = 0) -> Iterator[tuple[IntArray, Array]]:
    """All rows in order, a batch at a time, with their numbers, as they look in an epoch."""
    for start in range(0, len(rows), size):
        index = np.arange(start, min(start + size, len(rows)))
        yield index, rows.batch(index, np.full_like(index, epoch))
