"""Whole images at a size of their own, nothing cut off: for what asks where in a picture something is.

An image keeps its proportions; what is left of the frame is filled with the colour that normalises to zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from PIL import Image

from jeoni.modalities.bounds import Fields, Side
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.image.augment import Place, draw_place, find_policy, recoloured, turned, view_matrix
from jeoni.modalities.image.images import RESAMPLING
from jeoni.modalities.image.pictures import PictureBounds, PictureInput
from jeoni.modalities.image.tiles import GRID, OVERLAP, draw_tile, grid_tile, middle_tile, tile_grid
from jeoni.types import Array

__all__ = ["FrameInput"]

WHOLE = 1 << 20  # pixels: no image has so many on a side, so that none is decoded smaller


class _Bounds(PictureBounds):
    width: Side
    height: Side
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bicubic"
    tiled: bool = False


@dataclass(frozen=True)
class FrameInput(PictureInput):
    """Pixels of whole images.

    Attributes:
        width: of the frame, pixels.
        height: of the frame, pixels.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        interpolation: ``bicubic``, ``bilinear``, ``lanczos`` or ``nearest``.
        window: see :class:`jeoni.modalities.image.pictures.PictureInput`.
        own_window: see there.
        tiled: the frame is a part of the image at the image's own resolution, not the whole of it: see
            :mod:`jeoni.modalities.image.tiles`.
    """

    kind: ClassVar[str] = "frame"
    bounds: ClassVar[type[Fields]] = _Bounds
    usual: ClassVar[dict[str, Any]] = {**PictureInput.usual, "tiled": False}
    rows: ClassVar[str] = "frames"
    chunk: ClassVar[int] = 2  # pictures at a time, each in all its views: at 480 pixels they take a gigabyte

    width: int
    height: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    window: tuple[float, float] | None = None
    own_window: bool = True
    tiled: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.width, self.height

    def at_least(self, policy: str = "") -> int:
        """The shorter side below which an image must not be decoded, pixels."""
        if self.tiled:
            return WHOLE
        share = find_policy(policy).area if policy else 1.0
        return int(max(self.size) / share**0.5 + 0.5)

    def row(self, opened: Image.Image) -> Array:
        """``(height, width, 3)`` uint8."""
        return self._framed(opened, self._plain(opened.size))

    def tiles(self, extent: tuple[float, float]) -> list[tuple[float, float, float, float]]:
        """Left, top, right and bottom of the parts of an image that a prediction goes over."""
        return tile_grid(extent, self.size)

    def tile_row(self, opened: Image.Image, box: tuple[float, float, float, float]) -> Array:
        """``(height, width, 3)`` uint8 of one of them; what it lacks to the frame's size is filled."""
        return self._framed(opened, Place(0.0, box, False, 1.0))

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Noise."""
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (n, self.height, self.width, 3), dtype=np.uint8)

    def view(self, opened: Image.Image, policy: str, digest: bytes, number: int) -> tuple[Array, Geometry]:
        """A random part of the image that fills the frame as far as its proportions allow; colours may change."""
        if policy == GRID:
            place = grid_tile(opened.size, self.size, number)
            return self._framed(opened, place), self._geometry(place, opened.size)
        allowed = find_policy(policy)
        place, rng = self._drawn(opened.size, policy, digest, number)
        pixels = self._framed(recoloured(turned(opened, place), allowed, rng), place)
        return pixels, self._geometry(place, opened.size)

    def geometry(self, extent: tuple[float, float], policy: str = "", digest: bytes = b"", number: int = 0) -> Geometry:
        """See :class:`Input`."""
        if not number:
            return self._geometry(self._plain(extent), extent)
        if policy == GRID:
            return self._geometry(grid_tile(extent, self.size, number), extent)
        return self._geometry(self._drawn(extent, policy, digest, number)[0], extent)

    def policy(self, name: str) -> dict[str, Any]:
        """The fields of :class:`jeoni.modalities.image.augment.Policy`."""
        return {"grid": OVERLAP} if name == GRID else super().policy(name)

    def framed(self, opened: Image.Image) -> Image.Image:
        """The frame with the image in it."""
        return Image.fromarray(self.row(opened))

    def _plain(self, extent: tuple[float, float]) -> Place:
        """The whole image, or its middle where a frame is a tile."""
        return middle_tile(extent, self.size) if self.tiled else _whole(extent)

    def _drawn(
        self, extent: tuple[float, float], policy: str, digest: bytes, number: int
    ) -> tuple[Place, np.random.Generator]:
        """A random part, and the generator for its colours."""
        if self.tiled:
            return draw_tile(extent, self.size, find_policy(policy), digest, number)
        place, rng = draw_place(extent, find_policy(policy), digest, number)
        return self._spread(place, extent), rng

    def _spread(self, place: Place, extent: tuple[float, float]) -> Place:
        """The part of an image, grown to the frame's proportions as far as there is image: what stays empty beside it
        would hide what lies there."""
        left, top, right, bottom = place.box
        wide, high = right - left, bottom - top
        across = max(0.0, high * self.width / self.height - wide) / 2
        down = max(0.0, wide * self.height / self.width - high) / 2
        box = (
            max(0.0, left - across),
            max(0.0, top - down),
            min(float(extent[0]), right + across),
            min(float(extent[1]), bottom + down),
        )
        return replace(place, box=box)

    def _fit(self, place: Place) -> tuple[int, int, int, int]:
        """Left, top, width and height of the place in the frame, in whole pixels, that a part of an image fills."""
        box = place.box
        wide, high = box[2] - box[0], box[3] - box[1]
        if place.scale is not None:
            width, height = (max(1, round(side * place.scale)) for side in (wide, high))
            return 0, 0, min(width, self.width), min(height, self.height)
        scale = min(self.width / wide, self.height / high)
        width, height = max(1, round(wide * scale)), max(1, round(high * scale))
        return (self.width - width) // 2, (self.height - height) // 2, width, height

    def _framed(self, image: Image.Image, place: Place) -> Array:
        left, top, width, height = self._fit(place)
        part = image.resize((width, height), RESAMPLING[self.interpolation], box=place.box, reducing_gap=2.0)
        if place.flipped:
            part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        part = part if part.mode == "RGB" else part.convert("RGB")
        frame = np.empty((self.height, self.width, 3), dtype=np.uint8)
        frame[:] = np.rint(255 * np.array(self.mean)).astype(np.uint8)
        frame[top : top + height, left : left + width] = np.asarray(part)
        return frame

    def _geometry(self, place: Place, extent: tuple[float, float]) -> Geometry:
        return Geometry(view_matrix(place, extent, self._fit(place)), self.size)


def _whole(extent: tuple[float, float]) -> Place:
    return Place(0.0, (0.0, 0.0, *extent), False)
