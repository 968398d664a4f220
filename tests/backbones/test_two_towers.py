"""CLIP, SigLIP and CLAP: each tower gives what transformers' own model gives, and a saved model is the same again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import cut
from jeoni.backbones.entry import entry, example
from jeoni.backbones.sources.clap import Clap
from jeoni.backbones.sources.clip import Clip
from jeoni.errors import WeightsError
from jeoni.libraries import import_transformers
from tests.conftest import FILLER

TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
VISION = TEXT | {"image_size": 32, "patch_size": 8}
MEAN = [0.48, 0.46, 0.41]


@pytest.fixture(scope="session")
def tower_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``tower_folder("clip")``: a tiny model of that family with random weights, as ``save_pretrained`` writes it."""
    made: dict[str, Path] = {}

    def make(family: str) -> Path:
        if family not in made:
            made[family] = save_towers(tmp_path_factory.mktemp("towers") / family, family)
        return made[family]

    return make


def save_towers(folder: Path, family: str) -> Path:
    library = import_transformers()
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", *FILLER, "cat", "dog", "rain", "bell", "photo", "sound", "[SEP]"]
    plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    last = words.index("[SEP]")
    plain.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", last)]
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    tokenizer = library.PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=16, **special)
    ids = {"vocab_size": len(words), "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": last}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if family == "clip":
            text = TEXT | ids | {"max_position_embeddings": 16}
            model = library.CLIPModel(library.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=24))
        elif family == "siglip":
            text = TEXT | ids | {"max_position_embeddings": 16, "projection_size": 32}
            model = library.SiglipModel(library.SiglipConfig(text_config=text, vision_config=VISION))
            model.logit_scale.data.fill_(float(np.log(10)))
        else:
            text = TEXT | ids | {"max_position_embeddings": 20, "projection_dim": 24}
            audio = {
                "num_mel_bins": 16, "spec_size": 64, "window_size": 2, "patch_size": 4, "patch_stride": [4, 4],
                "patch_embeds_hidden_size": 8, "depths": [1, 1], "num_attention_heads": [2, 2], "num_hidden_layers": 2,
                "hidden_size": 16, "projection_dim": 24, "enable_fusion": family == "clap fused",
            }  # fmt: skip
            model = library.ClapModel(library.ClapConfig(text_config=text, audio_config=audio, projection_dim=24))
        for parameter in model.parameters():  # at their usual size, random weights hardly change what goes through
            if parameter.ndim > 1:
                parameter.data.mul_(5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if family.startswith("clap"):
        sizes = {
            "feature_size": 16,
            "sampling_rate": 8000,
            "hop_length": 160,
            "max_length_s": 1,
            "fft_window_size": 256,
        }
        extractor = library.ClapFeatureExtractor(**sizes, frequency_max=4000, truncation="rand_trunc")
        extractor.save_pretrained(folder)
    else:
        said = {"image_mean": MEAN, "image_std": [0.25, 0.25, 0.25], "resample": 3, "size": {"shortest_edge": 32}}
        (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_an_image_tower_gives_what_the_model_of_transformers_gives(tower_folder, family):
    folder = tower_folder(family)
    backbone = load_backbone(f"clip:{folder}")
    whole = import_transformers().AutoModel.from_pretrained(folder).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(backbone.network(images), whole.get_image_features(images).pooler_output, atol=1e-5)
    assert backbone.input.mean == tuple(MEAN) and backbone.input.size == 32
    assert [s.name for s in backbone.stages] == ["stem", "block 1", "block 2", "pool"]


@pytest.mark.parametrize(("family", "source"), [("clip", Clip), ("siglip", Clip), ("clap", Clap)])
def test_a_text_tower_gives_what_the_model_of_transformers_gives_for_texts_of_different_length(
    tower_folder, family, source
):
    folder = tower_folder(family)
    tower, scale = source().text_tower(str(folder))
    library = import_transformers()
    whole, tokenizer = library.AutoModel.from_pretrained(folder).eval(), library.AutoTokenizer.from_pretrained(folder)
    texts = ["a photo of a cat", "dog"]
    rows = [tower.input.row(tower.input.open(t.encode(), t)) for t in texts]
    padded = torch.full((2, max(map(len, rows))), -1, dtype=torch.int32)
    for k, row in enumerate(rows):
        padded[k, : len(row)] = torch.from_numpy(row)
    padding = {"padding": "max_length", "max_length": 16} if family == "siglip" else {"padding": True}
    given = tokenizer(texts, return_tensors="pt", **padding)
    if family == "siglip":  # was trained with all places seen
        given.pop("attention_mask")
    given.pop("token_type_ids", None)
    with torch.inference_mode():
        ours, theirs = tower.network(padded), whole.get_text_features(**given).pooler_output
    unit = torch.nn.functional.normalize
    assert torch.allclose(unit(ours, dim=1), unit(theirs, dim=1), atol=1e-5)
    logit_scale = whole.logit_scale_a if family == "clap" else whole.logit_scale
    assert scale == pytest.approx(float(logit_scale.detach().exp()), rel=1e-6)


@pytest.mark.parametrize("family", ["clap", "clap fused"])
def test_an_audio_tower_gives_what_the_model_of_transformers_gives(tower_folder, family):
    folder = tower_folder(family)
    backbone = load_backbone(f"clap:{folder}")
    library = import_transformers()
    whole, extractor = (
        library.ClapModel.from_pretrained(folder).eval(),
        library.ClapFeatureExtractor.from_pretrained(folder),
    )
    samples = np.random.default_rng(0).normal(size=8000).astype(np.float32) / 10
    given = extractor(samples, sampling_rate=8000, return_tensors="pt")["input_features"].float()
    clip = backbone.input.open(np.stack([samples], 1), "noise")
    clip = type(clip)(**{**vars(clip), "samples": samples, "rate": 8000})
    row = torch.from_numpy(backbone.input.row(clip))[None]
    assert torch.allclose(row, given[:, 0], atol=1e-4)
    views = given.expand(-1, 4, -1, -1) if family == "clap fused" else given
    with torch.inference_mode():
        theirs = whole.get_audio_features(views, is_longer=torch.zeros(1, 1, dtype=torch.bool)).pooler_output
        ours = torch.nn.functional.normalize(entry(backbone.network, backbone.input)(row), dim=1)
    assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(("family", "source"), [("clip", "clip"), ("siglip", "clip"), ("clap", "clap")])
def test_stages_below_and_above_a_cut_give_what_the_whole_tower_gives(tower_folder, family, source):
    backbone = load_backbone(f"{source}:{tower_folder(family)}")
    given = example(backbone.input, 2)
    with torch.inference_mode():
        whole = backbone.network(given)
        for frozen in range(1, backbone.n):
            made = cut(backbone, frozen)
            assert torch.allclose(made.upper(made.lower(given)), whole, atol=1e-4), frozen


def test_a_folder_of_another_family_or_without_safetensors_is_refused(tower_folder, encoder_folder, tmp_path):
    with pytest.raises(WeightsError, match="is of the family bert. Needed: a folder that save_pretrained wrote"):
        load_backbone(f"clip:{encoder_folder('bert')}")
    with pytest.raises(
        WeightsError, match="clip:.*could not be loaded.*of the family clip or siglip, with safetensors"
    ):
        load_backbone(f"clip:{tmp_path}")
    with pytest.raises(WeightsError, match="takes no weights file"):
        load_backbone(f"clap:{tower_folder('clap')}", weights="some.safetensors")
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"):
        (bare / name).write_bytes((tower_folder("clip") / name).read_bytes())
    torch.save({}, bare / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="could not be loaded"):
        load_backbone(f"clip:{bare}")


def test_a_folder_without_a_processor_is_refused(tower_folder, tmp_path):
    for file in tower_folder("clip").iterdir():
        if file.name != "preprocessor_config.json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(WeightsError, match="no preprocessor_config.json that says how its images are normalised"):
        load_backbone(f"clip:{tmp_path}")


@pytest.mark.parametrize(("source", "architecture"), [(Clip, "clip"), (Clap, "clap")])
def test_damaged_arguments_of_a_saved_tower_are_refused(source, architecture):
    with pytest.raises(WeightsError, match="arguments of the .* tower are damaged. Needed: config"):
        source().build(architecture, {"config": 3})
