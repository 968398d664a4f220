"""Log-mel spectrograms as the pictures that an image backbone expects: from images to audio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from jeoni.modalities.audio.audio_input import AudioInput, typical_format
from jeoni.modalities.audio.recordings import AudioClip
from jeoni.modalities.audio.spectrograms import mask_spectrogram, spectrogram_image
from jeoni.modalities.bounds import AudioFields, Deviation, Fields, Side
from jeoni.modalities.image.images import RESAMPLING
from jeoni.modalities.inputs.image import ImageInput
from jeoni.types import Array, Items

if TYPE_CHECKING:
    from torch import nn

__all__ = ["SpectrogramInput"]

USUAL_S = 10.0


class _Bounds(AudioFields):
    size: Side
    mean: list[float] = Field(min_length=3, max_length=3)
    std: list[Deviation] = Field(min_length=3, max_length=3)
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    bands: int = Field(default=128, ge=1, le=512)
    centred: bool = True


@dataclass(frozen=True)
class SpectrogramInput(AudioInput):
    """A log-mel spectrogram as the picture that an image backbone expects: from images to audio.

    Attributes:
        size: side of the picture, pixels.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        interpolation: how the spectrogram is brought to its size.
        bands: of the mel scale.
        centred: whether a constant offset is taken out first, as cheap recorders add one; older models did not.
    """

    kind: ClassVar[str] = "spectrogram"
    bounds: ClassVar[type[Fields]] = _Bounds
    rows: ClassVar[str] = "pixels"

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bilinear"
    bands: int = 128
    centred: bool = True

    def row(self, opened: AudioClip) -> Array:
        """``(size, size, 3)`` uint8: time to the right, low tones at the bottom."""
        return self._drawn(opened.samples)

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Noise."""
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (n, self.size, self.size, 3), dtype=np.uint8)

    def entry(self, module: nn.Module) -> nn.Module:
        """Normalises, as for images."""
        from jeoni.modalities.entries import NormalizedPixels  # torch: only where something is computed

        return NormalizedPixels(module, self.mean, self.std)

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """Stripes of the spectrogram itself, not of its padding."""
        drawn = self._drawn(samples)
        used = max(1, min(self.size, round(self.size * len(samples) / (self.rate * self.seconds))))
        drawn[:, :used] = mask_spectrogram(drawn[:, :used], rng, times=stripes)
        return drawn

    def _drawn(self, samples: Array) -> Array:
        small = spectrogram_image(samples, self.rate, self.seconds, self.bands, self.centred)
        return np.array(small.resize((self.size, self.size), RESAMPLING[self.interpolation]).convert("RGB"))

    @classmethod
    def restore(cls, described: dict[str, Any], folder: Path) -> Self:
        """As every input; models that were saved before ``centred`` was there took no offset out."""
        older: dict[str, Any] = {"centred": False}
        return super().restore(older | described, folder)

    @classmethod
    def like(cls, spec: ImageInput, items: Items, seconds: float | None = None) -> Self:
        """For a backbone that expects images: spectrograms of so many seconds, or of what most of the items have."""
        rate, usual = typical_format(items)
        return cls(rate, seconds or min(usual, USUAL_S), spec.size, spec.mean, spec.std)
