"""Where places in examples lie in their rows, for tasks whose targets are places: boxes, masks, keypoints."""

from __future__ import annotations

from jeoni.data.items import content_digest
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.inputs import Input
from jeoni.types import Items

__all__ = ["RowGeometry"]


class RowGeometry:
    """Geometries of examples' rows, from their headers and the numbers of their views: nothing is decoded.

    Args:
        items: the examples.
        spec: what makes rows of them.
        policy: of random views; empty where there are none.
    """

    def __init__(self, items: Items, spec: Input, policy: str = "") -> None:
        self._items, self._spec, self._policy = items, spec, policy
        self._known: dict[int, tuple[tuple[float, float] | None, bytes]] = {}

    def of(self, index: int, number: int) -> Geometry | None:
        """The geometry of an example's view of that number; 0 is its plain row. None where it has no extent.

        Raises:
            DataError: the example cannot be read.
        """
        if index not in self._known:
            raw = self._items.read(index)
            self._known[index] = self._spec.extent(raw, self._items.name(index)), content_digest(raw)
        extent, digest = self._known[index]
        return self._spec.geometry(extent, self._policy, digest, number) if extent else None
