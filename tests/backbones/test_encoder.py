from __future__ import annotations

import json
import re
import shutil

import numpy as np
import onnxruntime
import pytest
import torch

from jeoni.backbones.catalog import default_backbone, load_backbone, packaged_for
from jeoni.backbones.cut import Tap, Taps, cut, merge, shorten
from jeoni.backbones.encoder import POOLINGS, Encoder
from jeoni.backbones.entry import entry, rows_like
from jeoni.backbones.packed import average, pack, unpack
from jeoni.backbones.sources.transformers import pooling_of, reads_forward
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.text_items import TextItems
from jeoni.errors import ConfigError, WeightsError
from jeoni.features.engine import agreement
from jeoni.features.export import to_onnx
from jeoni.libraries import import_transformers
from jeoni.modalities.inputs import collate
from jeoni.types import Dataset
from tests.conftest import FAMILIES, MORE_FAMILIES, TINY
from tests.made_tasks import classes as of_classes

NOTHING = torch.iinfo(torch.int32).min


@pytest.fixture
def load(encoder_folder):
    return lambda family="bert": load_backbone(str(encoder_folder(family)))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_cut_of_every_family_gives_exactly_the_whole(load, family):
    backbone = load(family)
    assert [s.name for s in backbone.stages] == ["embeddings", "layer 1", "layer 2", "layer 3", "pool"]
    named = [n for n, _ in backbone.network.named_parameters()] + [n for n, _ in backbone.network.named_buffers()]
    assert sorted(p for s in backbone.stages for p in s.parameters) == sorted(named)
    rows = rows_like(backbone.input, 5, seed=3)
    with torch.inference_mode():
        whole = backbone.network(rows)
        for frozen in range(1, backbone.n):
            made = cut(backbone, frozen)
            assert made.apart, made.note
            assert torch.allclose(made.upper(made.lower(rows)), whole, rtol=1e-4, atol=1e-5 * float(whole.abs().max()))


@pytest.mark.parametrize("family", FAMILIES)
def test_filling_up_changes_no_features_in_any_family(load, family):
    backbone = load(family)
    rows = rows_like(backbone.input, 3, seed=1)
    longer = torch.cat([rows, torch.full((3, 6), NOTHING, dtype=torch.int32)], 1)
    with torch.inference_mode():
        short, filled = backbone.network(rows), backbone.network(longer)
    assert torch.allclose(short, filled, atol=1e-5 * float(short.abs().max()))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_exports_with_any_length(load, family):
    backbone = load(family)
    network = entry(Taps(backbone, (Tap(2, False), Tap(2, True), Tap(backbone.n, True))), backbone.input).eval()
    session = onnxruntime.InferenceSession(
        to_onnx(network, rows_like(backbone.input, 2).numpy()), providers=["CPUExecutionProvider"]
    )
    rows = rows_like(backbone.input, 5, seed=2)[:, :9].contiguous()
    with torch.inference_mode():
        wanted = [t.numpy() for t in network(rows)]
    assert agreement(session.run(None, {"rows": rows.numpy()}), wanted) > 0.9999


def test_features_are_those_of_transformers_itself(encoder_folder, load):
    from transformers import AutoModel, AutoTokenizer

    backbone, texts = load("bert"), ["the film was good", "a dull story of many days and one night"]
    rows = collate([backbone.input.row(backbone.input.tokenize(t)) for t in texts])
    with torch.inference_mode():
        ours = backbone.network(torch.from_numpy(rows)).numpy()
    model = AutoModel.from_pretrained(encoder_folder("bert")).eval()
    tokens = AutoTokenizer.from_pretrained(encoder_folder("bert"))(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(input_ids=tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
    mask = tokens.attention_mask[..., None]
    np.testing.assert_allclose(ours, ((hidden * mask).sum(1) / mask.sum(1)).numpy(), rtol=1e-4, atol=1e-5)


def test_poolings_take_what_they_say():
    packed = pack(torch.arange(12.0).view(1, 4, 3), torch.tensor([[True, True, True, False]]))
    assert POOLINGS["cls"](packed).tolist() == [[0, 1, 2]]
    assert POOLINGS["last"](packed).tolist() == [[6, 7, 8]]
    assert average(packed).tolist() == [[3, 4, 5]]
    assert unpack(packed)[1].tolist() == [[True, True, True, False]]


def test_the_upper_part_trains_and_the_whole_has_its_weights_afterwards(load):
    backbone = load("deberta-v2")  # whose layers share a table that lies below them
    made = cut(backbone, 2)
    made.upper.requires_grad_(True)
    rows = rows_like(backbone.input, 4)
    made.upper(made.lower(rows).clone()).square().sum().backward()
    trained = {n for n, p in made.upper.named_parameters() if p.grad is not None}
    above = {p for s in backbone.stages[2:] for p in s.parameters}
    assert above <= trained
    with torch.no_grad():
        for name, parameter in made.upper.named_parameters():
            if name in above:
                parameter.add_(0.1)
    merged = merge(backbone, made)
    with torch.inference_mode():
        assert torch.allclose(merged.network(rows), made.upper(made.lower(rows)), rtol=1e-4, atol=1e-4)


def test_no_table_of_tokens_is_carried_above_a_cut(load):
    backbone = load()
    assert not any("word_embeddings" in n for n, _ in cut(backbone, 1).upper.named_parameters())


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_a_shorter_network_is_the_lower_stages_of_the_longer_one(load, family):
    backbone = load(family)
    short = shorten(backbone, 3)
    assert [s.name for s in short.stages] == ["embeddings", "layer 1", "layer 2"]
    rows = rows_like(backbone.input, 3)
    with torch.inference_mode():
        packed = Taps(backbone, (Tap(3, False),))(rows)[0]
        pooled = POOLINGS[short.network.pooling](packed)
        assert torch.allclose(short.network(rows), pooled, rtol=1e-4, atol=1e-4)


def test_a_twin_has_the_architecture_and_other_weights(load):
    backbone = load("roberta")
    twin = untrained_twin(backbone, 0)
    assert twin.fingerprint != backbone.fingerprint
    assert twin.fingerprint == untrained_twin(backbone, 0).fingerprint
    assert twin.network.state_dict().keys() == backbone.network.state_dict().keys()


def test_a_sentence_transformers_folder_says_how_it_pools(encoder_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(encoder_folder("bert"), folder)
    assert load_backbone(str(folder)).network.pooling == "mean"
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    assert load_backbone(str(folder)).network.pooling == "cls"


@pytest.mark.parametrize("family", [*FAMILIES, *MORE_FAMILIES])
def test_the_last_token_is_taken_where_it_alone_has_seen_all_and_nowhere_else(load, family):
    backbone = load(family)
    rows = rows_like(backbone.input, 1, seed=4)
    other = rows.clone()
    other[0, -1] = (rows[0, -1] + 1) % backbone.input.vocabulary
    with torch.inference_mode():
        one, two = backbone.network.started(rows), backbone.network.started(other)
    blind = torch.allclose(one[0, :-1], two[0, :-1], atol=1e-6)  # earlier tokens do not see later ones
    assert not torch.allclose(one[0, -1], two[0, -1], atol=1e-4)
    assert backbone.network.pooling == ("last" if blind else "mean")


@pytest.mark.parametrize(
    "flags, forward",
    [({}, True), ({"use_bidirectional_attention": True}, False), ({"is_causal": False}, False)],
)
def test_a_decoder_that_was_turned_into_an_encoder_is_one(flags, forward):
    config = import_transformers().AutoConfig.for_model("llama")
    for name, value in flags.items():
        setattr(config, name, value)
    assert reads_forward(config) is forward


def test_an_encoder_that_was_turned_into_a_decoder_is_one():
    assert reads_forward(import_transformers().AutoConfig.for_model("bert", is_decoder=True))


@pytest.mark.parametrize(
    "said, pooling", [({"pooling_mode_lasttoken": True}, "last"), ({"pooling_mode": "cls"}, "cls")]
)
def test_how_a_model_of_the_hub_pools_is_asked_of_the_hub(tmp_path, monkeypatch, said, pooling):
    transformers = import_transformers()
    (tmp_path / "config.json").write_text(json.dumps(said))
    asked = []

    def fetched(name, file, **options):
        asked.append((name, file, options.get("subfolder")))
        return str(tmp_path / "config.json")

    monkeypatch.setattr(transformers.utils, "cached_file", fetched)
    config = transformers.AutoConfig.for_model("bert")
    assert pooling_of(config, "someone/some-encoder") == pooling
    assert asked == [("someone/some-encoder", "config.json", "1_Pooling")]


@pytest.mark.parametrize("answer", [None, OSError("no such file on the hub"), ValueError("out of reach")])
def test_a_model_of_the_hub_that_says_nothing_of_pooling_is_pooled_by_its_kind(monkeypatch, answer):
    transformers = import_transformers()

    def missing(*args, **options):
        if answer is None:
            return None
        raise answer

    monkeypatch.setattr(transformers.utils, "cached_file", missing)
    kinds = {"bert": "mean", "llama": "last"}
    assert {f: pooling_of(transformers.AutoConfig.for_model(f), "someone/it") for f in kinds} == kinds


@pytest.mark.parametrize(
    "family, said",
    [
        ("albert", "AlbertModel cannot be cut: no list of 3 layers was found in it. Take another one, such as a BERT"),
        (
            "t5",
            "is of the family t5, which reads with one part and writes with another. Needed: an encoder or a decoder",
        ),
    ],
)
def test_a_family_that_cannot_be_cut_is_refused_with_a_mend(load, family, said):
    with pytest.raises(WeightsError, match=re.escape(said)):
        load(family)


def test_a_family_whose_own_code_fails_is_refused_with_its_reason(encoder_folder, monkeypatch):
    def broken(*args):
        raise RuntimeError("shapes do not match\nand more")

    monkeypatch.setattr(Encoder, "stages", broken)
    with pytest.raises(
        WeightsError, match=r"family bert, which cannot be run as stages \(.*shapes do not match\). Take"
    ):
        load_backbone(str(encoder_folder("bert")))


def test_code_that_comes_with_a_model_is_not_run(tmp_path, encoder_folder):
    folder = tmp_path / "evil"
    shutil.copytree(encoder_folder("bert"), folder)
    ran = tmp_path / "ran"
    code = f"from pathlib import Path\nPath({str(ran)!r}).touch()\nfrom transformers import BertConfig as C, BertModel as M\n"
    (folder / "evil.py").write_text(code)
    config = json.loads((folder / "config.json").read_text())
    mapped = {"auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}}
    (folder / "config.json").write_text(json.dumps(config | mapped | {"model_type": "evil"}))
    with pytest.raises(WeightsError, match="could not be loaded by transformers"):
        load_backbone(str(folder))
    assert not ran.exists()
    # a family that transformers itself knows is run by its own code, whatever the folder brings along
    (folder / "config.json").write_text(json.dumps(config | mapped))
    assert load_backbone(str(folder)).network.model.__class__.__module__.startswith("transformers.models.bert")
    assert not ran.exists()


def test_what_cannot_be_loaded_says_what_is_needed(tmp_path, encoder_folder):
    with pytest.raises(WeightsError, match="could not be loaded by transformers.*a folder that save_pretrained wrote"):
        load_backbone(f"transformers:{tmp_path / 'nothing'}")
    with pytest.raises(WeightsError, match="takes no weights file"):
        load_backbone(f"transformers:{encoder_folder('bert')}", weights="x.safetensors")


def dataset(texts):
    labels = np.arange(len(texts), dtype=np.int64) % 2
    return Dataset("t", TextItems(texts), labels, of_classes("ab"), modality="text")


def test_the_script_of_texts_decides_the_default():
    assert default_backbone(dataset(["A fine film.", "Dull."])) == "all-minilm-l6-v2"
    assert default_backbone(dataset(["정말 좋은 영화", "Dull."])) == "multilingual-e5-small"
    assert default_backbone(dataset(["Ein schöner Film über Bücher.", "Öde."])) == "multilingual-e5-small"
    english, korean = packaged_for(dataset(["A fine film.", "Dull."])), packaged_for(dataset(["정말 좋은 영화"]))
    assert set(english) - set(korean) == {"all-minilm-l6-v2"}  # it reads English only


def test_a_backbone_for_something_else_is_refused():
    from jeoni.backbones.catalog import fitted_to

    with pytest.raises(ConfigError, match="takes images; the data are texts"):
        fitted_to(load_backbone(TINY), dataset(["one", "two"]))
