"""Spectra as an audio encoder of transformers expects them (Whisper, AST, CLAP): made by its own extractor."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from jeoni.errors import WeightsError
from jeoni.files.beside import read_saved
from jeoni.modalities.audio.audio_input import AudioInput
from jeoni.modalities.audio.recordings import AudioClip
from jeoni.modalities.audio.spectrograms import mask_spectrogram
from jeoni.modalities.bounds import AudioFields, Digest, Fields
from jeoni.types import Array

__all__ = ["SpectrumInput"]

EXTRACTOR = "preprocessor_config.json"
EXTRACTORS = ("WhisperFeatureExtractor", "ASTFeatureExtractor", "ClapFeatureExtractor")
# what a spectrum's size follows from, far above what these have
MOST = {
    "sampling_rate": 400_000,
    "feature_size": 1024,
    "num_mel_bins": 1024,
    "n_fft": 1 << 14,
    "hop_length": 1 << 14,
    "chunk_length": 120,
    "max_length": 12_000,
    "max_length_s": 120,
    "fft_window_size": 1 << 14,
}


class _Bounds(AudioFields):
    digest: Digest
    frames: int = Field(ge=1, le=1 << 20)
    bands: int = Field(ge=1, le=4096)


@dataclass(frozen=True)
class SpectrumInput(AudioInput):
    """Spectra that such an encoder expects.

    Attributes:
        extractor: of transformers; see :meth:`make`.
        digest: SHA-256 of its configuration.
        frames: of a spectrum, in time.
        bands: of a spectrum, in frequency.
    """

    kind: ClassVar[str] = "spectrum"
    bounds: ClassVar[type[Fields]] = _Bounds
    decodes: ClassVar[bool] = False  # to start a worker it would load transformers
    bounded: ClassVar[bool] = True
    chunk: ClassVar[int] = 4

    extractor: Any = field(repr=False, compare=False)
    digest: str
    frames: int
    bands: int

    @classmethod
    def make(cls, extractor: Any, seconds: float) -> SpectrumInput:
        """Around an extractor of transformers; samples are cut or padded to ``seconds``."""
        digest = hashlib.sha256(_described(extractor)).hexdigest()
        rate = int(extractor.sampling_rate)
        shape = _spectrum(extractor, np.zeros(rate, dtype=np.float32), rate).shape
        return cls(rate, seconds, extractor, digest, *shape)

    def row(self, opened: AudioClip) -> Array:
        """``(frames, bands)`` float32."""
        return _spectrum(self.extractor, self.cut(opened.samples), self.rate)

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Normally distributed."""
        return np.random.default_rng(seed).standard_normal((n, self.frames, self.bands), dtype=np.float32)

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """Stripes of the spectrum itself, not of its padding."""
        found = _spectrum(self.extractor, self.cut(samples), self.rate)
        hop = getattr(self.extractor, "hop_length", self.rate // 100)  # AST's, as Kaldi's, is 10 ms
        used = max(1, min(self.frames, len(self.cut(samples)) // hop))
        found[:used] = mask_spectrogram(found[:used].T, rng, times=stripes).T
        return found

    def describe(self) -> dict[str, Any]:
        """All fields but the extractor itself."""
        names = ("rate", "seconds", "digest", "frames", "bands")
        return {name: getattr(self, name) for name in names}

    def files(self) -> dict[str, bytes]:
        """The extractor's configuration."""
        return {EXTRACTOR: _described(self.extractor)}

    @classmethod
    def restore(cls, described: dict[str, Any], folder: Path) -> SpectrumInput:
        """From what :meth:`describe` gave, and the extractor in a folder.

        Raises:
            WeightsError: the extractor is not the one that was saved, or makes other spectra than were described.
        """
        path = folder / EXTRACTOR
        content = read_saved(path, described["digest"])
        try:
            made = cls.make(_extractor(json.loads(content)), described["seconds"])
        except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError) as error:
            raise WeightsError(f"{path} describes no extractor of spectra ({error}).") from error
        if any(getattr(made, name) != described[name] for name in ("rate", "frames", "bands")):
            raise WeightsError(f"{path} makes other spectra than config.json describes. Copy the folder anew.")
        return made


def _extractor(described: dict[str, Any]) -> Any:
    """The extractor of transformers, of a kind that is known here; nothing but its own file is read.

    Raises:
        ValueError: another kind, or a number with which a spectrum would take too much memory.
    """
    from jeoni.libraries import import_transformers  # torch: only where such an input is loaded

    kind = described.get("feature_extractor_type")
    if kind not in EXTRACTORS:
        raise ValueError(f"feature_extractor_type is {kind!r}; it can be {' or '.join(EXTRACTORS)}")
    for name, most in MOST.items():
        value = described.get(name, 1)
        if not isinstance(value, (int, float)) or not 0 < value <= most:
            raise ValueError(f"{name} must lie between 1 and {most:,}")
    return getattr(import_transformers(), kind).from_dict(described)


def _described(extractor: Any) -> bytes:
    return json.dumps(extractor.to_dict(), sort_keys=True, default=str).encode()


def _spectrum(extractor: Any, samples: Array, rate: int) -> Array:
    filled = np.pad(samples, (0, max(0, rate // 10 - len(samples))))  # an extractor wants a whole window
    found = extractor(filled, sampling_rate=rate, return_tensors="np")
    values = np.asarray(found["input_features" if "input_features" in found else "input_values"][0], dtype=np.float32)
    if values.ndim == 3:  # of CLAP: views, of which a recording that is not too long has one, or four that are alike
        return np.ascontiguousarray(values[0])
    return np.ascontiguousarray(values.T if "input_features" in found else values)
