"""Feature maps: whatever is stored and whatever is run again, the maps are the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Taps
from jeoni.backbones.entry import entry, rows_like
from jeoni.backbones.maps import map_network, map_stages
from jeoni.dense.frames import framed
from jeoni.errors import ConfigError
from jeoni.modalities.inputs.frame import FrameInput


def with_size(name, width=96, height=64):
    backbone = load_backbone(f"untrained:{name}", "", "")
    old = backbone.input
    return framed(replace(backbone, input=FrameInput(width, height, old.mean, old.std)))


@pytest.fixture(scope="module")
def resnet():
    return with_size("resnet18")


def test_stages_are_the_last_ones_at_each_stride(resnet):
    found = map_stages(resnet, (4, 8, 16, 32))
    assert [m.stride for m in found] == [4, 8, 16, 32]
    assert [m.channels for m in found] == [64, 128, 256, 512]
    assert [m.shape[1:] for m in found] == [(16, 24), (8, 12), (4, 6), (2, 3)]


def test_a_stage_that_only_widens_for_pooling_does_not_count():
    last = map_stages(with_size("efficientnet_lite0"), (32,))[0]
    assert last.channels == 192 or last.channels == 320  # not the 1,280 of the convolution before pooling


def test_a_stride_that_is_missing_is_left_out_and_none_at_all_is_an_error(resnet):
    assert [m.stride for m in map_stages(resnet, (8, 64))] == [8]
    with pytest.raises(ConfigError, match=r"gives feature maps at strides 4, 8, 16, 32; needed is one of 64"):
        map_stages(resnet, (64,))


@pytest.mark.parametrize("frozen", [0, 1, 2, 3, 4, 5, 6])
def test_maps_are_the_same_wherever_the_network_is_cut(resnet, frozen):
    maps = map_stages(resnet, (8, 16))
    pixels = rows_like(resnet.input, 2)
    with torch.inference_mode():
        wanted = map_network(resnet, maps, 0).eval()(pixels)
        network = map_network(resnet, maps, frozen).eval()
        rows = pixels
        if network.kept:
            kept = entry(Taps(resnet, [m.tap for m in network.kept]), resnet.input).eval()(pixels)
            rows = torch.cat([one.flatten(1) for one in kept], 1)
        found = network(rows)
    assert [m.shape for m in found] == [m.shape for m in wanted]
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_nothing_below_the_cut_is_copied_and_nothing_above_the_top_is_run(resnet):
    maps = map_stages(resnet, (8, 16))
    assert not list(map_network(resnet, maps, resnet.n).parameters())
    names = [name for name, _ in map_network(resnet, maps, 3).named_parameters()]
    assert names and not any("layer1" in name for name in names)


def test_pixels_are_taken_where_maps_may_not_be_stored(resnet):
    network = map_network(resnet, map_stages(resnet, (8,)), 3, stored=False)
    assert not network.kept and network.stored == 0


def test_tokens_of_a_transformer_are_maps_too():
    backbone = with_size("vit_tiny_patch16_224", 96, 64)
    (found,) = map_stages(backbone, (16,))
    assert found.channels == 192
    maps = map_network(backbone, (found,), 0).eval()(rows_like(backbone.input, 2))
    assert maps[0].shape == (2, 192, 4, 6)
