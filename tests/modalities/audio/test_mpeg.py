from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from jeoni.modalities.audio.mpeg import with_count
from jeoni.modalities.audio.recordings import open_audio

if "MP3" not in soundfile.available_formats():
    pytest.skip("libsndfile is older than its MP3", allow_module_level=True)


def streamed(rate: int, channels: int) -> tuple[bytes, bytes]:
    """Six seconds, two of them silent, at a bit rate that varies: as written, and without the frame that counts."""
    samples = np.random.default_rng(0).normal(0, 0.2, (6 * rate, channels))
    samples[: 2 * rate] = 0
    content = io.BytesIO()
    soundfile.write(
        content, samples, rate, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="VARIABLE", compression_level=0.3
    )
    raw = content.getvalue()
    second = raw.index(raw[:2], 4)
    assert b"Xing" in raw[:second] and b"Xing" not in raw[second:]
    return raw, raw[second:]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_stream_that_does_not_say_how_long_it_is_is_heard_to_its_end(rate, channels):
    raw, cut = streamed(rate, channels)
    assert soundfile.info(io.BytesIO(cut)).duration > 10  # libsndfile's guess
    assert open_audio(cut, "cut", rate).seconds == pytest.approx(6, abs=0.2)
    middle, wanted = open_audio(cut, "cut", rate, most_s=2), open_audio(raw, "raw", rate, most_s=2)
    assert middle.start == pytest.approx(2, abs=0.1) and not middle.truncated
    level = [float(np.square(s.samples).mean()) for s in (middle, wanted)]
    assert level[0] == pytest.approx(level[1], rel=0.2)


def test_a_quiet_end_does_not_shorten_it():
    rate = 16_000
    samples = np.random.default_rng(0).normal(0, 0.2, 6 * rate)
    samples[rate // 2 :] = 0  # the first frame's bit rate is the highest: the guess is too short
    content = io.BytesIO()
    soundfile.write(
        content, samples, rate, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="VARIABLE", compression_level=0.3
    )
    raw = content.getvalue()
    cut = raw[raw.index(raw[:2], 4) :]
    assert soundfile.info(io.BytesIO(cut)).duration < 3
    assert open_audio(cut, "cut", rate).seconds == pytest.approx(6, abs=0.2)


@pytest.mark.filterwarnings("ignore")
def test_whatever_counts_itself_or_is_no_such_file_stays_as_it_is():
    raw, cut = streamed(16_000, 1)
    between = cut[:3000] + bytes(len(cut)) + cut[3000:]  # something lies between frames: where does it go on?
    for content in (raw, b"", b"\xff\xfb", b"ID3", b"RIFF" * 9, between, b"\xff\xfb\x90\xc4" + bytes(9)):
        assert with_count(content) is content
    tagged = b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + cut
    assert with_count(tagged) == with_count(cut)
