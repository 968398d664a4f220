"""Random views of sounds: stripes are taken out of whatever a backbone hears."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.modalities.audio.recordings import AudioClip, open_audio
from jeoni.modalities.inputs.spectrogram import SpectrogramInput
from jeoni.modalities.inputs.voice import VoiceInput
from jeoni.modalities.inputs.wave import WaveInput

MEAN = (0.5, 0.5, 0.5)


@pytest.fixture(params=["spectrogram", "wave", "voice", "whisper", "audio-spectrogram-transformer"])
def spec(request, listener_folder):
    made = {
        "spectrogram": SpectrogramInput(16_000, 2.0, 64, MEAN, MEAN),
        "wave": WaveInput(16_000, 2.0),
        "voice": VoiceInput(16_000, 2.0),
    }
    return made.get(request.param) or load_backbone(str(listener_folder(request.param))).input


@pytest.fixture
def noise() -> AudioClip:
    return open_audio(np.random.default_rng(0).uniform(-0.5, 0.5, 32_000).astype(np.float32), "noise", 16_000)


def constant(row):
    """The share of moments at which nothing changes from the one before, over all that is not a constant channel."""
    return float((np.diff(np.asarray(row, dtype=np.float64), axis=0) == 0).reshape(len(row) - 1, -1).all(1).mean())


def test_strong_views_have_stripes_and_light_ones_none(spec, noise):
    def still(policy, axis):
        rows = [spec.view(noise, policy, b"12345678", k)[0] for k in range(1, 9)]
        rows = (
            [row[:200] for row in rows] if spec.kind == "spectrum" else rows
        )  # Whisper hears 30 s, the last 28 silent
        return np.mean([constant(np.moveaxis(row, axis, 0)) for row in rows])

    time = 1 if spec.kind == "spectrogram" else 0
    assert still("strong", time) > still("light", time) + 0.02
    if spec.kind in ("spectrogram", "spectrum"):
        assert still("strong", 1 - time) > still("light", 1 - time) + 0.02


def test_stripes_are_of_what_is_heard_not_of_what_fills_it_up(listener_folder):
    spec = load_backbone(str(listener_folder("whisper"))).input
    sound = open_audio(np.random.default_rng(0).uniform(-0.5, 0.5, 16_000).astype(np.float32), "short", 16_000)
    for k in range(1, 9):
        beyond = spec.view(sound, "strong", b"12345678", k)[0][200:]
        assert np.ptp(beyond) < 1e-6  # whatever level silence has, it has no stripes


def test_what_a_map_is_laid_over_shows_all_of_a_row(noise):
    spec = SpectrogramInput(16_000, 4.0, 64, MEAN, MEAN)  # twice as long as the sound
    picture, framed = (np.asarray(made(noise).convert("L")) for made in (spec.picture, spec.framed))
    assert picture[:, -20:].mean() > 100
    assert framed[:, :80].mean() > 100 and framed[:, 112:].max() == 0


def test_without_mp3_a_sound_is_played_as_flac(monkeypatch, noise):
    import soundfile

    spec = WaveInput(16_000, 2.0)
    assert open_audio(spec.audio(noise), "as MP3", 16_000).samples.shape == (32_000,)
    formats = soundfile.available_formats()
    monkeypatch.setattr(soundfile, "available_formats", lambda: {k: v for k, v in formats.items() if k != "MP3"})
    played = spec.audio(noise)
    assert played.startswith(b"fLaC") and open_audio(played, "as FLAC", 16_000).samples.shape == (32_000,)


@pytest.mark.parametrize("family", ["whisper", "audio-spectrogram-transformer"])
def test_stripes_are_of_what_is_heard_also_where_less_is_asked_for(listener_folder, family):
    spec = load_backbone(str(listener_folder(family))).input
    spec = dataclasses.replace(spec, seconds=1.0 if family != "whisper" else 3.0)
    sound = open_audio(np.random.default_rng(0).uniform(-0.5, 0.5, 16_000).astype(np.float32), "short", 16_000)
    plain, heard = spec.view(sound, "none", b"12345678", 1)[0], 0
    for k in range(1, 17):
        seen = spec.view(sound, "strong", b"12345678", k)[0]
        assert np.ptp(seen[104:], axis=0).max(initial=0) < 1e-5 + np.ptp(plain[104:], axis=0).max(initial=0)
        heard += int((seen[1:98] == seen[:97]).all(1).sum())
    assert heard > 40


def test_stripes_of_pictures_are_of_what_is_heard_too():
    spec = SpectrogramInput(16_000, 4.0, 64, MEAN, MEAN)
    sound = open_audio(np.random.default_rng(0).uniform(-0.5, 0.5, 16_000).astype(np.float32), "short", 16_000)
    views = [spec.view(sound, "strong", b"12345678", k)[0] for k in range(1, 17)]
    assert all(view[:, 18:].max() == 0 for view in views)  # a quarter is heard
    assert any((np.diff(view[:, :14].astype(int), axis=1) == 0).all((0, 2)).any() for view in views)


def test_a_constant_offset_changes_no_picture():
    rng = np.random.default_rng(0)
    samples = (0.01 * np.sin(np.arange(16_000) / 3) + 0.001 * rng.standard_normal(16_000)).astype(np.float32)
    spec = SpectrogramInput(16_000, 2.0, 64, MEAN, MEAN)
    plain, offset = (spec.row(open_audio(samples + by, "it", 16_000)).astype(int) for by in (0.0, 0.3))
    assert np.abs(plain - offset).max() <= 2
    older = SpectrogramInput.restore({k: v for k, v in spec.describe().items() if k != "centred"}, Path())
    assert not older.centred and SpectrogramInput.restore(spec.describe(), Path()) == spec
    assert np.abs(older.row(open_audio(samples + np.float32(0.3), "it", 16_000)).astype(int) - plain).mean() > 20


def test_a_sound_most_of_which_is_too_high_to_be_heard_is_remarked():
    tone = (0.5 * np.sin(2 * np.pi * 20_000 * np.arange(48_000) / 48_000)).astype(np.float32)
    file = io.BytesIO()
    pytest.importorskip("soundfile").write(file, tone, 48_000, format="WAV")
    spec = SpectrogramInput(16_000, 2.0, 64, MEAN, MEAN)
    (said,) = spec.remarks(spec.open(file.getvalue(), "it"))
    assert said == "high: 100% of its power lies above 8 kHz"
