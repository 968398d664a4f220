from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import entry
from jeoni.explain.network import first_filters, grad_cam, responses


def make(name: str, n: int = 3):
    backbone = load_backbone(f"untrained:{name}")
    size = backbone.input.size
    pixels = np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    torch.manual_seed(0)
    head = nn.Linear(backbone.dim, 4)
    return backbone, head, pixels, np.arange(n) % 4


def test_before_an_average_and_a_line_it_is_the_class_activation_map():
    # Zhou et al. 2016: with global average pooling below a linear layer, the map is the weighted sum of the channels
    backbone, head, pixels, classes = make("test_resnet")
    found = grad_cam(backbone, head, pixels, classes)
    assert found is not None
    with torch.inference_mode():
        taps = entry(Taps(backbone, (Tap(backbone.n - 1, False),)), backbone.input)
        (activation,) = taps(torch.from_numpy(pixels))
        wanted = torch.einsum("nchw,nc->nhw", activation, head.weight[torch.from_numpy(classes)]).relu().numpy()
    wanted = wanted / np.maximum(wanted.max((1, 2), keepdims=True), 1e-12)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize("name", ["test_efficientnet", "test_convnext"])
def test_maps_lie_between_nought_and_one(name):
    backbone, head, pixels, classes = make(name)
    found = grad_cam(backbone, head, pixels, classes)
    assert found is not None and found.shape[0] == 3 and found.min() >= 0 and found.max() == pytest.approx(1)
    assert all(p.grad is None for p in backbone.network.parameters())


def test_a_transformer_that_reads_its_class_token_alone_is_explained_below_its_last_block():
    backbone, head, pixels, classes = make("test_vit")
    found = grad_cam(backbone, head, pixels, classes)
    assert found is not None and found.shape[1] == found.shape[2] > 1
    assert found.max() == pytest.approx(1)
    assert backbone.network.global_pool == "token"


def test_a_place_that_alone_decides_is_the_warm_one():
    """A head that adds up one channel, and an image that excites it in one corner: the map must find the corner."""
    backbone, _, pixels, _ = make("test_resnet", 1)
    pixels[:] = 0
    side = backbone.input.size // 2
    pixels[:, :side, :side] = np.random.default_rng(1).integers(0, 256, (1, side, side, 3))
    with torch.inference_mode():
        taps = entry(Taps(backbone, (Tap(backbone.n - 1, False),)), backbone.input)
        (activation,) = taps(torch.from_numpy(pixels))
    h, w = activation.shape[2:]
    inside = activation[0, :, : h // 2, : w // 2].amax((1, 2))
    channel = int((inside - activation[0, :, h // 2 :, w // 2 :].amax((1, 2))).argmax())
    head = nn.Linear(backbone.dim, 1, bias=False)
    with torch.no_grad():
        head.weight.zero_()[0, channel] = 1
    found = grad_cam(backbone, head, pixels, np.array([0]))
    assert found is not None
    row, column = np.unravel_index(found[0].argmax(), found[0].shape)
    assert row <= h // 2 and column <= w // 2


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_a_channel_is_shown_with_the_images_that_excite_it_most(name):
    backbone, _, pixels, _ = make(name, 10)
    found = responses(backbone, pixels, channels=2, images=3)
    assert len({r.stage for r in found}) >= 2
    names = [s.name for s in backbone.stages]
    for said in found:
        tap = Tap(names.index(said.stage) + 1, False)
        with torch.inference_mode():
            (value,) = entry(Taps(backbone, (tap,)), backbone.input)(torch.from_numpy(pixels))
        side = math.isqrt(value.shape[1])
        one = (
            value[:, said.channel]
            if value.ndim == 4
            else value[:, -side * side :, said.channel].reshape(-1, side, side)
        )
        inner = one[:, 1:-1, 1:-1] if min(one.shape[1:]) >= 5 else one
        peaks = inner.flatten(1).amax(1).numpy()
        np.testing.assert_array_equal(said.images, np.argsort(-peaks, kind="stable")[:3])
        assert said.maps.min() >= 0 and said.maps.max() == pytest.approx(1)


def test_first_filters_are_the_weights_themselves():
    backbone = load_backbone("untrained:test_resnet")
    found = first_filters(backbone, 4)
    weight = next(m for m in backbone.network.modules() if isinstance(m, nn.Conv2d)).weight.detach()
    strongest = weight[weight.flatten(1).norm(dim=1).argmax()]
    assert found is not None and found.shape == (4, *weight.shape[2:], 3)
    wanted = (0.5 + 0.5 * strongest / strongest.abs().max()).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found[0], wanted, atol=1e-6)


@pytest.mark.slow
def test_a_network_whose_stages_hand_on_several_tensors_can_be_shown_and_probed():
    from jeoni.models.model import Model
    from jeoni.verbs.session.record import stage_table

    backbone, head, pixels, classes = make("crossvit_tiny_240", 2)
    assert grad_cam(backbone, head, pixels, classes) is None
    assert responses(backbone, pixels, images=1)
    table = stage_table(backbone, Model(backbone, head, "linear", ("a", "b", "c", "d"), backbone.n, backbone.n))
    several = [k for k, s in enumerate(table, start=1) if not s["output_shape"]]
    assert several
    with torch.inference_mode():
        taps = entry(Taps(backbone, (Tap(several[0], True),)), backbone.input)
        (features,) = taps(torch.from_numpy(pixels))
    assert features.ndim == 2 and len(features) == 2


@pytest.mark.slow
def test_a_layer_that_works_in_place_right_above_the_cut_does_no_harm():
    # VGG's last activation works in place, and stands above the topmost cut
    backbone, head, pixels, classes = make("vgg11", 1)
    assert grad_cam(backbone, head, pixels, classes) is not None
