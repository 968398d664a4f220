from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import ByteInput, Tap, Taps
from jeoni.explain import grad_cam


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
        taps = ByteInput(Taps(backbone, (Tap(backbone.n - 1, False),)), backbone.input)
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


def test_a_network_without_rows_and_columns_has_none():
    assert grad_cam(*make("test_vit")) is None
