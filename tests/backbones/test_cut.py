from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps, cut, merge, shorten
from jeoni.backbones.entry import entry
from jeoni.backbones.sources.timm import build_network, input_of
from jeoni.backbones.stages import find_stages
from jeoni.errors import ConfigError, WeightsError
from jeoni.features.export import to_onnx
from jeoni.modalities.inputs.image import ImageInput

QUICK = [
    "resnet18",
    "tf_efficientnet_lite0",
    "mobilenetv3_small_050",
    "convnext_atto",
    "vit_tiny_patch16_224",
    "densenet121",
    "regnety_002",
    "poolformer_s12",
    "test_convnext",
    "test_vit",
]
SLOW = [
    "swin_tiny_patch4_window7_224",
    "vgg11",
    "deit3_small_patch16_224",
    "inception_v3",
    "test_maxvit",
    "efficientnet_b0",
]
FAMILIES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


FREE_SIZE = {"resnet18", "densenet121", "poolformer_s12", "convnext_atto", "mobilenetv3_small_050", "regnety_002"}


def shaken(name: str) -> Backbone:
    """Random weights none of which is nearly zero: a branch that starts at zero would hide a wrong cut."""
    network = build_network(name)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim < 2:
                parameter.add_(torch.rand(parameter.shape, generator=generator) / 2 + 0.3)
    spec = replace(input_of(network), size=64) if name in FREE_SIZE else input_of(network)
    origin = Provenance("test", "", "", "")
    return build_backbone(network, name=name, architecture=name, input=spec, provenance=origin)


def tensors(network: nn.Module) -> set[str]:
    return {n for n, _ in network.named_parameters()} | {n for n, _ in network.named_buffers()}


@pytest.mark.parametrize("name", FAMILIES)
def test_stages_are_disjoint_cover_everything_and_can_be_run_apart(name):
    backbone = shaken(name)
    listed = [p for stage in backbone.stages for p in stage.parameters]
    assert len(listed) == len(set(listed))
    assert set(listed) == tensors(backbone.network)
    assert backbone.n >= 5
    images = torch.randn(2, 3, backbone.input.size, backbone.input.size)
    with torch.inference_mode():
        whole = backbone.network(images)
        for frozen in (1, backbone.n // 2, backbone.n - 1):
            made = cut(backbone, frozen)
            assert made.apart, made.note
            near = 1e-4 * float(whole.abs().max())
            torch.testing.assert_close(made.upper(made.lower(images)), whole, rtol=1e-4, atol=near)
            below = {p for stage in backbone.stages[:frozen] for p in stage.parameters}
            assert not below & tensors(made.upper)
    assert whole.shape == (2, backbone.dim)
    assert (whole[0] - whole[1]).abs().max() > 1e-3 * whole.abs().max()  # else any cut would look exact


def test_the_ends_of_the_range_are_all_or_nothing():
    backbone = load_backbone("untrained:test_resnet")
    images = torch.randn(1, 3, 160, 160)
    with torch.inference_mode():
        whole = backbone.network(images)
        for frozen in (0, backbone.n):
            made = cut(backbone, frozen)
            torch.testing.assert_close(made.upper(made.lower(images)), whole)
    for frozen in (-1, backbone.n + 1):
        with pytest.raises(ConfigError, match=f"has {backbone.n} stages"):
            cut(backbone, frozen)


def test_training_the_upper_part_leaves_the_backbone_as_it_was():
    backbone = load_backbone("untrained:test_resnet")
    before = {k: v.clone() for k, v in backbone.network.state_dict().items()}
    made = cut(backbone, 3)
    made.upper.train().requires_grad_(True)
    with torch.no_grad():
        held = made.lower(torch.randn(4, 3, 160, 160))
    optimizer = torch.optim.SGD(made.upper.parameters(), 0.1)
    made.upper(held).square().mean().backward()
    optimizer.step()
    assert all(torch.equal(before[k], v) for k, v in backbone.network.state_dict().items())


class Mixed(nn.Module):
    """Its second stage needs what the first one was given: it cannot be run apart."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 4), nn.BatchNorm2d(8))
        self.layer1 = nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))
        self.layer2 = nn.Conv2d(8, 8, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.stem(images)
        x = self.layer2(self.layer1(x)) + images.mean()
        return x.mean((2, 3)) * self.stem(images * 2).std()


def wrap(network: nn.Module) -> Backbone:
    spec = ImageInput(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    return build_backbone(network, name="mixed", architecture="", input=spec, provenance=Provenance("test", "", "", ""))


def test_a_network_that_cannot_be_run_apart_is_recomputed_without_gradients_and_says_so():
    backbone = wrap(Mixed())
    made = cut(backbone, 2)
    assert not made.apart and "cannot be run apart" in made.note
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(made.upper(made.lower(images)), backbone.network(images))
    before = {k: v.clone() for k, v in made.upper.state_dict().items()}
    made.upper.train().requires_grad_(True)
    made.upper(images).sum().backward()
    trained = {n for n, p in made.upper.named_parameters() if p.grad is not None}
    assert trained == {"network.layer2.weight", "network.layer2.bias"}
    assert all(torch.equal(before[k], v) for k, v in made.upper.state_dict().items())


def test_an_orphan_is_named():
    network = Mixed()
    network.lost = nn.Linear(4, 4)
    with pytest.raises(WeightsError, match=r"lost\.weight, lost\.bias belong to none"):
        find_stages(network, torch.zeros(1, 3, 32, 32))


def test_taps_pool_over_positions_and_not_over_channels():
    for name, stage in (("test_vit", 3), ("test_resnet", 2), ("swin_tiny_patch4_window7_224", 2)):
        backbone = load_backbone(f"untrained:{name}")
        images = torch.randn(2, 3, backbone.input.size, backbone.input.size)
        with torch.inference_mode():
            pooled, whole, last = Taps(backbone, (Tap(stage, True), Tap(stage, False), Tap(backbone.n, True)))(images)
            torch.testing.assert_close(last, backbone.network(images))
        channels = 1 if name == "test_resnet" else whole.ndim - 1
        positions = [d for d in range(1, whole.ndim) if d != channels]
        torch.testing.assert_close(pooled, whole.mean(positions))


def test_bytes_go_in_normalised_and_the_graph_exports_with_any_batch_size():
    backbone = load_backbone("untrained:test_efficientnet")
    network = entry(Taps(backbone, (Tap(3, False), Tap(backbone.n, True))), backbone.input).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (3, 160, 160, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(to_onnx(network, pixels), providers=["CPUExecutionProvider"])
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (backbone.input.mean, backbone.input.std))
    normal = (torch.from_numpy(pixels[:1]).permute(0, 3, 1, 2) / 255 - mean) / std
    with torch.inference_mode():
        wanted = backbone.network(normal).numpy()
    np.testing.assert_allclose(session.run(None, {"rows": pixels[:1]})[1], wanted, rtol=1e-3, atol=1e-4)


def test_a_cut_part_is_traced_without_what_follows_it():
    backbone = load_backbone("untrained:test_resnet")
    pixels = np.zeros((2, 160, 160, 3), dtype=np.uint8)
    short = to_onnx(entry(Taps(backbone, (Tap(1, True),)), backbone.input).eval(), pixels)
    whole = to_onnx(entry(Taps(backbone, (Tap(backbone.n, True),)), backbone.input).eval(), pixels)
    assert len(short) < 0.5 * len(whole)
    assert io.BytesIO(short).getbuffer().nbytes


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_vit", "test_convnext"])
def test_a_shorter_network_is_the_lower_stages_and_an_average(name):
    backbone = load_backbone(f"untrained:{name}")
    images = torch.randn(2, 3, backbone.input.size, backbone.input.size)
    for reuse in (1, backbone.n // 2, backbone.n - 1):
        shorter = shorten(backbone, reuse)
        assert (shorter.n, shorter.dropped) == (reuse, backbone.n - reuse)
        with torch.inference_mode():
            wanted = Taps(backbone, (Tap(reuse, True),))(images)[0]
            torch.testing.assert_close(shorter.network(images), wanted)
            made = cut(shorter, max(1, reuse - 1))
            torch.testing.assert_close(made.upper(made.lower(images)), wanted, rtol=1e-4, atol=1e-5)
        kept = {p for stage in shorter.stages for p in stage.parameters}
        assert set(shorter.network.state_dict()) == kept, "a dropped stage left something behind"
    assert shorten(backbone, backbone.n) is backbone


def test_none_or_too_many_stages_cannot_be_reused():
    backbone = load_backbone("untrained:test_resnet")
    for reuse in (0, backbone.n + 1):
        with pytest.raises(ConfigError, match="cannot be re-used"):
            shorten(backbone, reuse)


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
@pytest.mark.parametrize("frozen", [0, 2])
def test_a_merged_network_has_the_upper_part_as_it_is_now(name, frozen):
    backbone = load_backbone(f"untrained:{name}")
    made = cut(backbone, frozen)
    with torch.no_grad():
        for p in made.upper.parameters():
            p.add_(0.01)
    merged = merge(backbone, made)
    images = torch.randn(2, 3, backbone.input.size, backbone.input.size)
    with torch.inference_mode():
        torch.testing.assert_close(merged.network(images), made.upper(made.lower(images)), rtol=1e-4, atol=1e-5)
        assert not torch.allclose(merged.network(images), backbone.network(images))
    assert merged.fingerprint != backbone.fingerprint
    below = {p for stage in backbone.stages[:frozen] for p in stage.parameters}
    for key, value in backbone.network.state_dict().items():
        if key in below:
            assert torch.equal(value, merged.network.state_dict()[key])
