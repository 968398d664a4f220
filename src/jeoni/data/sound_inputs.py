"""What backbones for sounds expect: a picture of the sound, for networks that learned to see, or the wave itself."""

from __future__ import annotations

import io
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from PIL import Image

from jeoni.data.images import RESAMPLING, ImageInput
from jeoni.data.sounds import Sound, facts, open_sound, resampled
from jeoni.data.spectrograms import augment_sound, mask_spectrogram, sound_signature, spectrogram_image
from jeoni.errors import ConfigError, DataError, did_you_mean
from jeoni.types import Array, Items

__all__ = ["SILENCE", "SoundInput", "SpectrogramInput", "WaveInput", "heard", "listening", "pictured"]

MOST_S = 60.0
USUAL_S = 10.0
GLANCE_S = 0.1
QUIETEST_HZ, FINEST_HZ = 8000, 32_000
SAMPLE = 100
MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
SILENCE = -(1 << 15)  # what fills up short waves: no sample has this value


@dataclass(frozen=True)
class SoundPolicy:
    """What may be done to a sound.

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
    "none": SoundPolicy(0.0, (80, 80), 0.0),
    "light": SoundPolicy(0.1, (20, 45), 6.0),
    "strong": SoundPolicy(0.25, (10, 40), 10.0, stripes=2),
    "medical": SoundPolicy(0.1, (25, 45), 3.0),
}


def find_sound_policy(name: str) -> SoundPolicy:
    """The policy of that name.

    Raises:
        ConfigError: there is none; the message lists them.
    """
    if name not in POLICIES:
        raise ConfigError(f"augment is {name!r}; it can be {', '.join(POLICIES)}.{did_you_mean(name, list(POLICIES))}")
    return POLICIES[name]


@dataclass(frozen=True)
class SoundInput:
    """What all inputs of sounds have in common.

    Attributes:
        rate: samples in a second that are looked at, Hz.
        seconds: of a sound that are heard; its middle where it is longer.
        part: which part that is; in the key of what is kept.
        bounded: whether the backbone takes no more than these.
    """

    modality: ClassVar[str] = "sound"
    varied: ClassVar[bool] = True
    bounded: ClassVar[bool] = False
    # of spoken digits, 0.993 would take every copy and no distinct pair; but two takes of one machine are that alike
    near: ClassVar[float] = 0.998
    remarkable: ClassVar[tuple[str, ...]] = ("silent", "clipped", "incomplete", "shortened", "high")

    rate: int
    seconds: float
    part: str = field(default="middle", kw_only=True)

    @property
    def alike(self) -> str:
        """Sounds are compared by what is heard of them."""
        return f"log-mel 32 x 32 of {self.seconds:g} s"

    @property
    def opening(self) -> Hashable:
        """Sounds at one rate, of which as much is heard, are opened alike."""
        return ("sound", self.rate, self.seconds)

    def at_least(self, policy: str = "") -> int:
        """Sounds are opened as far as they are heard."""
        return 0

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Sound:
        """What is heard of it; see :func:`jeoni.data.sounds.open_sound`."""
        return open_sound(raw, name, self.rate, self.seconds)

    def cut(self, samples: Array) -> Array:
        """The middle: what a network, a listener and a reader of the report get, all of them."""
        most = round(self.rate * self.seconds)
        start = max(0, (len(samples) - most) // 2)
        return samples[start : start + most]

    def policy(self, name: str) -> dict[str, Any]:
        """The fields of :class:`SoundPolicy`."""
        return asdict(find_sound_policy(name))

    def remarks(self, opened: Sound) -> tuple[str, ...]:
        """``silent``, ``clipped``, ``incomplete``, ``shortened: what is heard`` and ``high: what is not``, as far as
        they hold."""
        first = opened.start + max(0.0, len(opened.samples) / self.rate - self.seconds) / 2
        lost = opened.above
        part = f"seconds {_said(first)} to {_said(first + self.seconds)} are heard"
        found = {
            "silent": opened.silent,
            "clipped": opened.clipped > 0.001,
            "incomplete": opened.truncated,
            f"shortened: it is {_said(opened.seconds)} s long; {part}": opened.seconds > self.seconds * 1.05,
            f"high: {lost:.0%} of its power lies above {self.rate / 2000:g} kHz": not opened.silent and lost > 0.5,
        }
        return tuple(remark for remark, holds in found.items() if holds)

    def text(self, opened: Sound) -> str:
        """None."""
        return ""

    def picture(self, opened: Sound) -> Image.Image | None:
        """Its spectrogram, as wide as a second is high."""
        samples = self.cut(opened.samples)
        return spectrogram_image(samples, self.rate, max(0.25, len(samples) / self.rate)).resize((192, 128))

    def framed(self, opened: Sound) -> Image.Image | None:
        """Its spectrogram with the silence that fills it up."""
        return spectrogram_image(self.cut(opened.samples), self.rate, self.seconds).resize((192, 128))

    def sound(self, opened: Sound) -> bytes:
        """What is heard of it as MP3; as FLAC where libsndfile is older than its MP3."""
        content = io.BytesIO()
        rate = next(known for known in MP3_RATES if known >= min(self.rate, MP3_RATES[-1]))
        played = resampled(self.cut(opened.samples), self.rate, rate, "it")
        soundfile = import_module("soundfile")
        soundfile.write(content, played, rate, format="MP3" if "MP3" in soundfile.available_formats() else "FLAC")
        return content.getvalue()

    def signature(self, opened: Sound) -> Array:
        """See :func:`jeoni.data.spectrograms.sound_signature`."""
        return sound_signature(opened.samples, self.rate)

    def describe(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)

    def files(self) -> dict[str, bytes]:
        """None."""
        return {}

    def view(self, opened: Sound, policy: str, digest: bytes, number: int) -> Array:
        """A view of the sound, with stripes taken out."""
        rng = np.random.default_rng([int.from_bytes(digest[:8], "little"), number])
        return self.striped(self._varied(opened, policy, rng), find_sound_policy(policy).stripes, rng)

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """The row of such samples, with as many random stripes taken out."""
        raise NotImplementedError

    def _varied(self, opened: Sound, policy: str, rng: np.random.Generator) -> Array:
        how = find_sound_policy(policy)
        return augment_sound(
            opened.samples, self.rate, rng, shift=how.shift, noise_db=how.noise_db, gain_db=how.gain_db
        )


@dataclass(frozen=True)
class SpectrogramInput(SoundInput):
    """A log-mel spectrogram as the picture that an image backbone expects: from images to sound.

    Attributes:
        size: side of the picture, pixels.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
        interpolation: how the spectrogram is brought to its size.
        bands: of the mel scale.
        centred: whether a constant offset is taken out first, as cheap recorders add one; older models did not.
    """

    kind: ClassVar[str] = "spectrogram"
    ragged: ClassVar[bool] = False
    chunk: ClassVar[int] = 8

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bilinear"
    bands: int = 128
    centred: bool = True

    @property
    def longest(self) -> int:
        """Rows are alike."""
        return 1

    def row(self, opened: Sound) -> Array:
        """``(size, size, 3)`` uint8: time to the right, low tones at the bottom."""
        return self._drawn(opened.samples)

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """Stripes of what is heard in its picture, not of what fills it up."""
        drawn = self._drawn(samples)
        heard = max(1, min(self.size, round(self.size * len(samples) / (self.rate * self.seconds))))
        drawn[:, :heard] = mask_spectrogram(drawn[:, :heard], rng, times=stripes)
        return drawn

    def _drawn(self, samples: Array) -> Array:
        small = spectrogram_image(samples, self.rate, self.seconds, self.bands, self.centred)
        return np.array(small.resize((self.size, self.size), RESAMPLING[self.interpolation]).convert("RGB"))

    @classmethod
    def restore(cls, described: dict[str, Any], folder: Path) -> SpectrogramInput:
        """From what :meth:`describe` gave."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in described.items()}
        return cls(**{"centred": False, **fields})


@dataclass(frozen=True)
class WaveInput(SoundInput):
    """The wave itself, as many samples as there are.

    Attributes:
        chunk: sounds that go through the frozen stages together; 1 for networks that would mind being filled up.
        least: samples that the network needs; shorter sounds are filled up with silence.
    """

    kind: ClassVar[str] = "wave"
    ragged: ClassVar[bool] = True

    chunk: int = 8
    least: int = 0

    @property
    def longest(self) -> int:
        """Samples."""
        return max(self.least, round(self.rate * self.seconds))

    def row(self, opened: Sound) -> Array:
        """``(t,)`` int16."""
        return self._filled(opened.samples)

    def striped(self, samples: Array, stripes: int, rng: np.random.Generator) -> Array:
        """Stripes of time: a wave has no other."""
        return self._filled(mask_spectrogram(samples[None], rng, frequency=0.0, times=stripes)[0])

    def _filled(self, samples: Array) -> Array:
        kept = self.cut(samples)
        filled = np.pad(kept, (0, max(0, self.least - len(kept))))
        found: Array = np.rint(np.clip(filled, -1, 1) * 32_767).astype(np.int16)
        return found

    @classmethod
    def restore(cls, described: dict[str, Any], folder: Path) -> WaveInput:
        """From what :meth:`describe` gave."""
        return cls(**described)


Heard = TypeVar("Heard", bound=SoundInput)


def heard(items: Items) -> tuple[int, float]:
    """What sounds are like: the rate to look at them with, Hz, and how long all but a few are, seconds."""
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
    sound = open_sound(samples, name, QUIETEST_HZ, GLANCE_S)
    return sound.rate, sound.seconds


def pictured(spec: ImageInput, items: Items, seconds: float | None = None) -> SpectrogramInput:
    """Spectrograms of such sounds for a backbone that expects pictures, of so many seconds or of what most have."""
    rate, usual = heard(items)
    return SpectrogramInput(rate, seconds or min(usual, USUAL_S), spec.size, spec.mean, spec.std)


def listening(spec: Heard, items: Items, seconds: float | None = None) -> Heard:
    """As much of each sound as is asked for; else as much as such sounds have, but no more than is usual.

    Raises:
        ConfigError: more than the backbone takes.
    """
    if seconds and spec.bounded and seconds > spec.seconds:
        raise ConfigError(
            f"seconds is {seconds:g}; this backbone hears {spec.seconds:g} s at most. Ask for less, or leave it out."
        )
    if seconds:
        return replace(spec, seconds=seconds)
    return spec if spec.bounded else replace(spec, seconds=min(spec.seconds, heard(items)[1]))


def _said(seconds: float) -> str:
    """With a tenth where there is one."""
    return f"{seconds:,.1f}".removesuffix(".0")
