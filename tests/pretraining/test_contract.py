"""What holds for every way of pretraining."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.models.upstream import save_upstream
from jeoni.pretraining.learning.method import build_method
from tests.conftest import save_photos
from tests.pretraining.made_starts import SHORT, small_backbone, start_from, start_on_photos, text_backbone, texts

METHODS = plugins.names("jeoni.pretraining")
SMALL = {"vicreg": {"width": 16}, "lejepa": {"width": 16, "out": 8, "directions": 16}, "autoencoder": {"width": 16},
         "dcgan": {"width": 4, "noise": 8}, "sparse_coding": {"atoms": 6, "passes": 2}}  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return save_photos(tmp_path_factory.mktemp("photos"), each=12)


def begun(name, photos, recipe=SHORT):
    method = build_method(name, SMALL.get(name))
    if "image" in method.modalities:
        return method, start_on_photos(method, photos, recipe)
    return method, start_from(text_backbone(), texts(), method, recipe)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_a_backbone_that_is_saved_and_loaded_as_it_is(name, photos, tmp_path):
    method, start = begun(name, photos)
    found = method.learn(start)
    rows = torch.from_numpy(start.backbone.input.example_rows(3))
    facts = {"data": "made", "summary": "It was made.", "language": "en"}
    folder = save_upstream(found.backbone, tmp_path / "model", frozen=found.frozen, reuse=found.reuse, facts=facts)
    again = load_backbone(str(folder))
    with torch.inference_mode():
        features, loaded = (b.input.entry(b.network.eval())(rows) for b in (found.backbone, again))
    assert features.shape == (3, again.dim) and torch.allclose(features, loaded, atol=1e-5)
    assert [s.name for s in again.stages] == [s.name for s in found.backbone.stages]
    assert all(torch.isfinite(v).all() for v in found.backbone.network.state_dict().values() if v.is_floating_point())


@pytest.mark.parametrize("name", [n for n in METHODS if n != "sparse_coding"])
def test_frozen_stages_stay_bit_for_bit_and_the_others_move(name, photos):
    frozen = "0" if name == "dcgan" else "2"
    method, start = begun(name, photos, dataclasses.replace(SHORT, frozen=frozen))
    before = {k: v.clone() for k, v in start.backbone.network.state_dict().items()}
    found = method.learn(start)
    after = found.backbone.network.state_dict()
    assert found.frozen == int(frozen) and found.training["frozen_identical"]
    below = {p for stage in start.backbone.stages[: found.frozen] for p in stage.parameters}
    assert all(torch.equal(before[name], after[name]) for name in below & before.keys())
    if name != "supervised" or found.training["share"] > 0:
        assert any(not torch.equal(before[name], after[name]) for name in after if name not in below)
    assert all(torch.equal(before[name], v) for name, v in start.backbone.network.state_dict().items())


@pytest.mark.parametrize("name", METHODS)
def test_the_same_seed_gives_the_same_weights(name, photos):
    one, other = (method.learn(start) for method, start in (begun(name, photos), begun(name, photos)))
    assert one.backbone.fingerprint == other.backbone.fingerprint
    assert one.course == other.course


@pytest.mark.parametrize("name", [n for n in METHODS if n not in ("sparse_coding", "supervised")])
def test_every_step_of_the_loss_is_in_the_course(name, photos):
    method, start = begun(name, photos)
    found = method.learn(start)
    assert found.course.steps == tuple(range(1, 7))
    assert all(len(values) == 6 and np.isfinite(values).all() for values in found.course.terms.values())


def test_a_tiny_backbone_has_features_to_start_from():
    backbone = small_backbone()
    assert Tap(backbone.n, True).pooled and backbone.learned
