"""Images as a square of pixels; normalisation is part of the network."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from PIL import Image
from pydantic import Field, model_validator

from jeoni.modalities.bounds import Deviation, Fields, Side
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.image.augment import augment, find_policy, view_geometry
from jeoni.modalities.image.depth import compared_as, window_of
from jeoni.modalities.image.images import image_size, open_image, resized, signature
from jeoni.modalities.inputs import Input
from jeoni.types import Array, Dataset

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ImageInput"]


class _Bounds(Fields):
    size: Side
    mean: list[float] = Field(min_length=3, max_length=3)
    std: list[Deviation] = Field(min_length=3, max_length=3)
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bicubic"
    crop: Literal["squash", "center"] = "squash"
    crop_pct: float = Field(default=1.0, gt=0, le=2)
    window: list[float] | None = Field(default=None, min_length=2, max_length=2)
    own_window: bool = True

    @model_validator(mode="after")
    def _window_has_a_width(self) -> Self:
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError("window must be two numbers, the lower one first")
        return self

    @model_validator(mode="after")
    def _crop_lies_inside(self) -> Self:
        if self.crop == "center" and self.crop_pct > 1:
            raise ValueError("crop_pct must be at most 1 for a central crop")
        return self


@dataclass(frozen=True)
class ImageInput(Input):
    """Pixels that a backbone expects.

    Attributes:
        size: side of the square input, pixels.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        interpolation: ``bicubic``, ``bilinear``, ``lanczos`` or ``nearest``.
        crop: ``squash``: the whole image becomes the square; ``center``: its middle, aspect kept.
        crop_pct: with ``center``, the share of the shorter side that is kept.
        window: of images of more than 8 bits, the values that become black and white; None: the full range of their
            type. It is chosen from the training data, see :func:`jeoni.modalities.image.depth.window_of`.
        own_window: a DICOM file's own window goes before ``window``; False where a user has given one for all.
    """

    kind: ClassVar[str] = "image"
    modality: ClassVar[str] = "image"
    bounds: ClassVar[type[Fields]] = _Bounds
    varied: ClassVar[bool] = True
    decodes: ClassVar[bool] = True
    near: ClassVar[float] = 0.999
    rows: ClassVar[str] = "pixels"

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    crop: str = "squash"
    crop_pct: float = 1.0
    window: tuple[float, float] | None = None
    own_window: bool = True

    @property
    def alike(self) -> str:
        """Images are compared as they are opened."""
        return compared_as(self.window, self.own_window)

    @property
    def opening(self) -> Hashable:
        """Images of which the same values become black and white are opened alike."""
        return ("image", self.window, self.own_window)

    def fitted(self, data: Dataset, seconds: float | None = None) -> Self:
        """With the window of values that deep images among the data have."""
        window = window_of(data.items) if self.own_window else None
        return replace(self, window=window) if window else self

    def at_least(self, policy: str = "") -> int:
        """The shorter side below which an image must not be decoded, pixels."""
        share = find_policy(policy).area if policy else self.crop_pct**2
        return int(self.size / share**0.5 + 0.5)

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Image.Image:
        """See :func:`jeoni.modalities.image.images.open_image`."""
        return open_image(raw, name, at_least, self.window, self.own_window)

    def row(self, opened: Image.Image) -> Array:
        """``(size, size, 3)`` uint8."""
        return resized(opened, self.size, self.interpolation, self._box(opened.size))

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Noise."""
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (n, self.size, self.size, 3), dtype=np.uint8)

    def entry(self, module: nn.Module) -> nn.Module:
        """Normalises."""
        from jeoni.modalities.entries import NormalizedPixels  # torch: only where something is computed

        return NormalizedPixels(module, self.mean, self.std)

    def view(self, opened: Image.Image, policy: str, digest: bytes, number: int) -> tuple[Array, Geometry]:
        """See :func:`jeoni.modalities.image.augment.augment`."""
        return augment(opened, self.size, self.interpolation, find_policy(policy), digest, number)

    def extent(self, raw: bytes | Array, name: str) -> tuple[float, float]:
        """Pixels of the image when it is upright; only its header is read."""
        return image_size(raw, name)

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

    def policy(self, name: str) -> dict[str, Any]:
        """The fields of :class:`jeoni.modalities.image.augment.Policy`."""
        return asdict(find_policy(name))

    def picture(self, opened: Image.Image) -> Image.Image:
        """The image itself."""
        return opened

    def framed(self, opened: Image.Image) -> Image.Image:
        """The image, or what is left of it where a crop is asked for."""
        return Image.fromarray(self.row(opened)) if self.crop == "center" else opened

    def signature(self, opened: Image.Image) -> Array:
        """See :func:`jeoni.modalities.image.images.signature`."""
        return signature(opened)

    def describe(self) -> dict[str, Any]:
        """The fields; what is as it always was is not named, so that keys of what was cached before still hold."""
        usual = {"window": None, "own_window": True}
        return {name: value for name, value in asdict(self).items() if name not in usual or value != usual[name]}
