"""Mel frames of half-overlapping windows, as the GE2E speaker encoder expects them (Wan et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.modalities.audio.audio_input import AudioInput
from jeoni.modalities.audio.recordings import AudioClip
from jeoni.modalities.audio.spectrograms import mask_spectrogram, mel_filters
from jeoni.modalities.bounds import AudioFields, Fields
from jeoni.types import Array

__all__ = ["VoiceInput"]

RATE, BANDS, WINDOW, HOP = 16_000, 40, 400, 160
FRAMES, STEP, COVERED = 160, 77, 0.75
QUIETEST_DB = -30.0


@dataclass(frozen=True)
class VoiceInput(AudioInput):
    """Mel frames of half-overlapping windows, one after the other, packed: ``(windows * 160, 41)`` float32."""

    kind: ClassVar[str] = "voice"
    bounds: ClassVar[type[Fields]] = AudioFields
    ragged: ClassVar[bool] = True

    @property
    def longest(self) -> int:
        """Frames in all windows of as much audio as is used."""
        return FRAMES * len(_windows(round(self.rate * self.seconds)))

    def row(self, opened: AudioClip) -> Array:
        """See the class."""
        return self._framed(*self._frames(opened.samples))

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Two windows; the last row has one."""
        rng = np.random.default_rng(seed)
        frames = rng.random((n, 2 * FRAMES, BANDS + 1), dtype=np.float32)
        frames[..., -1] = 1
        if n > 1:
            frames[-1, FRAMES:] = 0
        return frames

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """Stripes of its mel frames, before they are cut into windows."""
        mel, starts = self._frames(samples)
        return self._framed(mask_spectrogram(mel.T, rng, times=stripes).T, starts)

    def _frames(self, samples: Array) -> tuple[Array, list[int]]:
        """Mel frames, and where windows begin."""
        kept = _louder(self.cut(samples))
        starts = _windows(len(kept))
        return _mel(np.pad(kept, (0, max(0, (starts[-1] + FRAMES) * HOP - len(kept))))), starts

    def _framed(self, mel: Array, starts: list[int]) -> Array:
        frames = np.concatenate([mel[s : s + FRAMES] for s in starts])
        return np.concatenate([frames, np.ones((len(frames), 1), np.float32)], axis=1)


def _louder(samples: Array) -> Array:
    """Brought up to -30 dB of full scale; what is louder stays."""
    level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    change = 10 ** (QUIETEST_DB / 20) / max(level, 1e-8)
    return samples * np.float32(change) if change > 1 else samples


def _windows(samples: int) -> list[int]:
    """Where windows begin, frames; the last one only where it is covered well enough."""
    frames = -(-(samples + 1) // HOP)
    starts = list(range(0, max(1, frames - FRAMES + STEP + 1), STEP))
    covered = (samples - starts[-1] * HOP) / (FRAMES * HOP)
    return starts[:-1] if covered < COVERED and len(starts) > 1 else starts


def _mel(samples: Array) -> Array:
    """``(frames, 40)`` float32: power in mel bands, frames centred."""
    padded = np.pad(samples.astype(np.float32), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    taper = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * taper)) ** 2
    found: Array = (power @ mel_filters(RATE, WINDOW, BANDS, 0.0, RATE / 2)).astype(np.float32)
    return found
