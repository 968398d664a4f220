from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps, cut
from jeoni.backbones.entry import entry, example, rows_like
from jeoni.features.engine import agreement
from jeoni.features.export import to_onnx
from jeoni.libraries import import_transformers
from jeoni.modalities.audio.audio_input import SILENCE
from jeoni.modalities.audio.recordings import open_audio
from jeoni.modalities.inputs import load_input
from jeoni.models.loading import load_model
from jeoni.models.model import Model
from tests.conftest import LISTENERS
from tests.made_tasks import classes as of_classes

# WavLM's own code
pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")


@pytest.fixture(scope="module")
def folders(listener_folder):
    return {family: listener_folder(family) for family in LISTENERS}


@pytest.fixture(params=LISTENERS)
def backbone(request, folders):
    return load_backbone(str(folders[request.param]))


def test_every_cut_gives_exactly_the_whole_or_says_that_it_recomputes(backbone):
    assert [s.name for s in backbone.stages] == ["embeddings", "layer 1", "layer 2", "layer 3", "pool"]
    given = example(backbone.input, 2, seed=3)
    with torch.inference_mode():
        whole = backbone.network(given)
        for frozen in range(1, backbone.n):
            made = cut(backbone, frozen)
            # WavLM's first layer hands its positions on to the others; Conformer's convolve what is filled up
            recomputed = {"wavlm": (2, 3), "wav2vec2-conformer": (1, 2, 3)}
            assert made.apart or frozen in recomputed.get(backbone.architecture, ()), (frozen, made.note)
            got = made.upper(made.lower(given))
            assert torch.allclose(got, whole, rtol=1e-3, atol=1e-4 * float(whole.abs().max()))


def test_every_family_exports(backbone):
    network = entry(Taps(backbone, (Tap(2, False), Tap(backbone.n, True))), backbone.input).eval()
    session = onnxruntime.InferenceSession(
        to_onnx(network, rows_like(backbone.input, 2).numpy()), providers=["CPUExecutionProvider"]
    )
    rows = rows_like(backbone.input, 3, seed=2)
    if backbone.input.ragged:
        rows = rows[:, :9000].contiguous()
    with torch.inference_mode():
        wanted = [t.numpy() for t in network(rows)]
    assert agreement(session.run(None, {"rows": rows.numpy()}), wanted) > 0.9999


@pytest.mark.parametrize("family", ["wav2vec2", "hubert", "wavlm"])
def test_silence_behind_a_sound_changes_nothing(folders, family):
    backbone = load_backbone(str(folders[family]))
    rows = rows_like(backbone.input, 2)  # the second one is filled up
    network = entry(backbone.network, backbone.input)
    with torch.inference_mode():
        together, alone = network(rows)[1], network(rows[1:, : 16_000 * 2 // 3])[0]
    assert torch.allclose(together, alone, atol=1e-5 * float(alone.abs().max()))


def test_a_click_shorter_than_the_first_filters_is_filled_up(backbone):
    click = open_audio(np.full(20, 0.5, dtype=np.float32), "click", 16_000)
    row = backbone.input.row(click)
    network = entry(backbone.network, backbone.input)
    with torch.inference_mode():
        got = network(torch.from_numpy(row[None]))
    assert got.shape == (1, backbone.dim) and got.isfinite().all()
    if backbone.input.ragged:
        frames = backbone.network.model._get_feat_extract_output_lengths
        assert (frames(len(row)), frames(len(row) - 1)) == (1, 0)  # not a sample more than is needed
        assert row[:20].all() and not row[20:].any()


def test_networks_that_mind_silence_take_sounds_of_one_length_at_a_time(folders):
    minding = ("wav2vec2 group", "data2vec-audio", "wav2vec2-conformer")
    for family in ("wav2vec2", "hubert", "wavlm", *minding):
        spec = load_backbone(str(folders[family])).input
        assert spec.chunk == (1 if family in minding else 8), family


@pytest.mark.parametrize("family", ["wav2vec2 group", "data2vec-audio", "wav2vec2-conformer"])
def test_in_a_batch_they_give_what_they_give_of_each_sound_alone(folders, family):
    backbone = load_backbone(str(folders[family]))
    rows = rows_like(backbone.input, 4)
    rows[1, 9000:] = rows[2, 5000:] = SILENCE  # the last one is filled up too
    lengths = [16_000, 9000, 5000, 16_000 * 2 // 3]
    made = cut(backbone, 2)
    with torch.inference_mode():
        whole = entry(backbone.network, backbone.input)(rows)
        above = (
            made.upper(entry(made.lower, backbone.input)(rows)) if made.apart else made.from_rows(backbone.input)(rows)
        )
        pooled, kept = entry(Taps(backbone, (Tap(1, True), Tap(2, False))), backbone.input)(rows)
        for k, length in enumerate(lengths):
            alone = entry(backbone.network, backbone.input)(rows[k : k + 1, :length])[0]
            near = 1e-4 * float(alone.abs().max())
            assert torch.allclose(whole[k], alone, atol=near)
            assert torch.allclose(above[k], alone, atol=near)
        assert kept.shape[0] == pooled.shape[0] == 4 and pooled.shape[1] == 32


@pytest.mark.parametrize("frozen", [0, 2])
def test_nothing_is_left_out_at_random_in_training(backbone, frozen):
    made = cut(backbone, frozen)
    spec = backbone.input
    rows = rows_like(spec, 2)
    if spec.ragged:
        rows = rows[:, :1500].contiguous()  # a tenth of a second: fewer frames than a mask of transformers is long
    upper = made.from_rows(spec)
    with torch.no_grad():
        given = rows if made.tap.stage == 0 else entry(made.lower, spec)(rows)
        wanted = upper.eval()(given)
        upper.train()
        _without_dropout(upper)
        for _ in range(20):
            assert torch.allclose(upper(given), wanted, atol=1e-5 * float(wanted.abs().max()))


def _without_dropout(network):
    """And with batch normalisation's own statistics, as training has it."""
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if isinstance(module, torch.nn.BatchNorm1d):
            module.eval()
        for name, value in vars(module).items():
            if "dropout" in name and isinstance(value, float):
                setattr(module, name, 0.0)


def test_what_lies_below_a_cut_that_is_recomputed_stays_as_it_is(folders):
    made = cut(load_backbone(str(folders["wavlm"])), 2)
    assert not made.apart
    made.upper.train()
    training = {name for name, module in made.upper.network.named_modules() if module.training}
    assert training and all(name.startswith(("model.encoder.layers.1", "model.encoder.layers.2")) for name in training)


def test_features_are_those_of_transformers_itself(folders):
    transformers = import_transformers()
    backbone = load_backbone(str(folders["hubert"]))
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 9000).astype(np.float32)
    row = backbone.input.row(open_audio(samples, "a", 16_000))
    with torch.inference_mode():
        ours = entry(backbone.network, backbone.input)(torch.from_numpy(row[None]))[0].numpy()
        values = transformers.AutoFeatureExtractor.from_pretrained(folders["hubert"])(
            row.astype(np.float32) / 32_767, sampling_rate=16_000, return_tensors="pt"
        )
        model = transformers.AutoModel.from_pretrained(folders["hubert"]).eval()
        theirs = model(**values).last_hidden_state.mean(1)[0].numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_a_model_of_spectra_survives_the_disk(folders, tmp_path):
    from jeoni.heads.linear import Linear

    backbone = load_backbone(str(folders["whisper"]))
    head = Linear().build(backbone.dim, 2).eval()
    Model(backbone, head, "linear", of_classes("ab"), backbone.n, backbone.n).save(tmp_path / "model")
    kept = load_model(tmp_path / "model")
    assert kept.backbone.input == backbone.input
    given = example(backbone.input, 1)
    with torch.inference_mode():
        assert torch.equal(kept.backbone.network(given), backbone.network(given))
    again = load_input("spectrum", backbone.input.describe(), tmp_path / "model")
    sound = open_audio(np.zeros(8000, dtype=np.float32) + 0.1, "a", 16_000)
    np.testing.assert_array_equal(again.row(sound), backbone.input.row(sound))
