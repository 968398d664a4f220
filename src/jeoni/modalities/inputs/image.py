"""Images as a square of pixels; normalisation is part of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
from PIL import Image
from pydantic import Field, model_validator

from jeoni.modalities.bounds import Fields, Side
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.image.augment import augment, find_policy, view_geometry
from jeoni.modalities.image.images import resized
from jeoni.modalities.image.pictures import PictureBounds, PictureInput
from jeoni.types import Array

__all__ = ["ImageInput"]


class _Bounds(PictureBounds):
    size: Side
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bicubic"
    crop: Literal["squash", "center"] = "squash"
    crop_pct: float = Field(default=1.0, gt=0, le=2)

    @model_validator(mode="after")
    def _crop_lies_inside(self) -> Self:
        if self.crop == "center" and self.crop_pct > 1:
            raise ValueError("crop_pct must be at most 1 for a central crop")
        return self


@dataclass(frozen=True)
class ImageInput(PictureInput):
    """Pixels that a backbone expects.

    Attributes:
        size: side of the square input, pixels.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        interpolation: ``bicubic``, ``bilinear``, ``lanczos`` or ``nearest``.
        crop: ``squash``: the whole image becomes the square; ``center``: its middle, aspect kept.
        crop_pct: with ``center``, the share of the shorter side that is kept.
        window: see :class:`jeoni.modalities.image.pictures.PictureInput`.
        own_window: see there.
    """

    kind: ClassVar[str] = "image"
    bounds: ClassVar[type[Fields]] = _Bounds
    rows: ClassVar[str] = "pixels"

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    crop: str = "squash"
    crop_pct: float = 1.0
    window: tuple[float, float] | None = None
    own_window: bool = True

    def at_least(self, policy: str = "") -> int:
        """The shorter side below which an image must not be decoded, pixels."""
        share = find_policy(policy).area if policy else self.crop_pct**2
        return int(self.size / share**0.5 + 0.5)

    def row(self, opened: Image.Image) -> Array:
        """``(size, size, 3)`` uint8."""
        return resized(opened, self.size, self.interpolation, self._box(opened.size))

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Noise."""
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (n, self.size, self.size, 3), dtype=np.uint8)

    def view(self, opened: Image.Image, policy: str, digest: bytes, number: int) -> tuple[Array, Geometry]:
        """See :func:`jeoni.modalities.image.augment.augment`."""
        return augment(opened, self.size, self.interpolation, find_policy(policy), digest, number)

    def geometry(self, extent: tuple[float, float], policy: str = "", digest: bytes = b"", number: int = 0) -> Geometry:
        """See :class:`Input`."""
        if number:
            return view_geometry(extent, self.size, find_policy(policy), digest, number)
        left, top, right, bottom = self._box(extent) or (0.0, 0.0, *extent)
        matrix = np.diag([self.size / (right - left), self.size / (bottom - top), 1.0])
        matrix[:2, 2] = -left * matrix[0, 0], -top * matrix[1, 1]
        return Geometry(matrix, (self.size, self.size))

    def _box(self, extent: tuple[float, float]) -> tuple[float, float, float, float] | None:
        """The part that becomes the square; None where that is the whole image."""
        if self.crop != "center":
            return None
        side = min(extent) * self.crop_pct
        left, top = (extent[0] - side) / 2, (extent[1] - side) / 2
        return left, top, left + side, top + side

    def framed(self, opened: Image.Image) -> Image.Image:
        """The image, or what is left of it where a crop is asked for."""
        return Image.fromarray(self.row(opened)) if self.crop == "center" else opened
