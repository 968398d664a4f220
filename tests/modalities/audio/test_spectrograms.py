"""Spectrograms, signatures and random views of sounds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jeoni.data.duplicates import near_pairs
from jeoni.errors import ConfigError
from jeoni.modalities.audio.recordings import open_audio
from jeoni.modalities.audio.spectrograms import (
    audio_signature,
    augment_audio,
    log_mel,
    mask_spectrogram,
    spectrogram_image,
)
from tests.modalities.audio.made_audio import KINDS, encoded, make_phrase, make_tone

# --- spectrograms

# librosa 0.11.0: y = np.pad(chirp, 56); power_to_db(feature.melspectrogram(y=y, sr=16000, n_fft=512, win_length=400,
# hop_length=160, n_mels=64, fmin=20, center=False), ref=1, amin=1e-10, top_db=None).T; its windows lie in the middle of
# 512 samples, hence the padding.
FRAMES, BANDS = [0, 12, 24, 36, 47], [0, 5, 13, 21, 29, 37, 45, 53, 61, 63]
LIBROSA = [
    [-11.7623, 14.4361, -35.4322, -64.2561, -81.7017, -94.6152, -100.0, -100.0, -100.0, -100.0],
    [-92.9137, -94.9221, -88.7263, -76.9980, -60.3174, 13.1711, -76.6815, -100.0, -100.0, -100.0],
    [-100.0, -100.0, -100.0, -100.0, -100.0, -92.0898, -66.1526, -59.9661, -100.0, -100.0],
    [-100.0, -100.0, -100.0, -100.0, -100.0, -100.0, -100.0, -78.7805, -73.1593, -90.3360],
    [-100.0, -100.0, -100.0, -100.0, -100.0, -100.0, -100.0, -100.0, -52.5989, 10.6107],
]


def test_the_log_mel_spectrogram_of_a_chirp_is_librosas():
    t = np.arange(8_000) / 16_000
    chirp = (0.5 * np.sin(2 * np.pi * (100 * t + 7_800 * t * t))).astype(np.float32)
    ours = log_mel(chirp, 16_000)
    assert (ours.shape, ours.dtype) == ((48, 64), np.float32)
    # further down is the rounding of 32 bits
    np.testing.assert_allclose(np.maximum(ours[np.ix_(FRAMES, BANDS)], -85), np.maximum(LIBROSA, -85), rtol=1e-3)


@pytest.mark.parametrize("hz", [300, 440, 950, 2500])  # none lies where two bands meet
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_a_tone_is_loudest_in_its_band(rate, hz):
    def mel(f):
        return f * 3 / 200 if f < 1000 else 15 + 27 * np.log(f / 1000) / np.log(6.4)

    step = (mel(rate / 2) - mel(20)) / 41
    loudest = log_mel(make_tone(hz, rate), rate, bands=40).mean(0).argmax()
    assert loudest == round((mel(hz) - mel(20)) / step) - 1


def test_twice_the_amplitude_is_six_decibels_more():
    noise = np.random.default_rng(0).normal(0, 0.1, 8_000)
    np.testing.assert_allclose(log_mel(2 * noise, 8_000) - log_mel(noise, 8_000), 20 * np.log10(2), atol=1e-4)


@pytest.mark.parametrize("length, frames", [(1, 1), (200, 1), (279, 1), (280, 2), (8_000, 98)])
def test_frames_lie_within_the_sound_and_there_is_at_least_one(length, frames):
    assert log_mel(np.ones(length), 8_000, 32).shape == (frames, 32)


def test_silence_lies_at_the_floor():
    assert (log_mel(np.zeros(8_000), 8_000) == -100).all()


@pytest.mark.parametrize("rate, bands", [(8_000, 128), (16_000, 256), (48_000, 128)])
def test_no_band_is_left_without_power_however_narrow(rate, bands):
    noise = np.random.default_rng(0).normal(0, 0.1, rate)
    means = log_mel(noise, rate, bands).mean(0)
    assert means.max() - means.min() < 6


def test_many_frames_are_computed_in_blocks_that_fit_together():
    noise = np.random.default_rng(0).normal(0, 0.1, 60 * 8_000)
    whole, tail = log_mel(noise, 8_000), log_mel(noise[50 * 8_000 :], 8_000)
    np.testing.assert_allclose(whole[-len(tail) :], tail, atol=1e-4)


@pytest.mark.parametrize("low, high", [(500, 400), (-1, 400), (20, 4_001), (20, 20)])
def test_frequencies_that_do_not_fit_the_rate_are_refused(low, high):
    with pytest.raises(ConfigError, match=r"Bands from .* do not fit a rate of 8,000 Hz.* at most 4000 Hz"):
        log_mel(np.zeros(8_000), 8_000, low_hz=low, high_hz=high)


def test_an_image_has_low_tones_at_the_bottom_and_time_to_the_right():
    half = make_tone(300, seconds=0.5)
    image = spectrogram_image(np.concatenate([half, 0 * half]), 16_000, 1.0)
    pixels = np.asarray(image)
    assert (image.mode, image.size) == ("L", (98, 128))
    assert pixels[:, 20].argmax() > 100
    assert pixels[:, :45].max(0).min() > 200
    assert pixels[:, 52:].max() == 0
    assert np.asarray(spectrogram_image(make_tone(7_000), 16_000, 1.0))[:, 20].argmax() < 10


def test_a_spot_forty_decibels_down_is_half_as_bright():
    loud = make_tone(1000)
    pixels = np.asarray(spectrogram_image(np.concatenate([loud, loud / 100]), 16_000, 2.0))
    assert (pixels[:, 50].max(), int(pixels[:, 150].max())) == (255, pytest.approx(127.5, abs=1))


def test_of_a_long_sound_the_middle_is_shown():
    silence = np.zeros(16_000, np.float32)
    pixels = np.asarray(spectrogram_image(np.concatenate([silence, make_tone(1000), silence]), 16_000, 1.0))
    assert pixels.max(0).min() > 240


def test_a_short_sound_is_filled_up_with_silence_at_its_end():
    pixels = np.asarray(spectrogram_image(make_tone(1000, seconds=0.25), 16_000, 1.0))
    assert pixels.shape == (128, 98)
    assert pixels[:, :20].max(0).min() > 240
    assert pixels[:, 26:].max() == 0


def test_an_image_is_the_same_at_any_volume_and_silence_is_black():
    sound = make_phrase(0, 16_000)
    loud, soft = (np.asarray(spectrogram_image(sound * f, 16_000, 1.5)).astype(int) for f in (1, 0.01))
    assert np.abs(loud - soft).max() <= 1
    assert not np.asarray(spectrogram_image(np.zeros(800), 16_000, 1.0)).any()
    assert isinstance(spectrogram_image(np.zeros(1), 16_000, 0.001), Image.Image)


# --- signatures


def distance(first, second):
    return np.abs(first.astype(int) - second).mean()


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_a_signature_hardly_changes_with_rate_and_volume(rate):
    original = audio_signature(make_phrase(0, 16_000), 16_000)
    assert (original.shape, original.dtype) == ((1024,), np.uint8)
    assert distance(original, audio_signature(0.1 * make_phrase(0, rate), rate)) < 2


@pytest.mark.parametrize("kind, subtype", KINDS)
def test_a_signature_hardly_changes_with_the_kind_of_file(kind, subtype):
    sound = make_phrase(0, 16_000)
    copy = open_audio(encoded(sound, kind=kind, subtype=subtype), "it", 16_000).samples
    assert distance(audio_signature(sound, 16_000), audio_signature(copy, 16_000)) < 3


def test_copies_are_found_by_their_signatures_and_other_sounds_are_not():
    sounds = [make_phrase(seed, 16_000) for seed in range(12)]
    signatures = [audio_signature(s, 16_000) for s in sounds]
    others = [distance(signatures[0], s) for s in signatures[1:]]
    assert min(others) > 10
    copy = audio_signature(0.3 * make_phrase(5, 8_000), 8_000)
    silence = [audio_signature(np.zeros(n), 8_000) for n in (800, 8_000)]
    assert near_pairs(np.stack([*signatures, copy, *silence])).tolist() == [[5, 12]]


@pytest.mark.parametrize("level", [0, 0.1, 0.37, -0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_silence_has_an_empty_signature_whatever_its_offset(level, dtype):
    assert not audio_signature(np.full(22_051, level, dtype), 11_025).any()


def test_an_offset_does_not_change_a_signature():
    sound = make_phrase(0, 11_025)
    assert distance(audio_signature(sound, 11_025), audio_signature(sound + np.float32(0.5), 11_025)) < 0.1


@pytest.mark.parametrize("length", [1, 10, 300, 1000])
def test_a_very_short_sound_has_a_signature_too(length):
    assert audio_signature(make_tone(440, 8_000)[:length] + 0.1, 8_000).shape == (1024,)


# --- random views


def test_a_view_follows_from_the_seed_and_leaves_the_sound_alone():
    sound = make_phrase(0, 16_000)
    before = sound.copy()
    first, again, other = (augment_audio(sound, 16_000, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(sound, before)
    np.testing.assert_array_equal(first, again)
    assert (first.shape, first.dtype) == (sound.shape, np.float32)
    assert np.abs(first - other).max() > 0.01


def test_a_shift_moves_by_at_most_its_seconds_and_fills_with_zeros():
    sound = np.linspace(0.1, 0.9, 16_000, dtype=np.float32)
    seen = set()
    for seed in range(40):
        view = augment_audio(sound, 16_000, np.random.default_rng(seed), 0.05, (300, 300), 0)
        gap = int((view < 0.05).sum())
        by = gap if view[0] < 0.05 else -gap
        moved = np.concatenate([np.zeros(by), sound[:-by]]) if by > 0 else np.concatenate([sound[-by:], np.zeros(-by)])
        np.testing.assert_allclose(view, moved, atol=1e-6)
        seen.add(by)
    assert min(seen) < -600 and max(seen) > 600
    assert min(seen) >= -800 and max(seen) <= 800


def test_a_short_sound_is_shifted_by_no_more_than_a_quarter():
    for seed in range(20):
        view = augment_audio(np.full(100, 0.5, np.float32), 16_000, np.random.default_rng(seed), 1.0, (300, 300), 0)
        assert (view > 0.4).sum() >= 75


@pytest.mark.parametrize("ratio", [5, 20, 40])
def test_noise_has_the_ratio_that_is_asked_for(ratio):
    sound = make_tone(440, level=0.2)
    noise = augment_audio(sound, 16_000, np.random.default_rng(0), 0, (ratio, ratio), 0) - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(noise**2)) == pytest.approx(ratio, abs=0.2)


def test_gain_stays_in_its_range_and_never_clips():
    soft, loud = make_tone(440, level=0.1), make_tone(440, level=0.9)
    views = [augment_audio(soft, 16_000, np.random.default_rng(s), 0, (300, 300), 6.0) for s in range(40)]
    gains = np.array([20 * np.log10(np.abs(v).max() / np.abs(soft).max()) for v in views])
    assert gains.min() >= -6.001 and gains.max() <= 6.001
    assert gains.min() < -4 and gains.max() > 4
    assert max(np.abs(augment_audio(loud, 16_000, np.random.default_rng(s))).max() for s in range(20)) <= 1 + 1e-6


def test_silence_and_nothing_stay_what_they_are():
    assert not augment_audio(np.zeros(100, np.float32), 8_000, np.random.default_rng(0)).any()


@pytest.mark.parametrize("shape", [(64, 100), (64, 100, 3)])
def test_masks_are_whole_stripes_of_the_mean_and_at_most_as_wide_as_asked(shape):
    pixels = np.random.default_rng(0).integers(0, 100, shape, dtype=np.uint8) * 2 + 1  # odd; the mean is even or odd
    before, widths = pixels.copy(), []
    for seed in range(30):
        masked = mask_spectrogram(pixels, np.random.default_rng(seed), 0.2, 0.25)
        np.testing.assert_array_equal(masked, mask_spectrogram(pixels, np.random.default_rng(seed), 0.2, 0.25))
        assert (masked.shape, masked.dtype) == (shape, np.uint8)
        mean = np.rint(pixels.mean(axis=(0, 1)))
        filled = (masked == mean).reshape(*shape[:2], -1).all(-1)
        rows, columns = filled.all(1), filled.all(0)
        kept = masked[~rows][:, ~columns]
        np.testing.assert_array_equal(kept, pixels[~rows][:, ~columns])
        widths.append((rows.sum(), columns.sum()))
    np.testing.assert_array_equal(pixels, before)
    most = np.max(widths, axis=0)
    assert (most <= [16, 20]).all() and (most >= [10, 14]).all()


def test_masks_come_as_often_as_asked():
    pixels = np.arange(64 * 100, dtype=np.uint32).reshape(64, 100).astype(np.uint8)
    np.testing.assert_array_equal(mask_spectrogram(pixels, np.random.default_rng(0), times=0), pixels)
    once, often = (np.mean(mask_spectrogram(pixels, np.random.default_rng(0), times=n) != pixels) for n in (1, 8))
    assert once < often
