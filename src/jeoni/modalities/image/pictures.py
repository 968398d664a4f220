"""What inputs of images share: how a file is opened, normalised, compared and shown."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from PIL import Image
from pydantic import Field, model_validator

from jeoni.modalities.bounds import Deviation, Fields
from jeoni.modalities.image.augment import find_policy
from jeoni.modalities.image.depth import compared_as, window_of
from jeoni.modalities.image.images import image_size, open_image, signature
from jeoni.modalities.protocol import Input
from jeoni.types import Array, Dataset

if TYPE_CHECKING:
    from torch import nn

__all__ = ["PictureBounds", "PictureInput"]


class PictureBounds(Fields):
    """The values that a saved model may state of any of them."""

    mean: list[float] = Field(min_length=3, max_length=3)
    std: list[Deviation] = Field(min_length=3, max_length=3)
    window: list[float] | None = Field(default=None, min_length=2, max_length=2)
    own_window: bool = True

    @model_validator(mode="after")
    def _window_has_a_width(self) -> Self:
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError("window must be two numbers, the lower one first")
        return self


class PictureInput(Input):
    """An input whose examples are images; a frozen dataclass with these fields.

    Attributes:
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        window: of images of more than 8 bits, the values that become black and white; None: the full range of their
            type. It is chosen from the training data, see :func:`jeoni.modalities.image.depth.window_of`.
        own_window: a DICOM file's own window goes before ``window``; False where a user has given one for all.
        usual: fields that are not named in keys of the cache where they have this value, as before there were such.
    """

    modality: ClassVar[str] = "image"
    varied: ClassVar[bool] = True
    decodes: ClassVar[bool] = True
    near: ClassVar[float] = 0.999
    usual: ClassVar[dict[str, Any]] = {"window": None, "own_window": True}

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    window: tuple[float, float] | None
    own_window: bool

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
        return replace(self, window=window) if window else self  # type: ignore[type-var]  # the classes are dataclasses

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Image.Image:
        """See :func:`jeoni.modalities.image.images.open_image`."""
        return open_image(raw, name, at_least, self.window, self.own_window)

    def entry(self, module: nn.Module) -> nn.Module:
        """Normalises."""
        from jeoni.modalities.entries import NormalizedPixels  # torch: only where something is computed

        return NormalizedPixels(module, self.mean, self.std)

    def extent(self, raw: bytes | Array, name: str) -> tuple[float, float]:
        """Pixels of the image when it is upright; only its header is read."""
        return image_size(raw, name)

    def policy(self, name: str) -> dict[str, Any]:
        """The fields of :class:`jeoni.modalities.image.augment.Policy`."""
        return asdict(find_policy(name))

    def picture(self, opened: Image.Image) -> Image.Image:
        """The image itself."""
        return opened

    def signature(self, opened: Image.Image) -> Array:
        """See :func:`jeoni.modalities.image.images.signature`."""
        return signature(opened)

    def describe(self) -> dict[str, Any]:
        """The fields; what is as it always was is not named, so that keys of what was cached before still hold."""
        found = asdict(self)  # type: ignore[call-overload]  # as above
        return {name: value for name, value in found.items() if name not in self.usual or value != self.usual[name]}
