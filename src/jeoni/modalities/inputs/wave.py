"""The waveform itself, as many samples as there are (wav2vec 2.0, HuBERT and others take it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from jeoni.modalities.audio.audio_input import SILENCE, AudioInput
from jeoni.modalities.audio.recordings import AudioClip
from jeoni.modalities.audio.spectrograms import mask_spectrogram
from jeoni.modalities.bounds import AudioFields, Fields
from jeoni.types import Array

if TYPE_CHECKING:
    from torch import nn

__all__ = ["WaveInput"]


class _Bounds(AudioFields):
    chunk: int = Field(default=8, ge=1, le=1024)
    least: int = Field(default=0, ge=0, le=1 << 20)


@dataclass(frozen=True)
class WaveInput(AudioInput):
    """The wave itself, as many samples as there are.

    Attributes:
        chunk: examples that go through the frozen stages together; 1 for networks whose output padding would change.
        least: samples that the network needs; shorter audio is padded with silence.
    """

    kind: ClassVar[str] = "wave"
    bounds: ClassVar[type[Fields]] = _Bounds
    ragged: ClassVar[bool] = True

    chunk: int = 8
    least: int = 0

    @property
    def longest(self) -> int:
        """Samples."""
        return max(self.least, round(self.rate * self.seconds))

    def row(self, opened: AudioClip) -> Array:
        """``(t,)`` int16."""
        return self._filled(opened.samples)

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """A second of noise; the last row is padded."""
        rows = np.random.default_rng(seed).integers(-9000, 9000, (n, self.rate), dtype=np.int16)
        if n > 1:
            rows[-1, self.rate * 2 // 3 :] = SILENCE
        return rows

    def entry(self, module: nn.Module) -> nn.Module:
        """Scales to -1 … 1."""
        from jeoni.modalities.entries import ScaledSamples  # torch: only where something is computed

        return ScaledSamples(module, alone=self.chunk == 1)

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """Stripes of time: a wave has no other."""
        return self._filled(mask_spectrogram(samples[None], rng, frequency=0.0, times=stripes)[0])

    def _filled(self, samples: Array) -> Array:
        kept = self.cut(samples)
        filled = np.pad(kept, (0, max(0, self.least - len(kept))))
        found: Array = np.rint(np.clip(filled, -1, 1) * 32_767).astype(np.int16)
        return found
