"""Spectrograms, and random views of audio.

The mel scale and its filters are those of Slaney's Auditory Toolbox (1998); random views follow Salamon & Bello 2017
(https://arxiv.org/abs/1608.04363) and SpecAugment (Park et al. 2019, https://arxiv.org/abs/1904.08779).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image

from jeoni.errors import ConfigError
from jeoni.types import Array

__all__ = ["audio_signature", "augment_audio", "log_mel", "mask_spectrogram", "mel_filters", "spectrogram_image"]

BLOCK = 65_536
FLOOR = 1e-10
RANGE_DB = 80.0
SIGNATURE_SIDE = 32
SIGNATURE_HZ = (50.0, 3400.0)
SIGNATURE_DB = 30.0
SIGNATURE_WINDOW_S = 0.064


def log_mel(
    samples: Array,
    rate: int,
    bands: int = 64,
    low_hz: float = 20.0,
    high_hz: float | None = None,
    window_s: float = 0.025,
    hop_s: float = 0.010,
) -> Array:
    """Power mel spectrogram in decibels, ``(frames, bands)`` float32; at least one frame, and nothing below -100 dB.

    Periodic Hann windows lie wholly within the samples (fewer than one window are padded with zeros). The Fourier
    transform is as long as a power of two must be to hold the window, and to bring a bin near the peak of every band.
    Bands are triangles on Slaney's mel scale, each of area one.

    Args:
        samples: ``(t,)``.
        rate: Hz.
        bands: how many.
        low_hz: where the lowest band begins.
        high_hz: where the highest ends; None: half the rate.
        window_s: length of a window, seconds.
        hop_s: from one window to the next, seconds.

    Raises:
        ConfigError: the frequencies are not in order, or beyond half the rate.

    Example:
        >>> log_mel(np.zeros(8000), 8000).shape
        (98, 64)
    """
    window, hop = max(1, round(window_s * rate)), max(1, round(hop_s * rate))
    power = _mel_power(samples, rate, bands, low_hz, rate / 2 if high_hz is None else high_hz, window, hop)
    decibels: Array = np.maximum(10 * np.log10(np.maximum(power, FLOOR)), np.float32(10 * math.log10(FLOOR)))
    return decibels


def _mel_power(samples: Array, rate: int, bands: int, low_hz: float, high_hz: float, window: int, hop: int) -> Array:
    """``(frames, bands)`` float32."""
    edges = _mel_edges(rate, bands, low_hz, high_hz)
    length = 2 ** math.ceil(math.log2(window))
    while length * np.diff(edges).min() < rate:  # else a narrow band may meet no bin near its peak: a dark row
        length *= 2
    filters = mel_filters(rate, length, bands, low_hz, high_hz)
    taper = np.hanning(window + 1)[:-1].astype(np.float32) if window > 1 else np.ones(1, np.float32)
    filled = np.pad(samples.astype(np.float32), (0, max(0, window - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(filled, window)[::hop]
    step = max(1, BLOCK * 16 // length)
    blocks = (np.abs(np.fft.rfft(frames[k : k + step] * taper, length)) ** 2 for k in range(0, len(frames), step))
    return np.concatenate([block @ filters for block in blocks]).astype(np.float32)


def _mel_edges(rate: int, bands: int, low_hz: float, high_hz: float) -> Array:
    """Where triangles begin, peak and end, ``(bands + 2,)`` Hz: linear up to 1 kHz, logarithmic above."""
    if not 0 <= low_hz < high_hz <= rate / 2:
        raise ConfigError(
            f"Bands from {low_hz:g} to {high_hz:g} Hz do not fit a rate of {rate:,} Hz. Needed: low below high, and "
            f"high at most {rate / 2:g} Hz, half the rate. Change the frequencies, or ask for a higher rate."
        )
    step, knee = 200 / 3, 1000.0
    log_step = math.log(6.4) / 27
    mels = [f / step if f < knee else knee / step + math.log(f / knee) / log_step for f in (low_hz, high_hz)]
    places = np.linspace(mels[0], mels[1], bands + 2)
    above = places - knee / step
    edges: Array = np.where(above > 0, knee * np.exp(above * log_step), places * step)
    return edges


@lru_cache(maxsize=16)
def mel_filters(rate: int, length: int, bands: int, low_hz: float, high_hz: float) -> Array:
    """Slaney's triangles of area one, ``(length // 2 + 1, bands)`` float32; shared, so nobody may write to it."""
    edges = _mel_edges(rate, bands, low_hz, high_hz)
    bins = np.arange(length // 2 + 1)[:, None] * (rate / length)
    left, peak, right = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((bins - left) / (peak - left), (right - bins) / (right - peak))
    filters: Array = (np.maximum(triangles, 0) * (2 / (right - left))).astype(np.float32)
    filters.flags.writeable = False
    return filters


def spectrogram_image(samples: Array, rate: int, seconds: float, bands: int = 128, centred: bool = True) -> Image.Image:
    """The spectrogram as an image: time to the right, low frequencies at the bottom, grey (mode ``L``).

    Longer audio is cut to its middle, shorter audio padded with silence at its end. White is its own
    loudest spot, black 80 dB below it; silence is black. One column for each 10 ms, one row for each mel band.

    Args:
        samples: ``(t,)``.
        rate: Hz.
        seconds: how long the picture is.
        bands: of the mel scale.
        centred: take a constant offset out, which else is louder than a soft recording in the lowest bands, and clicks
            where it ends.
    """
    wanted = max(1, round(seconds * rate))
    start = max(0, len(samples) - wanted) // 2
    middle = samples[start : start + wanted]
    middle = middle - middle.mean() if centred and len(middle) else middle
    filled = np.pad(middle, (0, wanted - len(middle)))
    window, hop = max(1, round(0.025 * rate)), max(1, round(0.010 * rate))
    power = _mel_power(filled, rate, bands, min(20.0, rate / 4), rate / 2, window, hop)
    return Image.fromarray(np.ascontiguousarray(_grey(power, RANGE_DB).T[::-1]))


def _grey(power: Array, range_db: float) -> Array:
    """Decibels below the largest, as uint8; the same at any volume."""
    top = float(power.max())
    if top <= FLOOR:
        return np.zeros(power.shape, np.uint8)
    decibels = 10 * np.log10(np.maximum(power / top, 10 ** (-range_db / 10)))
    return np.rint((decibels / range_db + 1) * 255).astype(np.uint8)


def audio_signature(samples: Array, rate: int) -> Array:
    """A 32 x 32 picture of the bands that telephones carry, ``(1024,)`` uint8: for finding near-identical recordings.

    Copies at another volume, at another sampling rate from 8 kHz on, or from another codec have nearly the same one; a
    copy that was cut or shifted has not. Silence has only zeros.

    Measured on the 2,000 recordings of FSDD, mean and scale taken out: the most alike two correlate by 0.991. Of 200,
    copies at a tenth of the volume, with 30 dB of noise, at 16 or 44.1 kHz, or as MP3 at 44.1 kHz correlate with their
    originals by 0.9989 or more; at 8 kHz as Vorbis by 0.998, as Opus by 0.995, as MP3 by 0.993.
    """
    centred = samples - samples.mean()
    window = max(1, round(SIGNATURE_WINDOW_S * rate))
    hop = max(1, min(window // 2, len(samples) // 256))
    low, high = SIGNATURE_HZ
    high = min(high, rate * 0.425)
    power = _mel_power(centred, rate, SIGNATURE_SIDE, min(low, high / 4), high, window, hop)
    whole = np.concatenate([np.zeros((1, SIGNATURE_SIDE)), np.cumsum(power, axis=0, dtype=np.float64)])
    edges = np.linspace(0, len(power), SIGNATURE_SIDE + 1)
    parts = np.stack([np.diff(np.interp(edges, np.arange(len(whole)), band)) for band in whole.T])
    return _grey(parts * (SIGNATURE_SIDE / len(power)), SIGNATURE_DB).ravel()


def augment_audio(
    samples: Array,
    rate: int,
    rng: np.random.Generator,
    shift: float = 0.1,
    noise_db: tuple[float, float] = (15, 40),
    gain_db: float = 6.0,
) -> Array:
    """A random view, ``(t,)`` float32: shifted in time, with noise, louder or softer.

    Args:
        samples: ``(t,)`` between -1 and 1; they are left alone.
        rate: Hz.
        rng: decides all that is random.
        shift: the longest shift either way, seconds, but never more than a quarter of its length; zeros fill the gap.
        noise_db: the range of the ratio of signal to Gaussian noise, decibels; silence gets none.
        gain_db: the largest change of volume either way, decibels; never so loud that it would clip.
    """
    most = min(round(shift * rate), len(samples) // 4)
    by = int(rng.integers(-most, most + 1))
    out = np.zeros(len(samples), np.float32)
    out[max(0, by) : len(out) + min(0, by)] = samples[max(0, -by) : len(samples) - max(0, by)]
    level = math.sqrt(float(np.mean(np.square(out, dtype=np.float64))))
    noise = rng.standard_normal(len(out), dtype=np.float32)
    out += noise * np.float32(level * 10 ** (-rng.uniform(*noise_db) / 20))
    gain = 10 ** (rng.uniform(-gain_db, gain_db) / 20)
    peak = float(np.abs(out).max(initial=0))
    return out * np.float32(min(gain, 1 / peak) if peak else gain)


def mask_spectrogram(
    image_array: Array, rng: np.random.Generator, time: float = 0.15, frequency: float = 0.15, times: int = 1
) -> Array:
    """A copy of a spectrogram, or of an image of one, with stripes of its own mean.

    Args:
        image_array: ``(h, w)`` or ``(h, w, 3)``, time to the right, uint8 or floats; it is left alone.
        rng: decides all that is random.
        time: the widest stripe, as a share of the width.
        frequency: the highest stripe, as a share of the height.
        times: stripes of each sort.
    """
    out = image_array.copy()
    mean = image_array.mean(axis=(0, 1))
    if image_array.dtype.kind in "iu":
        mean = np.rint(mean)
    for _ in range(times):
        for axis, share in ((0, frequency), (1, time)):
            side = out.shape[axis]
            width = int(rng.integers(0, int(share * side) + 1))
            start = int(rng.integers(0, side - width + 1))
            stripe = slice(start, start + width)
            out[(slice(None), stripe) if axis else (stripe,)] = mean
    return out
