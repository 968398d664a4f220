"""Sounds that tests are made of, and the files that hold them."""

from __future__ import annotations

import io

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

KINDS = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_U8"),
    ("WAV", "FLOAT"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
]


def encoded(samples, rate=16_000, kind="WAV", subtype="PCM_16"):
    if subtype not in soundfile.available_subtypes(kind):
        pytest.skip(f"libsndfile {soundfile.__libsndfile_version__} cannot write {kind} {subtype}")
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def make_tone(hz, rate=16_000, seconds=1.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def make_phrase(seed, rate, seconds=1.5):
    """Harmonics that glide and swell: known at any moment, so at any rate."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    pitch, glide, swell, phase = (
        rng.uniform(100, 250),
        rng.uniform(-60, 60),
        rng.uniform(1, 5, 12),
        rng.uniform(0, 6, 12),
    )
    parts = [
        (0.5 + 0.5 * np.sin(2 * np.pi * s * t + p)) * np.sin(2 * np.pi * k * (pitch * t + glide * t**2)) / k
        for k, (s, p) in enumerate(zip(swell, phase, strict=True), 1)
    ]
    return (0.2 * np.sum(parts, axis=0)).astype(np.float32)


def level_at(samples, rate, hz):
    """The amplitude of a tone, its ends left out."""
    inner = samples[len(samples) // 10 : -len(samples) // 10]
    wave = np.exp(-2j * np.pi * hz * np.arange(len(inner)) / rate)
    return 2 * abs(np.mean(inner * wave))
