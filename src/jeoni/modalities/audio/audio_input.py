"""The part that all inputs of audio share: opening, random views, remarks, and how a report shows and plays it."""

from __future__ import annotations

import io
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
from PIL import Image

from jeoni.errors import ConfigError, DataError, did_you_mean
from jeoni.modalities.audio.recordings import AudioClip, facts, open_audio, resampled
from jeoni.modalities.audio.spectrograms import audio_signature, augment_audio, spectrogram_image
from jeoni.modalities.inputs import Input
from jeoni.types import Array, Dataset, Items

__all__ = ["SILENCE", "AudioInput", "typical_format"]

MOST_S = 60.0
GLANCE_S = 0.1
QUIETEST_HZ, FINEST_HZ = 8000, 32_000
SAMPLE = 100
MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
SILENCE = -(1 << 15)  # pads short waveforms: no sample has this value


@dataclass(frozen=True)
class AudioPolicy:
    """Random changes of audio that are allowed.

    Attributes:
        shift: seconds it may be moved, either way.
        noise_db: signal-to-noise ratios that noise is added at, from and to.
        gain_db: the largest change of its volume, either way.
        stripes: of time, and where the input knows frequencies of these too, that are taken out (SpecAugment).
    """

    shift: float
    noise_db: tuple[float, float]
    gain_db: float
    stripes: int = 0


POLICIES = {
    "none": AudioPolicy(0.0, (80, 80), 0.0),
    "light": AudioPolicy(0.1, (20, 45), 6.0),
    "strong": AudioPolicy(0.25, (10, 40), 10.0, stripes=2),
    "medical": AudioPolicy(0.1, (25, 45), 3.0),
}


def find_audio_policy(name: str) -> AudioPolicy:
    """The policy of that name.

    Raises:
        ConfigError: there is none; the message lists them.
    """
    if name not in POLICIES:
        raise ConfigError(f"augment is {name!r}; it can be {', '.join(POLICIES)}.{did_you_mean(name, list(POLICIES))}")
    return POLICIES[name]


@dataclass(frozen=True)
class AudioInput(Input):
    """The part that all inputs of audio have in common.

    Attributes:
        rate: samples in a second that are looked at, Hz.
        seconds: of an example that are used; its middle where it is longer.
        part: which part that is; in the key of what is kept.
        bounded: whether the backbone takes no more than these.
    """

    modality: ClassVar[str] = "audio"
    varied: ClassVar[bool] = True
    decodes: ClassVar[bool] = True
    bounded: ClassVar[bool] = False
    # of spoken digits, 0.993 would take every copy and no distinct pair; but two takes of one machine are that alike
    near: ClassVar[float] = 0.998
    remarkable: ClassVar[tuple[str, ...]] = ("silent", "clipped", "incomplete", "shortened", "high")

    rate: int
    seconds: float
    part: str = field(default="middle", kw_only=True)

    @property
    def alike(self) -> str:
        """Examples are compared by the part that is used."""
        return f"log-mel 32 x 32 of {self.seconds:g} s"

    @property
    def opening(self) -> Hashable:
        """Audio at one rate, of which as much is used, is opened alike."""
        return ("audio", self.rate, self.seconds)

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> AudioClip:
        """The part that is used; see :func:`jeoni.modalities.audio.recordings.open_audio`."""
        return open_audio(raw, name, self.rate, self.seconds)

    def fitted(self, data: Dataset, seconds: float | None = None) -> Self:
        """With as much of each example as is asked for; else as much as such audio has, but no more than is usual.

        Raises:
            ConfigError: more than the backbone takes.
        """
        if seconds and self.bounded and seconds > self.seconds:
            raise ConfigError(
                f"seconds is {seconds:g}; this backbone takes {self.seconds:g} s at most. "
                "Ask for less, or leave it out."
            )
        if seconds:
            return replace(self, seconds=seconds)
        return self if self.bounded else replace(self, seconds=min(self.seconds, typical_format(data.items)[1]))

    def cut(self, samples: Array) -> Array:
        """The middle: the network, the player and the spectrogram in the report all get the same."""
        most = round(self.rate * self.seconds)
        start = max(0, (len(samples) - most) // 2)
        return samples[start : start + most]

    def policy(self, name: str) -> dict[str, Any]:
        """The fields of :class:`AudioPolicy`."""
        return asdict(find_audio_policy(name))

    def remarks(self, opened: AudioClip) -> tuple[str, ...]:
        """``silent``, ``clipped``, ``incomplete``, ``shortened: which part is used`` and ``high: how much is lost``."""
        first = opened.start + max(0.0, len(opened.samples) / self.rate - self.seconds) / 2
        lost = opened.above
        part = f"seconds {_said(first)} to {_said(first + self.seconds)} are used"
        found = {
            "silent": opened.silent,
            "clipped": opened.clipped > 0.001,
            "incomplete": opened.truncated,
            f"shortened: it is {_said(opened.seconds)} s long; {part}": opened.seconds > self.seconds * 1.05,
            f"high: {lost:.0%} of its power lies above {self.rate / 2000:g} kHz": not opened.silent and lost > 0.5,
        }
        return tuple(remark for remark, holds in found.items() if holds)

    def picture(self, opened: AudioClip) -> Image.Image | None:
        """Its spectrogram, as wide as a second is high."""
        samples = self.cut(opened.samples)
        return spectrogram_image(samples, self.rate, max(0.25, len(samples) / self.rate)).resize((192, 128))

    def framed(self, opened: AudioClip) -> Image.Image | None:
        """Its spectrogram with the silence that pads it."""
        return spectrogram_image(self.cut(opened.samples), self.rate, self.seconds).resize((192, 128))

    def audio(self, opened: AudioClip) -> bytes:
        """The part of it that is used, as MP3; as FLAC where libsndfile is older than its MP3."""
        content = io.BytesIO()
        rate = next(known for known in MP3_RATES if known >= min(self.rate, MP3_RATES[-1]))
        played = resampled(self.cut(opened.samples), self.rate, rate, "it")
        soundfile = import_module("soundfile")
        soundfile.write(content, played, rate, format="MP3" if "MP3" in soundfile.available_formats() else "FLAC")
        return content.getvalue()

    def signature(self, opened: AudioClip) -> Array:
        """See :func:`jeoni.modalities.audio.spectrograms.audio_signature`."""
        return audio_signature(opened.samples, self.rate)

    def view(self, opened: AudioClip, policy: str, digest: bytes, number: int) -> tuple[Array, None]:
        """A view of the audio, with stripes taken out."""
        rng = np.random.default_rng([int.from_bytes(digest[:8], "little"), number])
        return self.striped(self._varied(opened, policy, rng), find_audio_policy(policy).stripes, rng), None

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """The row of such samples, with as many random stripes taken out."""
        raise NotImplementedError

    def _varied(self, opened: AudioClip, policy: str, rng: np.random.Generator) -> Array:
        how = find_audio_policy(policy)
        return augment_audio(
            opened.samples, self.rate, rng, shift=how.shift, noise_db=how.noise_db, gain_db=how.gain_db
        )


def typical_format(items: Items) -> tuple[int, float]:
    """A sampling rate that suits such audio, Hz, and how long all but a few are, seconds."""
    some = np.unique(np.linspace(0, len(items) - 1, min(SAMPLE, len(items))).astype(np.int64))
    rates, lengths = [], []
    for i in some.tolist():
        with suppress(DataError):
            raw = items.read(i)
            rate, seconds = facts(raw, items.name(i)) if isinstance(raw, bytes) else _facts_of(raw, items.name(i))
            rates.append(rate)
            lengths.append(min(seconds, MOST_S))
    lengths = [length for length in lengths if length > 0]
    if not lengths:
        return 16_000, 1.0
    rate = int(np.clip(np.median(rates), QUIETEST_HZ, FINEST_HZ))
    return rate, float(np.clip(np.ceil(10 * np.percentile(lengths, 95)) / 10, 0.3, MOST_S))


def _facts_of(samples: Array, name: str) -> tuple[int, float]:
    """Of what has no header."""
    clip = open_audio(samples, name, QUIETEST_HZ, GLANCE_S)
    return clip.rate, clip.seconds


def _said(seconds: float) -> str:
    """With a tenth where there is one."""
    return f"{seconds:,.1f}".removesuffix(".0")
