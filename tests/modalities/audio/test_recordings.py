"""From encoded bytes to samples: every kind of file, and what is refused."""

from __future__ import annotations

import io
import struct
import sys
import time
import tracemalloc

import numpy as np
import pytest

from jeoni.data.kinds import SUFFIXES
from jeoni.errors import DataError, MissingExtra
from jeoni.modalities.audio.recordings import duration, open_audio
from tests.modalities.audio.made_audio import KINDS, encoded, level_at, make_phrase, make_tone, soundfile

# --- reading


@pytest.mark.parametrize("kind, subtype", KINDS)
def test_a_tone_survives_every_kind_of_file(kind, subtype):
    raw = encoded(make_tone(1000), kind=kind, subtype=subtype)
    sound = open_audio(raw, "it", 16_000)
    assert (sound.samples.dtype, sound.samples.shape, sound.rate) == (np.float32, (16_000,), 16_000)
    assert (sound.seconds, duration(raw, "it")) == (1.0, 1.0)
    assert (sound.channels, sound.original_rate) == (1, 16_000)
    assert (sound.clipped, sound.silent, sound.truncated) == (0.0, False, False)
    assert level_at(sound.samples, 16_000, 1000) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(
    "kind, subtype, step", [("WAV", "PCM_16", 2**-15), ("FLAC", "PCM_24", 2**-23), ("WAV", "FLOAT", 0)]
)
def test_lossless_kinds_give_the_samples_back_to_their_last_bit(kind, subtype, step):
    tone = make_tone(440)
    np.testing.assert_allclose(
        open_audio(encoded(tone, kind=kind, subtype=subtype), "it", 16_000).samples, tone, atol=step
    )


def test_channels_are_averaged():
    left, right = make_tone(440), make_tone(1000, level=0.3)
    sound = open_audio(encoded(np.stack([left, right], axis=1), subtype="FLOAT"), "it", 16_000)
    assert sound.channels == 2
    np.testing.assert_allclose(sound.samples, (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize("before, after", [(8_000, 16_000), (16_000, 8_000), (44_100, 16_000), (11_127, 16_000)])
def test_resampling_keeps_frequency_level_and_length_of_a_tone(before, after):
    sound = open_audio(encoded(make_tone(1000, before), before, subtype="FLOAT"), "it", after)
    assert (len(sound.samples), sound.original_rate, sound.seconds) == (after, before, 1.0)
    assert level_at(sound.samples, after, 1000) == pytest.approx(0.5, rel=0.01)
    assert np.argmax(np.abs(np.fft.rfft(sound.samples))) == 1000  # of one second, bins are 1 Hz apart


def test_a_tone_above_half_the_new_rate_is_removed_not_folded_back():
    sound = open_audio(encoded(make_tone(6000) + make_tone(1000, level=0.25)), "it", 8_000)
    assert level_at(sound.samples, 8_000, 2000) < 0.005  # 6 kHz would fold to 2 kHz
    assert level_at(sound.samples, 8_000, 1000) == pytest.approx(0.25, rel=0.01)


def test_only_the_middle_of_an_hour_is_decoded():
    samples = np.zeros(3600 * 8_000, np.int16)
    heard = slice(14_390_000, 14_410_000)  # 2.5 s
    samples[heard] = 5_000 * np.sin(np.arange(20_000))
    raw = encoded(samples, 8_000, "FLAC")
    tracemalloc.start()
    try:
        sound = open_audio(raw, "long.flac", 8_000, most_s=2.5)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(sound.samples), sound.seconds, duration(raw, "long.flac")) == (20_000, 3600.0, 3600.0)
    assert peak < len(raw) + 2_000_000
    assert (sound.start, sound.truncated) == (14_390_000 / 8_000, False)
    np.testing.assert_array_equal(sound.samples, samples[heard].astype(np.float32) / 32_768)


@pytest.mark.parametrize("kind, subtype", KINDS)
def test_the_middle_of_every_kind_of_file_is_what_the_whole_has_there(kind, subtype):
    steps = np.repeat(np.arange(1, 9) / 10, 8_000) * make_tone(500, seconds=4, level=1)
    raw = encoded(steps, kind=kind, subtype=subtype)
    whole, middle = open_audio(raw, "it", 16_000), open_audio(raw, "it", 16_000, most_s=1)
    assert (middle.start, middle.seconds, len(middle.samples)) == (1.5, 4.0, 16_000)
    # a lossy decoder that starts in the middle has to find its feet
    np.testing.assert_allclose(middle.samples[2_000:], whole.samples[26_000:40_000], atol=0.02)


def test_samples_beyond_full_scale_are_held_at_it():
    samples = open_audio(encoded(make_tone(440, level=1.5), subtype="FLOAT"), "it", 16_000).samples
    assert (samples.min(), samples.max()) == (-1, 1)


def test_the_share_of_clipped_samples_is_that_of_the_flat_tops():
    clipped = np.clip(make_tone(100, level=2.0), -1, 1)  # |sin| is above a half for two thirds of the time
    assert open_audio(encoded(clipped), "it", 16_000).clipped == pytest.approx(2 / 3, abs=0.01)
    assert open_audio(encoded(make_tone(440, level=0.9999)), "it", 16_000).clipped == 0


@pytest.mark.parametrize(
    "samples, silent",
    [
        (np.zeros(800), True),
        (np.full(800, 0.3), True),
        (np.random.default_rng(0).integers(-2, 3, 800).astype(np.int16), True),
        (np.stack([make_tone(440), -make_tone(440)], axis=1), True),
        (make_tone(440, level=0.001), False),
    ],
)
def test_silence_is_told_also_with_an_offset_or_dither_or_opposed_channels(samples, silent):
    assert open_audio(encoded(samples), "it", 16_000).silent is silent


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU"])
def test_a_plain_file_that_was_cut_gives_what_is_there_and_tells(kind):
    raw = encoded(make_tone(440), kind=kind)
    sound = open_audio(raw[: len(raw) // 2], "cut", 16_000)
    assert sound.truncated
    assert len(sound.samples) == pytest.approx(8_000, abs=40)
    assert sound.seconds == len(sound.samples) / 16_000


def test_a_wav_with_a_remark_of_odd_length_is_whole_until_it_is_cut():
    raw = encoded(make_tone(440))
    remark = b"LIST" + struct.pack("<I", 7) + b"INFOodd\0"  # filled up to an even place
    raw = raw[:4] + struct.pack("<I", len(raw) + 8) + raw[8:36] + remark + raw[36:]
    whole, cut = open_audio(raw, "it", 16_000), open_audio(raw[:-1_000], "it", 16_000)
    assert (len(whole.samples), whole.truncated) == (16_000, False)
    assert (len(cut.samples), cut.truncated) == (15_500, True)


def test_an_mp3_that_was_cut_gives_what_is_there_and_tells():
    raw = encoded(make_tone(440, seconds=4), kind="MP3", subtype="MPEG_LAYER_III")
    sound = open_audio(raw[: len(raw) // 2], "cut.mp3", 16_000)
    assert sound.truncated
    assert 1 < sound.seconds < 2.5
    middle = open_audio(raw[: len(raw) // 2], "cut.mp3", 16_000, most_s=1)  # of what is there, not of what was
    assert (middle.truncated, len(middle.samples)) == (True, 16_000)
    assert middle.start == pytest.approx(sound.seconds / 2 - 0.5, abs=0.001)
    assert not open_audio(raw[: len(raw) * 3 // 4], "cut.mp3", 16_000, most_s=1).truncated  # as far as one looked


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_streamed_wav_that_does_not_know_its_length_is_whole(size):
    raw = bytearray(encoded(make_tone(440)))
    raw[4:8] = raw[40:44] = struct.pack("<I", size)
    sound = open_audio(bytes(raw), "streamed.wav", 16_000)
    assert (len(sound.samples), sound.truncated, sound.seconds) == (16_000, False, 1.0)


def make_streamed_flac(samples, rate):
    raw = bytearray(encoded(samples, rate, "FLAC"))
    raw[21] &= 0xF0  # the lower 36 bits of five bytes are the number of samples; 0: not known
    raw[22:26] = bytes(4)
    return bytes(raw)


@pytest.mark.parametrize("most_s, first, last", [(60.0, 0, 80_000), (10.0, 0, 80_000), (2.0, 32_000, 48_000)])
def test_a_streamed_flac_that_does_not_know_its_length_is_measured(most_s, first, last):
    tone = make_tone(440, 8_000, 10) * np.linspace(0, 1, 80_000, dtype=np.float32)
    raw = make_streamed_flac(tone, 8_000)
    sound = open_audio(raw, "streamed.flac", 8_000, most_s)
    np.testing.assert_allclose(sound.samples, tone[first:last], atol=2**-15)
    assert sound.start == first / 8_000
    assert (sound.seconds, duration(raw, "streamed.flac"), sound.truncated) == (10.0, 10.0, False)


def test_a_streamed_flac_that_was_cut_is_refused():
    raw = make_streamed_flac(make_tone(440, 8_000, 10), 8_000)
    with pytest.raises(DataError, match=r"^cut\.flac is damaged, cut off, .*lost sync"):
        open_audio(raw[: len(raw) // 2], "cut.flac", 8_000)


# --- refusing


@pytest.mark.parametrize("kind, subtype", [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS")])
def test_a_compressed_file_that_was_cut_is_refused(kind, subtype):
    raw = encoded(make_tone(440), kind=kind, subtype=subtype)
    with pytest.raises(DataError, match=r"^cut\.snd is damaged, cut off, .* Copy it again") as caught:
        open_audio(raw[: len(raw) // 2], "cut.snd", 16_000)
    assert caught.value.path == "cut.snd"
    assert "0x" not in str(caught.value)


def test_an_mp3_that_was_cut_within_its_first_frame_is_refused():
    raw = encoded(make_tone(440), kind="MP3", subtype="MPEG_LAYER_III")
    with pytest.raises(DataError, match=r"^cut\.mp3 is damaged, cut off, .*it holds no whole frame"):
        open_audio(raw[:60], "cut.mp3", 16_000)


def test_text_named_wav_is_not_a_sound():
    for look in (lambda raw: open_audio(raw, "notes.wav", 8_000), lambda raw: duration(raw, "notes.wav")):
        with pytest.raises(DataError, match=r"^notes\.wav is not audio, .* Needed: WAV, FLAC, .* Convert it") as caught:
            look(b"dear diary, today I recorded nothing\n" * 20)
        assert caught.value.path == "notes.wav"


def test_an_empty_file_is_called_empty():
    with pytest.raises(DataError, match=r"^it is empty: 0 bytes"):
        open_audio(b"", "it", 8_000)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_file_without_samples_is_refused(subtype):
    with pytest.raises(DataError, match="^it holds no samples"):
        open_audio(encoded(np.zeros(0, np.float32), subtype=subtype), "it", 8_000)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_counted_and_refused(value):
    tone = make_tone(440)
    tone[100:103] = value
    with pytest.raises(DataError, match=r"^it holds 3 samples of 16,000 that are not finite"):
        open_audio(encoded(tone, subtype="FLOAT"), "it", 16_000)
    with pytest.raises(DataError, match=r"^it holds 3 samples of 16,000 that are not finite"):
        open_audio(tone, "it", 16_000)


def test_floats_on_the_scale_of_integers_are_refused():
    with pytest.raises(DataError, match=r"^it holds samples as large as 16,384\. .* between -1 and 1\. Divide"):
        open_audio(np.full(100, 16_384.0), "it", 8_000)


@pytest.mark.parametrize(
    "start, kind",
    [
        (b"\0\0\0\x20ftypM4A ", "an M4A or MP4 file"),
        (b"\xff\xf1\x50\x80\x2f\xff\xfc", "an AAC file"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA file"),
        (b"\x1a\x45\xdf\xa3", "a WebM or Matroska file"),
        (b"#!AMR\n", "an AMR file"),
        (b"OggS\0\2" + bytes(22) + b"Speex   ", "a Speex file"),
    ],
)
def test_a_kind_that_cannot_be_decoded_is_named_with_the_mend(start, kind):
    with pytest.raises(
        DataError, match=rf"^voice\.x is {kind}, which libsndfile [\d.]+ cannot decode\. Convert it to WAV"
    ):
        open_audio(start + bytes(400), "voice.x", 16_000)


@pytest.mark.parametrize(
    "start, kind",
    [(b"ID3\4\0\0\0\0\0\0", "MP3"), (b"\xff\xfb\x90\xc4", "MP3"), (b"OggS" + bytes(24) + b"OpusHead", "OPUS")],
)
def test_a_kind_that_this_libsndfile_is_too_old_for_is_named(monkeypatch, start, kind):
    def refuse(*args):
        raise soundfile.LibsndfileError(1)

    monkeypatch.setattr(soundfile, "SoundFile", refuse)
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": ""})
    monkeypatch.setattr(soundfile, "available_subtypes", lambda kind: {"VORBIS": ""})
    with pytest.raises(DataError, match=rf"^song is an {kind} file, which libsndfile .* cannot decode\. Convert it"):
        open_audio(start + bytes(400), "song", 16_000)


def test_a_broken_mp3_is_damaged_where_mp3_can_be_read():
    encoded(make_tone(440), kind="MP3", subtype="MPEG_LAYER_III")  # or skip
    with pytest.raises(DataError, match="^song is damaged, cut off"):
        open_audio(b"ID3\4\0\0\0\0\0\0" + bytes(400), "song", 16_000)


def test_a_rate_that_no_recording_has_is_refused_before_memory_is_spent():
    raw = bytearray(encoded(make_tone(440)))
    raw[24:28] = struct.pack("<I", 1_999_999_973)
    with pytest.raises(
        DataError, match=r"^it has a sampling rate of 1,999,999,973 Hz, which cannot be brought to 8,000"
    ):
        open_audio(bytes(raw), "it", 8_000)


def test_a_damaged_file_is_a_data_error_or_a_sound_whatever_the_decoder_raises():
    rng = np.random.default_rng(0)
    whole = [encoded(make_tone(440), kind=kind) for kind in ("WAV", "FLAC", "AIFF", "AU")]
    refused = 0
    for _ in range(20):
        for raw in whole:
            broken = bytearray(raw)
            broken[rng.integers(0, 60)] = rng.integers(0, 256)
            broken[rng.integers(0, len(broken))] = rng.integers(0, 256)
            try:
                open_audio(bytes(broken), "broken", 16_000)
            except DataError as error:
                assert str(error).startswith("broken ")
                refused += 1
    assert refused > 10


def test_without_soundfile_the_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingExtra, match="Reading audio needs the package 'soundfile'"):
        open_audio(b"RIFF", "it", 8_000)
    assert len(open_audio(np.zeros(10), "it", 8_000).samples) == 10


# --- arrays


@pytest.mark.parametrize(
    "values, expected",
    [
        (np.array([-32_768, 0, 16_384], np.int16), [-1, 0, 0.5]),
        (np.array([-(2**31), 0, 2**30], np.int32), [-1, 0, 0.5]),
        (np.array([-128, 0, 64], np.int8), [-1, 0, 0.5]),
        (np.array([0, 128, 192], np.uint8), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], np.float64), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], np.float16), [-1, 0, 0.5]),
        (np.array([[-1, 0], [0.5, -0.5], [0, 1]], np.float32), [-0.5, 0, 0.5]),
    ],
)
def test_arrays_of_any_type_are_brought_between_minus_one_and_one(values, expected):
    sound = open_audio(values, "it", 8_000)
    np.testing.assert_allclose(sound.samples, expected)
    assert (sound.samples.dtype, sound.original_rate, sound.seconds) == (np.float32, 8_000, 3 / 8_000)


def test_of_a_long_array_only_the_middle_is_taken_and_the_whole_is_told():
    samples = np.arange(80_000) / 80_000
    sound = open_audio(samples, "it", 8_000, most_s=2)
    assert (len(sound.samples), sound.start, sound.seconds, sound.truncated) == (16_000, 4.0, 10.0, False)
    np.testing.assert_allclose(sound.samples, samples[32_000:48_000], rtol=1e-6)


@pytest.mark.parametrize("shape", [(), (2, 44_100), (4, 0), (2, 3, 4)])
def test_an_array_of_another_shape_is_refused(shape):
    with pytest.raises(DataError, match=r"^it has the shape \(.* Transpose it"):
        open_audio(np.zeros(shape), "it", 8_000)


@pytest.mark.parametrize("dtype", [bool, complex, object, "U3"])
def test_an_array_of_another_type_is_refused(dtype):
    with pytest.raises(DataError, match="^it is an array of .* Needed: floats between -1 and 1, or integers"):
        open_audio(np.zeros(10, dtype), "it", 8_000)


def test_an_array_without_samples_or_with_floats_too_large_for_their_type_is_refused():
    with pytest.raises(DataError, match="holds no samples"):
        open_audio(np.zeros(0), "it", 8_000)
    with pytest.raises(DataError, match="holds 1 samples of 2 that are not finite"):
        open_audio(np.array([0, 1e300]), "it", 8_000)


def test_suffixes_are_lower_case_and_hold_the_usual_ones():
    assert {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au"} <= SUFFIXES["audio"]
    assert all(s == s.lower() and s.startswith(".") for s in SUFFIXES["audio"])


@pytest.mark.parametrize(
    "kind, subtype", [("WAV", "GSM610"), ("WAV", "NMS_ADPCM_32"), ("AU", "G721_32"), ("WAV", "PCM_16")]
)
def test_the_middle_of_what_can_only_be_read_from_its_beginning_is_found_too(kind, subtype):
    raw = encoded(make_phrase(0, 8_000, 4.0), 8_000, kind, subtype)
    whole, middle = open_audio(raw, "it", 8_000), open_audio(raw, "it", 8_000, most_s=1)
    first = round(middle.start * 8_000)
    assert middle.start == pytest.approx(1.5, abs=0.05) and not middle.truncated
    np.testing.assert_array_equal(middle.samples, whole.samples[first : first + 8_000])


@pytest.mark.parametrize("long", [False, True])
def test_the_middle_of_an_mp3_is_what_the_whole_has_there_and_nothing_is_printed(long, monkeypatch, capfd):
    """Its frames rest on those before them, which a jump leaves out."""
    rng = np.random.default_rng(0)
    raw = encoded(make_phrase(1, 44_100, 12.0) + 0.1 * rng.standard_normal(529_200), 44_100, "MP3", "MPEG_LAYER_III")
    if long:
        monkeypatch.setattr("jeoni.modalities.audio.recordings.LONG_S", 0)
    whole, middle = open_audio(raw, "it", 44_100), open_audio(raw, "it", 44_100, most_s=2)
    first = round(middle.start * 44_100)
    np.testing.assert_allclose(middle.samples, whole.samples[first : first + len(middle.samples)], atol=1e-4)
    assert long or not capfd.readouterr().err


@pytest.mark.parametrize("cut_off", [True, False])
def test_a_wav_of_which_only_the_header_was_not_finished_is_read(cut_off):
    tone = make_tone(440)
    raw = encoded(tone)
    at = raw.index(b"data") + 4
    raw = raw[:4] + bytes(4) + raw[8:at] + (bytes(4) if cut_off else raw[at : at + 4]) + raw[at + 4 :]
    sound = open_audio(raw, "it", 16_000)
    assert sound.seconds == duration(raw, "it") == 1.0 and not sound.truncated
    np.testing.assert_allclose(sound.samples, tone, atol=2**-15)


@pytest.mark.parametrize("hz, above", [(20_000, 1.0), (1_000, 0.0)])
def test_how_much_of_it_lies_above_what_is_heard_is_told(hz, above):
    sound = open_audio(encoded(make_tone(hz, 48_000), 48_000), "it", 16_000)
    assert sound.above == pytest.approx(above, abs=0.01)
    assert open_audio(encoded(make_tone(hz, 48_000), 48_000), "it", 48_000).above == 0


def test_resampling_makes_no_click_of_a_constant_offset():
    offset = np.full(44_100, 0.3, np.float32) + make_tone(440, 44_100, level=0.01)
    sound = open_audio(encoded(offset, 44_100, subtype="FLOAT"), "it", 16_000)
    assert np.abs(sound.samples - 0.3).max() < 0.012


def make_promising_flac(rate, channels):
    """A short FLAC file whose header promises as many samples as it can, 2 ** 36 - 1."""
    content = io.BytesIO()
    soundfile.write(content, np.zeros((4000, channels)), rate, format="FLAC")
    raw = bytearray(content.getvalue())
    raw[21] |= 0x0F
    raw[22:26] = b"\xff" * 4
    return bytes(raw)


def test_a_header_that_claims_more_samples_than_the_memory_holds_is_refused():
    with pytest.raises(DataError, match=r"^it claims 384,000 samples a second, and 184,320,000 of all channels"):
        open_audio(make_promising_flac(384_000, 8), "it", 16_000)


def test_a_header_that_promises_months_of_samples_is_answered_at_once():
    began = time.monotonic()
    try:
        assert open_audio(make_promising_flac(8000, 1), "it", 8000).truncated
    except DataError as error:
        assert str(error).startswith("it ")
    assert time.monotonic() - began < 5
