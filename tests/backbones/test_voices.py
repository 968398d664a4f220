from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from jeoni.backbones.backbone import Provenance, build_backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps, cut, shorten
from jeoni.backbones.entry import entry, rows_like
from jeoni.backbones.packed import average
from jeoni.backbones.voices import VoiceEncoder, find_voices, voice_state
from jeoni.errors import WeightsError
from jeoni.features.engine import agreement
from jeoni.features.export import to_onnx
from jeoni.modalities.audio.recordings import open_audio
from jeoni.modalities.inputs import collate
from jeoni.modalities.inputs.voice import FRAMES, RATE, VoiceInput

SPEC = VoiceInput(RATE, 10.0)


@pytest.fixture
def backbone():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = VoiceEncoder()
    source = Provenance("x", "x", "x", "x")
    return build_backbone(network, name="v", architecture="ge2e", input=SPEC, provenance=source, library="voices")


def chirp(seconds: float, volume: float = 0.3) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (volume * np.sin(2 * np.pi * (200 + 300 * t / seconds) * t)).astype(np.float32)


def row_of(samples):
    return SPEC.row(open_audio(samples, "a", RATE))


def test_windows_overlap_and_the_last_one_must_be_covered():
    counts = {seconds: len(row_of(chirp(seconds))) // FRAMES for seconds in (0.4, 1.6, 2.0, 3.0, 5.0)}
    assert counts == {0.4: 1, 1.6: 1, 2.0: 2, 3.0: 3, 5.0: 5}


def test_quiet_sounds_are_brought_up_and_loud_ones_stay():
    np.testing.assert_allclose(row_of(chirp(2, 0.001)), row_of(chirp(2, 0.002)), rtol=1e-3)
    assert row_of(chirp(2, 0.9))[:, :-1].max() > 2 * row_of(chirp(2, 0.3))[:, :-1].max()


def test_vectors_have_length_one_and_filling_up_changes_nothing(backbone):
    short, long = row_of(chirp(1.0)), row_of(chirp(4.0))
    with torch.inference_mode():
        together = backbone.network(torch.from_numpy(collate([short, long])))
        alone = backbone.network(torch.from_numpy(short[None]))
    assert torch.allclose(together.norm(dim=1), torch.ones(2), atol=1e-5)
    assert torch.allclose(together[0], alone[0], atol=1e-6)


def test_every_cut_is_exact_and_trains(backbone):
    rows = rows_like(SPEC, 3)
    assert [s.name for s in backbone.stages] == ["layer 1", "layer 2", "layer 3", "pool"]
    for frozen in range(1, backbone.n):
        made = cut(backbone, frozen)
        assert made.apart
        with torch.no_grad():
            assert torch.allclose(made.upper(made.lower(rows)), backbone.network(rows), atol=1e-6)
    made = cut(backbone, 1)
    made.upper.requires_grad_(True)
    made.upper(made.lower(rows).clone())[:, :9].sum().backward()
    assert all(p.grad is not None for p in made.upper.parameters())


def test_a_shorter_network_averages_over_frames(backbone):
    rows = rows_like(SPEC, 2)
    with torch.inference_mode():
        wanted = average(Taps(backbone, (Tap(2, False),))(rows)[0])
        assert torch.allclose(shorten(backbone, 2).network(rows), wanted)


def test_it_exports_with_any_number_of_windows(backbone):
    network = entry(Taps(backbone, (Tap(2, False), Tap(backbone.n, True))), SPEC).eval()
    session = onnxruntime.InferenceSession(
        to_onnx(network, rows_like(SPEC, 2).numpy()), providers=["CPUExecutionProvider"]
    )
    rows = collate([row_of(chirp(1.0)), row_of(chirp(5.0))])
    with torch.inference_mode():
        wanted = [t.numpy() for t in network(torch.from_numpy(rows))]
    assert agreement(session.run(None, {"rows": rows}), wanted) > 0.9999


def test_a_file_of_something_else_is_refused(tmp_path):
    torch.save({"model_state": {"lstm.weight_ih_l0": torch.zeros(2)}}, tmp_path / "x.pt")
    with pytest.raises(WeightsError, match="does not hold the voice encoder"):
        voice_state(tmp_path / "x.pt")


@pytest.mark.skipif(find_voices() is not None, reason="resemblyzer is installed")
def test_without_the_package_the_message_says_how_to_get_it():
    with pytest.raises(WeightsError, match="pip install --no-deps resemblyzer"):
        load_backbone("ge2e-voices")


# the largest six entries of resemblyzer 0.1.4's embed_utterance(normalize_volume(chirp)), silences left in
PACKAGES = {
    (2.0, 0.3): ([104, 44, 195, 144, 197, 83], [0.1857, 0.1810, 0.1748, 0.1602, 0.1599, 0.1578]),
    (3.0, 0.01): ([133, 94, 87, 38, 173, 131], [0.1943, 0.1859, 0.1742, 0.1716, 0.1714, 0.1564]),
    (5.0, 0.3): ([42, 195, 248, 144, 12, 16], [0.1820, 0.1705, 0.1678, 0.1673, 0.1592, 0.1548]),
}


@pytest.mark.skipif(find_voices() is None, reason="resemblyzer is not installed")
@pytest.mark.parametrize("sound", PACKAGES)
def test_it_gives_what_the_package_gives(sound):
    places, values = PACKAGES[sound]
    network = load_backbone("ge2e-voices").network
    with torch.inference_mode():
        given = network(torch.from_numpy(row_of(chirp(*sound))[None]))[0].numpy()
    np.testing.assert_allclose(given[places], values, atol=2e-4)
