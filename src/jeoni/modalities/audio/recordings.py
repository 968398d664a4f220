"""From encoded bytes to samples: whatever is odd about a recording is reported, never hidden."""

from __future__ import annotations

import io
import math
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from jeoni.errors import DataError, MissingExtra
from jeoni.modalities.audio.mpeg import with_count
from jeoni.types import Array

__all__ = ["AudioClip", "duration", "facts", "open_audio", "resampled"]

FOREIGN = (
    (rb".{4}ftyp", "an M4A or MP4 file"),
    (rb"\xff[\xf0\xf1\xf8\xf9]|ADIF", "an AAC file"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA file"),
    (rb"\x1a\x45\xdf\xa3", "a WebM or Matroska file"),
    (rb"#!AMR", "an AMR file"),
    (rb"MAC ", "a Monkey's Audio file"),
    (rb"wvpk", "a WavPack file"),
    (rb"MThd", "a MIDI file"),
    (rb"OggS.{24}Speex", "a Speex file"),
)
YOUNG = ((rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "MP3"), (rb"OggS.{24}OpusHead", "OPUS"))
UNRECOGNISED = 1
UNKNOWN_FRAMES = 2**62
STREAMED = 0x7FFF0000
MOST_CHANNELS = 32
MOST_VALUES = 1 << 27  # samples of all channels that are decoded at once: half a gigabyte
MOST_STEPS = 200_000
BLOCK = 65_536
FULL_SCALE = 0.99
SAME = 4e-5
SILENCE = 1e-4
LOUDEST = 10.0
SLACK_S = 0.1
LONG_S, BEFORE_S = 600, 1


@dataclass(frozen=True, eq=False)
class AudioClip:
    """A decoded recording, with its facts and faults.

    Attributes:
        samples: ``(t,)`` float32, mono, between -1 and 1.
        rate: of ``samples``, Hz.
        seconds: length of the whole file, also where only its middle was decoded.
        channels: before they were mixed.
        original_rate: before resampling, Hz.
        clipped: share of samples, of all channels, that lie in flat runs of at least three at full scale.
        silent: after mixing, nothing but a constant comes within 80 dB of full scale.
        truncated: the file ends before the samples that its header promises; what is there was read.
        above: share of its power that lies above half of ``rate``, and so is not in ``samples``.
        start: where in the file ``samples`` begin, seconds.
    """

    samples: Array
    rate: int
    seconds: float
    channels: int
    original_rate: int
    clipped: float
    silent: bool
    truncated: bool
    above: float = 0.0
    start: float = 0.0


@dataclass(frozen=True, eq=False)
class _Decoded:
    """``values`` are ``(t, channels)`` float32, at ``rate``."""

    values: Array
    rate: int
    start: int
    frames: int
    truncated: bool = False


def open_audio(raw: bytes | Array, name: str, rate: int, most_s: float = 60.0) -> AudioClip:
    """Decode, mix to mono and resample.

    Args:
        raw: encoded bytes; or samples ``(t,)`` or ``(t, channels)``, floats between -1 and 1 or integers of any width
            (scaled by their type), taken to be at ``rate`` already.
        name: for messages.
        rate: the sampling rate that is wanted, Hz.
        most_s: of a longer recording, so many seconds in its middle are decoded; memory follows from them.

    Raises:
        DataError: not audio, of a kind that cannot be decoded, damaged, empty, or with samples that are no numbers.
        MissingExtra: soundfile is not installed.

    Example:
        >>> open_audio(np.array([0, 16384], np.int16), "two samples", 8000).samples.tolist()
        [0.0, 0.5]
    """
    if isinstance(raw, bytes):
        decoded = _decode(raw, name, most_s)
    else:
        asked = math.ceil(most_s * rate)
        decoded = _Decoded(_from_array(raw, name, asked), rate, _start(len(raw), asked), len(raw))
    _check(decoded.values, name)
    mono = decoded.values.mean(axis=1)
    samples = resampled(mono, decoded.rate, rate, name)
    return AudioClip(
        samples=samples,
        rate=rate,
        seconds=decoded.frames / decoded.rate,
        channels=decoded.values.shape[1],
        original_rate=decoded.rate,
        clipped=_clipped(decoded.values),
        silent=bool(np.abs(mono - mono.mean()).max() < SILENCE),
        truncated=decoded.truncated,
        above=max(0.0, 1 - _power(samples) / max(_power(mono), SILENCE**2)) if decoded.rate > rate else 0.0,
        start=decoded.start / decoded.rate,
    )


def _power(samples: Array) -> float:
    return float(np.var(samples, dtype=np.float64)) if len(samples) else 0.0


def facts(raw: bytes, name: str) -> tuple[int, float]:
    """Sampling rate, Hz, and seconds: of most files from their headers.

    Raises:
        DataError: not audio, or of a kind that cannot be decoded.
        MissingExtra: soundfile is not installed.
    """
    with _opened(raw, name) as file:
        frames = file.frames if file.frames < UNKNOWN_FRAMES else _count(file)
        return int(file.samplerate), float(frames / file.samplerate)


def duration(raw: bytes, name: str) -> float:
    """Seconds, from the header; only a FLAC file that was streamed, whose header tells none, is decoded.

    Raises:
        DataError: not audio, or of a kind that cannot be decoded.
        MissingExtra: soundfile is not installed.
    """
    return facts(raw, name)[1]


def _decode(raw: bytes, name: str, most_s: float) -> _Decoded:
    with _opened(raw, name) as file:
        rate, promised = int(file.samplerate), int(file.frames)
        asked = math.ceil(most_s * rate)
        _check_header(min(asked, promised) * int(file.channels), rate, name)
        start = _start(promised, asked) if promised < UNKNOWN_FRAMES else 0
        _go_to(file, start)
        values = _read(file, asked)
        told = promised < UNKNOWN_FRAMES
        if not told:
            promised = len(values) + (_count(file) if len(values) == asked else 0)
    # a codec's length may be an estimate, a little off
    short = len(values) < min(asked, promised) - SLACK_S * rate
    frames = promised if start or len(values) == asked else len(values)
    if (start and short) or (not told and frames > asked):
        return _measured(raw, name, asked, truncated=short)
    return _Decoded(values, rate, start, frames, short or _ends_early(raw))


def _check_header(values: int, rate: int, name: str) -> None:
    """Raise a DataError if a header claims what would take all memory, by its rate, its length or its channels."""
    if values > MOST_VALUES:
        raise DataError(
            f"{name} claims {rate:,} samples a second, and {values:,} of all channels in the part that is decoded; at "
            f"most {MOST_VALUES:,} are. Needed: a usual rate and number of channels. Mend its header, or resample it.",
            path=name,
        )


def _measured(raw: bytes, name: str, asked: int, truncated: bool) -> _Decoded:
    """The middle of a file that holds less than it says, or does not say how much: all of it is decoded, twice."""
    with _opened(raw, name) as file:
        frames = _count(file)
    start = _start(frames, asked)
    with _opened(raw, name) as file:
        _skip(file, start)
        return _Decoded(_read(file, asked), int(file.samplerate), start, frames, truncated)


def _go_to(file: Any, start: int) -> None:
    """Where reading begins: some codecs know no way there but from the beginning.

    An MP3 is decoded from there too, unless it is long: its frames rest on those before them, and after a jump the
    first ones are wrong.
    """
    if not file.seekable() or (file.format == "MP3" and start < LONG_S * file.samplerate):
        _skip(file, start)
    elif start:
        before = BEFORE_S * file.samplerate if file.format == "MP3" else 0
        file.seek(max(0, start - before))
        _skip(file, min(start, before))


def _skip(file: Any, frames: int) -> None:
    for at in range(0, frames, BLOCK):
        wanted = min(BLOCK, frames - at)
        if len(_read(file, wanted)) < wanted:  # a header may promise more than anybody could wait for
            return


def _start(frames: int, asked: int) -> int:
    """Where the middle begins."""
    return max(0, frames - asked) // 2


class _Stream(io.BytesIO):
    """Bytes that stay where they are when asked to go before their beginning, as a damaged header may ask.

    Called from C, an error could not be raised but would be printed.
    """

    def seek(self, offset: int, whence: int = 0) -> int:
        """Like C's ``fseek``."""
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


@contextmanager
def _opened(raw: bytes, name: str) -> Iterator[Any]:
    """A ``soundfile.SoundFile``, whose errors, also in reading, become ours."""
    try:
        soundfile = import_module("soundfile")
    except ImportError:
        raise MissingExtra("soundfile", "audio", "Reading audio") from None
    if not raw:
        raise DataError(f"{name} is empty: 0 bytes. Needed: audio. Copy or record it again.", path=name)
    try:
        told = with_count(raw) if _kind(raw, YOUNG) == "MP3" else _with_size(raw)
        with soundfile.SoundFile(_Stream(told)) as file:
            yield file
    except DataError:
        raise
    except Exception as error:  # on a damaged file not only its own errors are raised
        raise _refusal(raw, name, error, soundfile) from error


def _refusal(raw: bytes, name: str, error: Exception, soundfile: Any) -> DataError:
    version, mend = soundfile.__libsndfile_version__, "Convert it to WAV or FLAC, for example with ffmpeg."
    foreign, young = _kind(raw, FOREIGN), _kind(raw, YOUNG)
    known = {*soundfile.available_formats(), *soundfile.available_subtypes("OGG")}
    if foreign or (young and young not in known):
        text = f"{name} is {foreign or f'an {young} file'}, which libsndfile {version} cannot decode. {mend}"
    elif getattr(error, "code", None) == UNRECOGNISED and not young:
        text = f"{name} is not audio, or of a kind that cannot be read. Needed: WAV, FLAC, OGG, MP3 or AIFF. {mend}"
    else:
        reason = (getattr(error, "error_string", "") or type(error).__name__).removeprefix("Error : ").rstrip(".")
        if "regular file" in reason:  # of an MP3 without a whole frame; ours comes from memory
            reason = "it holds no whole frame"
        text = (
            f"{name} is damaged, cut off, or encoded in a way that libsndfile {version} cannot decode ({reason}). "
            f"Needed: a whole file. Copy it again. {mend}"
        )
    return DataError(text, path=name)


def _kind(raw: bytes, kinds: tuple[tuple[bytes, str], ...]) -> str:
    """The first kind whose marks a file begins with, or nothing."""
    return next((kind for marks, kind in kinds if re.match(marks, raw[:64], re.DOTALL)), "")


def _read(file: Any, frames: int) -> Array:
    """The next samples, ``(at most frames, channels)`` float32."""
    if file.frames < UNKNOWN_FRAMES:
        values: Array = file.read(frames, dtype="float32", always_2d=True)
        return values
    values = np.full((frames, file.channels), np.nan, np.float32)
    try:
        file.read(out=values)
    except Exception as error:  # without a length, the end of a file is met as a failure to seek there
        if "seek" not in getattr(error, "error_string", ""):
            raise
    return values[: int(np.isfinite(values[:, 0]).sum())]


def _count(file: Any) -> int:
    """Samples that are left, found by decoding them."""
    total, got = 0, BLOCK
    while got == BLOCK:
        got = len(_read(file, BLOCK))
        total += got
    return total


def _ends_early(raw: bytes) -> bool:
    """Whether a WAV, AIFF or AU file holds fewer bytes of samples than it says; streamed ones say nothing."""
    if raw[:4] == b".snd":
        start, size = struct.unpack(">II", raw[4:12])
        return bool(size < STREAMED and start + size > len(raw))
    order = {b"RIFF": "<", b"FORM": ">"}.get(raw[:4])
    at = 12
    while order and at + 8 <= len(raw):
        kind, size = struct.unpack(f"{order}4sI", raw[at : at + 8])
        if kind in (b"data", b"SSND"):
            return bool(size < STREAMED and at + 8 + size > len(raw))
        at += 8 + size + size % 2
    return False


def _with_size(raw: bytes) -> bytes:
    """A WAV file whose header says that it holds nothing, though samples follow: a recorder that was cut off.

    Its data then last to its end.
    """
    at = 12
    while raw[:4] == b"RIFF" and at + 8 < len(raw):
        kind, size = struct.unpack("<4sI", raw[at : at + 8])
        if kind == b"data":
            rest = len(raw) - at - 8
            if size or rest >= 1 << 32:
                return raw
            return raw[:4] + struct.pack("<I", len(raw) - 8) + raw[8 : at + 4] + struct.pack("<I", rest) + raw[at + 8 :]
        at += 8 + size + size % 2
    return raw


def _from_array(array: Array, name: str, asked: int) -> Array:
    """``(at most asked, channels)`` float32, the middle; what is not finite stays so."""
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not 1 <= array.shape[1] <= MOST_CHANNELS:
        raise DataError(
            f"{name} has the shape {array.shape}. Needed: (samples,) or (samples, channels) with at most "
            f"{MOST_CHANNELS} channels. Transpose it if the channels come first.",
            path=name,
        )
    start = _start(len(array), asked)
    array = array[start : start + asked]
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    if array.dtype.kind not in "iu":
        raise DataError(
            f"{name} is an array of {array.dtype}. Needed: floats between -1 and 1, or integers. Convert it.", path=name
        )
    half = 2.0 ** (8 * array.dtype.itemsize - 1)
    middle = half if array.dtype.kind == "u" else 0.0
    scaled: Array = ((array - middle) / half).astype(np.float32)
    return scaled


def _check(values: Array, name: str) -> None:
    if not len(values):
        raise DataError(f"{name} holds no samples. Needed: audio. Record or copy it again.", path=name)
    wrong = values.size - int(np.isfinite(values).sum())
    if wrong:
        raise DataError(
            f"{name} holds {wrong:,} samples of {values.size:,} that are not finite numbers (NaN or infinite). "
            "Needed: numbers between -1 and 1. Write it again, with zeros in their place.",
            path=name,
        )
    peak = float(np.abs(values).max())
    if peak > LOUDEST:
        raise DataError(
            f"{name} holds samples as large as {peak:,.0f}. Needed: floating-point samples between -1 and 1. "
            "Divide them by their full scale: 32,768 if they had 16 bits.",
            path=name,
        )


def _clipped(values: Array) -> float:
    """The share in flat tops: a loud sine touches full scale too, but does not stay there."""
    inside = np.clip(values, -1, 1)
    hot = np.abs(inside) >= FULL_SCALE
    flat = hot[1:] & hot[:-1] & (np.abs(np.diff(inside, axis=0)) < SAME)
    run = flat[1:] & flat[:-1]
    marked = np.zeros(values.shape, dtype=bool)
    for start in range(3):
        marked[start : start + len(run)] |= run
    return float(marked.mean())


def resampled(mono: Array, original: int, rate: int, name: str) -> Array:
    """``(t,)`` float32 between -1 and 1: the filter may overshoot, and so may a codec.

    Args:
        mono: ``(t,)``.
        original: its rate, Hz.
        rate: the one that is wanted, Hz.
        name: for messages.

    Raises:
        DataError: two rates without a common measure.
    """
    shared = math.gcd(rate, original)
    up, down = rate // shared, original // shared
    if max(up, down) > MOST_STEPS:
        raise DataError(
            f"{name} has a sampling rate of {original:,} Hz, which cannot be brought to {rate:,} Hz. "
            "Needed: a usual rate. Mend its header, or resample it.",
            path=name,
        )
    if up != down:
        from scipy.signal import resample_poly  # half a second, which most who read arrays need not wait for

        mono = resample_poly(mono, up, down, padtype="mean")  # a constant offset makes no click at either end
    return np.clip(mono, -1, 1).astype(np.float32)
