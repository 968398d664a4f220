"""Whole images at a size of their own, nothing cut off: for what asks where in a picture something is.

An image keeps its proportions; what is left of the frame is filled with the colour that normalises to zero.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from PIL import Image
from pydantic import Field, model_validator

from jeoni.modalities.bounds import Deviation, Fields, Side
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.image.augment import Place, draw_place, find_policy, recoloured, turned, turning
from jeoni.modalities.image.depth import compared_as, window_of
from jeoni.modalities.image.images import RESAMPLING, image_size, open_image, signature
from jeoni.modalities.inputs import Input
from jeoni.types import Array, Dataset

if TYPE_CHECKING:
    from torch import nn

__all__ = ["FrameInput"]


class _Bounds(Fields):
    width: Side
    height: Side
    mean: list[float] = Field(min_length=3, max_length=3)
    std: list[Deviation] = Field(min_length=3, max_length=3)
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bicubic"
    window: list[float] | None = Field(default=None, min_length=2, max_length=2)
    own_window: bool = True

    @model_validator(mode="after")
    def _window_has_a_width(self) -> Self:
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError("window must be two numbers, the lower one first")
        return self


@dataclass(frozen=True)
class FrameInput(Input):
    """Pixels of whole images.

    Attributes:
        width: of the frame, pixels.
        height: of the frame, pixels.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        interpolation: ``bicubic``, ``bilinear``, ``lanczos`` or ``nearest``.
        window: see :class:`jeoni.modalities.inputs.image.ImageInput`.
        own_window: see there.
    """

    kind: ClassVar[str] = "frame"
    modality: ClassVar[str] = "image"
    bounds: ClassVar[type[Fields]] = _Bounds
    varied: ClassVar[bool] = True
    decodes: ClassVar[bool] = True
    near: ClassVar[float] = 0.999
    rows: ClassVar[str] = "frames"
    chunk: ClassVar[int] = 2  # pictures at a time, each in all its views: at 480 pixels they take a gigabyte

    width: int
    height: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    window: tuple[float, float] | None = None
    own_window: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.width, self.height

    @property
    def alike(self) -> str:
        """Images are compared as they are opened, like those of an :class:`ImageInput`."""
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
        share = find_policy(policy).area if policy else 1.0
        return int(max(self.size) / share**0.5 + 0.5)

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Image.Image:
        """See :func:`jeoni.modalities.image.images.open_image`."""
        return open_image(raw, name, at_least, self.window, self.own_window)

    def row(self, opened: Image.Image) -> Array:
        """``(height, width, 3)`` uint8."""
        return self._framed(opened, _whole(opened.size))

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Noise."""
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (n, self.height, self.width, 3), dtype=np.uint8)

    def entry(self, module: nn.Module) -> nn.Module:
        """Normalises."""
        from jeoni.modalities.entries import NormalizedPixels  # torch: only where something is computed

        return NormalizedPixels(module, self.mean, self.std)

    def view(self, opened: Image.Image, policy: str, digest: bytes, number: int) -> tuple[Array, Geometry]:
        """A random part of the image that fills the frame as far as its proportions allow; colours may change."""
        allowed = find_policy(policy)
        place, rng = draw_place(opened.size, allowed, digest, number)
        place = self._spread(place, opened.size)
        pixels = self._framed(recoloured(turned(opened, place), allowed, rng), place)
        return pixels, self._geometry(place, opened.size)

    def extent(self, raw: bytes | Array, name: str) -> tuple[float, float]:
        """Pixels of the image when it is upright; only its header is read."""
        return image_size(raw, name)

    def geometry(self, extent: tuple[float, float], policy: str = "", digest: bytes = b"", number: int = 0) -> Geometry:
        """See :class:`Input`."""
        if not number:
            return self._geometry(_whole(extent), extent)
        place, _ = draw_place(extent, find_policy(policy), digest, number)
        return self._geometry(self._spread(place, extent), extent)

    def policy(self, name: str) -> dict[str, Any]:
        """The fields of :class:`jeoni.modalities.image.augment.Policy`."""
        return asdict(find_policy(name))

    def picture(self, opened: Image.Image) -> Image.Image:
        """The image itself."""
        return opened

    def framed(self, opened: Image.Image) -> Image.Image:
        """The frame with the image in it."""
        return Image.fromarray(self.row(opened))

    def signature(self, opened: Image.Image) -> Array:
        """See :func:`jeoni.modalities.image.images.signature`."""
        return signature(opened)

    def describe(self) -> dict[str, Any]:
        """The fields; what is as it always was is not named."""
        usual = {"window": None, "own_window": True}
        return {name: value for name, value in asdict(self).items() if name not in usual or value != usual[name]}

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

    def _fit(self, box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        """Left, top, width and height of the place in the frame, in whole pixels, that a part of an image fills."""
        wide, high = box[2] - box[0], box[3] - box[1]
        scale = min(self.width / wide, self.height / high)
        width, height = max(1, round(wide * scale)), max(1, round(high * scale))
        return (self.width - width) // 2, (self.height - height) // 2, width, height

    def _framed(self, image: Image.Image, place: Place) -> Array:
        left, top, width, height = self._fit(place.box)
        part = image.resize((width, height), RESAMPLING[self.interpolation], box=place.box, reducing_gap=2.0)
        if place.flipped:
            part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        part = part if part.mode == "RGB" else part.convert("RGB")
        frame = np.empty((self.height, self.width, 3), dtype=np.uint8)
        frame[:] = np.rint(255 * np.array(self.mean)).astype(np.uint8)
        frame[top : top + height, left : left + width] = np.asarray(part)
        return frame

    def _geometry(self, place: Place, extent: tuple[float, float]) -> Geometry:
        """Turned about the middle, then cut out and scaled, perhaps flipped, then put in its place in the frame."""
        left, top, width, height = self._fit(place.box)
        box = place.box
        across, down = width / (box[2] - box[0]), height / (box[3] - box[1])
        cut = np.array([[across, 0, -box[0] * across], [0, down, -box[1] * down], [0, 0, 1]])
        flip = np.array([[-1.0, 0, width], [0, 1, 0], [0, 0, 1]]) if place.flipped else np.eye(3)
        put = np.array([[1.0, 0, left], [0, 1, top], [0, 0, 1]])
        return Geometry(put @ flip @ cut @ turning(place.degrees, extent), self.size)


def _whole(extent: tuple[float, float]) -> Place:
    return Place(0.0, (0.0, 0.0, *extent), False)
