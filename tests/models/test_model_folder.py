"""Model folders that were damaged, or made to do harm: each is refused in a sentence, quickly, and nothing is lost."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
import resource
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import shorten
from jeoni.errors import ConfigError, JeoniError, StorageError, WeightsError
from jeoni.heads.fitting.mapped import mapped
from jeoni.heads.fitting.maps import Affine, RBFFeatures
from jeoni.models.loading import load_model
from jeoni.models.model import Model
from jeoni.runs import seal
from tests.conftest import TINY
from tests.made_tasks import classes as of_classes

Change = Callable[[dict[str, Any]], Any]


def make_model(backbone: str, head: str = "linear", keep: int = 0) -> Model:
    """With a random head of two classes."""
    made = load_backbone(backbone)
    made = shorten(made, keep) if keep else made
    torch.manual_seed(0)
    top = plugins.load("jeoni.heads", head)().build(made.dim, 2)
    return Model(made, top.eval(), head, of_classes(["no", "yes"]), made.n, made.n)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return make_model(TINY).save(tmp_path / "model")


@pytest.fixture
def texts(encoder_folder, tmp_path: Path) -> Path:
    return make_model(str(encoder_folder("bert"))).save(tmp_path / "model")


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    backbone = load_backbone("vectors:3")
    head = mapped((Affine(np.eye(3, 4), np.zeros(4)), RBFFeatures(np.ones((5, 4)), 1.0)), 5, 2).eval()
    facts = {"data": "d", "scores": {"accuracy": {"value": 0.9, "low": 0.8, "high": float("nan")}}}
    return Model(backbone, head, "linear", of_classes(["no", "yes"]), 1, 1, facts=facts).save(tmp_path / "model")


def reseal(folder: Path, change: Change) -> None:
    """Change ``config.json`` and its checksum, as somebody who means harm would."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(seal(config)))


def reweigh(folder: Path, change: Change) -> None:
    """Change the weights and their digest."""
    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    change(tensors)
    safetensors.torch.save_file(tensors, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    reseal(folder, lambda config: config["weights"].update(sha256=digest))


def put(config: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        config = config[key]
    config[place[-1]] = value


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*place, key))
    else:
        yield place


def deep(n: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(n):
        found = [found]
    return found


HOSTILE = (
    None, True, -1, 0, 1, 7, 10**6, 2**40, 10**300, -0.5, 1e-300, float("nan"), float("inf"), "", "x", "a/../../b",
    "/dev/zero", "\ud800", "\0", [], {}, [1, "a", None], {"a": {"b": 1}}, deep(50),
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        ("pictures", 0.03),
        ("texts", 0.03),
        ("vectors", 0.1),
        ("wav2vec2", 0.01),
        ("audio-spectrogram-transformer", 0.03),
    ],
)
def test_every_value_in_a_resealed_configuration_may_be_anything(
    kind, share, request, tmp_path, listener_folder, monkeypatch
):
    if kind in ("pictures", "texts", "vectors"):
        folder = request.getfixturevalue(kind)
    else:
        folder = make_model(str(listener_folder(kind))).save(tmp_path / "model")
    path = folder / "config.json"
    whole = json.loads(path.read_text())
    everything = [(place, value) for place in leaves(whole) if place != ("seal",) for value in HOSTILE]
    some = random.Random(0).sample(everything, int(share * len(everything)))
    refused = 0
    for place, value in some:
        changed = copy.deepcopy(whole)
        put(changed, place, value)
        path.write_text(json.dumps(seal(changed)))
        try:
            load_model(folder)
        except JeoniError as error:
            refused += 1
            assert str(error).endswith((".", "pip install --upgrade jeoni"))
    assert refused > len(some) / 3
    path.write_text(json.dumps(whole))
    load_model(folder)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("weights", "file"), "/dev/zero", "weights.file"),
        (("weights", "file"), "../model.safetensors", "weights.file"),
        (("backbone", "arguments"), {"checkpoint_path": "x.pth"}, r"came with arguments \(checkpoint_path\)"),
        (("backbone", "architecture"), "hf-hub:me/mine", "backbone.architecture"),
        (("backbone", "architecture"), "vit_7b_patch16_dinov3", "far larger than its weights file|does not fit"),
        (("backbone", "architecture"), "test_vit", "does not fit test_vit: it lacks"),
        (("backbone", "library"), "bundled", "backbone.library is 'bundled', which builds no networks"),
        (("backbone", "kind"), "smell", "kind is 'smell'; known are frame, image"),
        (("backbone", "input", "size"), 100_000, r"config\.json cannot be used: backbone\.size: Input should be less"),
        (("backbone", "input", "std", 0), 0.0, "std.0: Input should be greater than 0"),
        (("backbone", "provenance", "licence"), 3, "backbone.provenance.licence: Input should be a valid string"),
        (("backbone", "preferred"), {"batch_size": 0.5}, "backbone.preferred.batch_size"),
        (("cut", "frozen"), 99, "frozen is 99 .*, of . stages"),
        (("cut", "dropped"), 99, r"cut\.dropped is 99, of"),
        (("cut", "stages"), ["a"] * 40, r"cut\.stages names 40 stages; the network has"),
        (("head", "dim"), 7, r"head\.dim is 7; the backbone gives"),
        (("head", "id"), "mlp", "does not fit mlp of 2 outputs: it lacks"),
        (("class_names",), ["no", "no"], "class_names: .*two classes have the same name"),
        (("task", "class_names"), ["no", "yes", "both"], "does not fit linear of 3 outputs: it has other shapes"),
        (("task", "class_names"), ["no", "no"], "two names are the same"),
        (("task", "id"), "juggling", "task 'juggling' is not known here"),
        (("task",), {"id": "regression", "names": ["y"]}, "cannot be made of what was saved of it"),
        (("facts",), {"scores": {"accuracy": 1}}, r"facts\.scores\.accuracy: Input should be a valid dictionary"),
    ],
)
def test_a_value_out_of_bounds_is_named(pictures, place, value, said):
    reseal(pictures, lambda config: put(config, place, value))
    with pytest.raises(WeightsError, match=said):
        load_model(pictures)


def test_a_folder_of_before_there_were_tasks_is_one_of_classes_and_one_must_say_what_it_predicts(pictures):
    reseal(pictures, lambda config: config.pop("task"))
    assert load_model(pictures).class_names == ("no", "yes")
    reseal(pictures, lambda config: config.pop("class_names"))
    with pytest.raises(WeightsError, match="neither task nor class_names say what is predicted"):
        load_model(pictures)


@pytest.mark.parametrize("field", ["backbone", "cut", "head", "weights"])
def test_a_missing_field_is_named(pictures, field):
    reseal(pictures, lambda config: config.pop(field))
    with pytest.raises(WeightsError, match=f"config.json cannot be used: {field}: Field required"):
        load_model(pictures)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("num_hidden_layers", 10**6, "num_hidden_layers is 1,000,000; it can be 10,000 at most"),
        ("num_hidden_layers", 9_000, "far larger than its weights file"),
        ("intermediate_size", 10**9, "far larger than its weights file|other shapes"),
        ("hidden_act", "no_such_thing", "cannot be built"),
        ("num_attention_heads", 5, "cannot be built|cannot be run"),
    ],
)
def test_an_encoder_of_another_size_is_refused_before_it_is_built(texts, name, value, said):
    reseal(texts, lambda config: config["backbone"]["arguments"]["config"].update({name: value}))
    with pytest.raises(WeightsError, match=said):
        load_model(texts)


def test_a_kernel_that_a_configuration_names_is_not_fetched(encoder_folder, tmp_path):
    folder = tmp_path / "encoder"
    shutil.copytree(encoder_folder("bert"), folder)
    config = json.loads((folder / "config.json").read_text())
    for name in ("_attn_implementation", "attn_implementation"):
        (folder / "config.json").write_text(json.dumps({**config, name: "someone/kernel"}))
        assert load_backbone(str(folder)).network.model.config._attn_implementation in ("sdpa", "eager")


def test_settings_that_name_code_or_a_hub_are_not_passed_on(texts):
    foreign = {
        "_attn_implementation": "someone/kernel", "experts_implementation": "someone/kernel",
        "auto_map": {"AutoModel": "someone/code--model.Model"}, "_name_or_path": "someone/code", "num_labels": 9000,
        "quantization_config": {"quant_method": "bitsandbytes"}, "use_pretrained_backbone": True,
    }  # fmt: skip
    before = load_model(texts).predict(["a fine film"]).probs
    reseal(texts, lambda config: config["backbone"]["arguments"]["config"].update(foreign))
    model = load_model(texts)
    np.testing.assert_array_equal(model.predict(["a fine film"]).probs, before)
    made = model.backbone.network.model.config
    assert not hasattr(made, "auto_map") and made._attn_implementation in ("sdpa", "eager")


@pytest.mark.parametrize(("most", "said"), [(0, "most: Input should be greater"), (4096, "most is 4096 tokens, more")])
def test_texts_must_have_room_in_the_network(texts, most, said):
    reseal(texts, lambda config: config["backbone"]["input"].update(most=most))
    with pytest.raises(WeightsError, match=said):
        load_model(texts)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["conv1.0.weight", "head.weight"])
def test_weights_that_are_not_finite_are_refused(pictures, name, value):
    names = safetensors.torch.load_file(pictures / "model.safetensors")
    full = next(n for n in names if n.endswith(name))
    reweigh(pictures, lambda tensors: tensors[full].view(-1)[:1].fill_(value))
    with pytest.raises(WeightsError, match=f"holds NaN or infinity in {full}"):
        load_model(pictures)


def test_weights_that_are_too_large_predict_nothing(vectors):
    reweigh(vectors, lambda tensors: tensors["head.weight"].fill_(3e38))
    with pytest.raises(WeightsError, match="gives NaN or infinity, first for example 0"):
        load_model(vectors).predict_features(np.ones((1, 3)))


def test_a_temperature_below_zero_would_turn_all_predictions_round(pictures):
    reweigh(pictures, lambda tensors: tensors["head.temperature"].fill_(-1.0))
    with pytest.raises(WeightsError, match="a temperature that is not above 0"):
        load_model(pictures)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def huge(path: Path) -> None:
    os.truncate(path, 1 << 40)


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def long_header(path: Path) -> None:
    path.write_bytes((2**63).to_bytes(8, "little") + path.read_bytes()[8:])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def latin(path: Path) -> None:
    path.write_bytes('{"a": "é"}'.encode("latin-1"))


def nested(path: Path) -> None:
    path.write_text("[" * 500_000)


@pytest.mark.parametrize("harm", [pipe, device, directory, huge, half, long_header, empty, latin, nested])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_files_that_are_no_files_or_damaged_are_refused(pictures, name, harm):
    harm(pictures / name)
    with pytest.raises(WeightsError, match=name):
        load_model(pictures)


@pytest.mark.parametrize("kind", ["pictures", "texts", "audio-spectrogram-transformer", "whisper"])
def test_one_changed_byte_in_any_file_is_noticed(kind, request, tmp_path, listener_folder):
    if kind in ("pictures", "texts"):
        folder = request.getfixturevalue(kind)
    else:
        folder = make_model(str(listener_folder(kind))).save(tmp_path / "model")
    names = [path.name for path in folder.iterdir() if path.name != "README.md"]
    assert len(names) == (2 if kind == "pictures" else 3)
    for name in names:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        with pytest.raises(WeightsError, match=name):
            load_model(folder)
        (folder / name).write_bytes(content)
    load_model(folder)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mean", 99.0, "preprocessor_config.json was changed"),
        ("feature_extractor_type", "Other", "feature_extractor_type is 'Other'"),
        ("max_length", 10**9, "max_length must lie between"),
        ("num_mel_bins", 10, "makes other spectra"),
        ("num_mel_bins", None, "num_mel_bins must lie between"),
    ],
)
def test_an_extractor_is_of_a_known_kind_and_size(listener_folder, tmp_path, name, value, said):
    folder = make_model(str(listener_folder("audio-spectrogram-transformer"))).save(tmp_path / "model")
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    if "changed" not in said:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        reseal(folder, lambda config: config["backbone"]["input"].update(digest=digest))
    with pytest.raises(WeightsError, match=said):
        load_model(folder)


@pytest.mark.parametrize("content", [b"{}", b"no json", b'{"model": {"type": "BPE"}}', b"\xff"])
def test_a_tokenizer_that_is_none_is_refused(texts, content):
    (texts / "tokenizer.json").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    reseal(texts, lambda config: config["backbone"]["input"].update(tokenizer=digest))
    with pytest.raises(WeightsError, match="describes no tokenizer"):
        load_model(texts)


@pytest.mark.parametrize("name", ["model/model.safetensors", "model/config.json", "model", "."])
def test_a_file_in_a_model_folder_stands_for_it(pictures, name):
    assert load_model(pictures.parent / name).class_names == ("no", "yes")
    assert load_backbone(str(pictures.parent / name)).architecture == "test_resnet"


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b", "nowhere", "photo.json"])
def test_what_is_no_model_folder_is_said(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("photo.json").write_text("{}")
    with pytest.raises(WeightsError, match=r"is not a model folder: config\.json is missing"):
        load_model(name)


def test_a_shortened_backbone_is_restored_with_its_own_stages(tmp_path):
    model = make_model(TINY, keep=2)
    loaded = load_model(model.save(tmp_path / "model"))
    assert loaded.backbone.fingerprint == model.backbone.fingerprint and loaded.backbone.n == 2


def test_a_mapped_head_and_its_facts_are_restored(vectors):
    model = load_model(vectors)
    assert model.predict_features(np.ones((2, 3))).shape == (2, 2)
    assert model.save(vectors) == vectors and load_model(vectors).facts["data"] == "d"


def test_a_folder_of_an_earlier_version_is_still_read(texts):
    def older(config: dict[str, Any]) -> None:
        config["backbone"]["arguments"]["config"].update(
            _name_or_path="klue/roberta-base", id2label={"0": "so/so", "1": "fine"}, task_specific_params={"a b": {}}
        )
        for name in ("column", "facts"):
            del config[name]

    reseal(texts, older)
    assert load_model(texts).class_names == ("no", "yes")


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Files beyond a size cannot be written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 1000])
def test_a_full_disk_leaves_the_old_model_as_it_was(pictures, full_disk, size):
    model = load_model(pictures)
    before = {path.name: path.read_bytes() for path in pictures.iterdir()}
    full_disk(size)
    with pytest.raises(StorageError, match="The model cannot be written to .*model: "):
        model.save(pictures)
    assert {path.name: path.read_bytes() for path in pictures.iterdir()} == before
    assert [path.name for path in pictures.parent.iterdir()] == ["model"]


def test_an_interrupted_save_leaves_the_old_model_as_it_was(pictures, monkeypatch):
    model = load_model(pictures)

    def interrupted(tensors: Any, path: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(safetensors.torch, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.save(pictures)
    assert load_model(pictures).class_names == ("no", "yes")
    assert [path.name for path in pictures.parent.iterdir()] == ["model"]


def test_a_folder_of_something_else_is_not_replaced(pictures):
    model, photos = load_model(pictures), pictures.parent / "photos"
    photos.mkdir()
    (photos / "mine.png").write_bytes(b"mine")
    for place in (photos, photos / "mine.png"):
        with pytest.raises(ConfigError, match="is not a model folder; it is left alone"):
            model.save(place)
    assert (photos / "mine.png").read_bytes() == b"mine"


def test_all_files_get_the_rights_that_new_files_get(pictures):
    before = os.umask(0o027)
    try:
        folder = load_model(pictures).save(pictures.parent / "other")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}


def test_a_folder_without_a_head_is_of_a_format_of_its_own(pictures):
    reseal(pictures, lambda config: config.update(format=3))
    with pytest.raises(WeightsError, match="a backbone without a head predicts nothing, but a head or a task is named"):
        load_model(pictures)
    reseal(pictures, lambda config: [config.pop(name) for name in ("head", "task", "class_names")])
    with pytest.raises(WeightsError, match=r"holds a pretrained backbone without a head.*jeoni fit DATA --backbone"):
        load_model(pictures)
    assert load_backbone(str(pictures)).n > 1
