"""The rival of detection.py: torchvision's FCOS on the same pretrained network, all of it trained, for a given time of one core.

Its pyramid has 128 channels (256 by default: twice as slow here), its towers four convolutions, as published. Rows and
random views are those of our own; AdamW, cosine, statistics of batch norm as they are. Its compiled non-maximum
suppression is missing where torchvision does not fit torch: then ours takes its place.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.backbones.cut import Taps
from jeoni.backbones.maps import map_stages
from jeoni.data.annotations import Detections
from jeoni.dense.heads.detection.parts.suppression import suppressed
from jeoni.libraries import import_torchvision

CHANNELS = 128
BATCH = 8
RATE = 5e-4


class _Body(nn.Module):
    """Feature maps of the network at strides 8, 16 and 32, and torchvision's pyramid with two coarser ones."""

    def __init__(self, backbone: Any, strides: tuple[int, ...]) -> None:
        super().__init__()
        from torchvision.ops import FeaturePyramidNetwork
        from torchvision.ops.feature_pyramid_network import LastLevelP6P7

        maps = map_stages(backbone, strides)
        self.out_channels = CHANNELS
        self.taps = Taps(backbone, [m.tap for m in maps])
        more = LastLevelP6P7(CHANNELS, CHANNELS)
        self.pyramid = FeaturePyramidNetwork([m.channels for m in maps], CHANNELS, more)

    def forward(self, images: Tensor) -> OrderedDict[str, Tensor]:
        maps = self.taps(images)
        return self.pyramid(OrderedDict((str(k), one) for k, one in enumerate(maps)))


def build(backbone: Any, classes: int, strides: tuple[int, ...]) -> nn.Module:
    """torchvision's FCOS with our network as its body."""
    import_torchvision()
    from torchvision.models.detection import FCOS
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.ops import boxes

    boxes.batched_nms = lambda b, s, i, overlap: suppressed(b, s, i, overlap, len(b))
    sizes = ((8,), (16,), (32,), (64,), (128,))
    spec = backbone.input
    backbone.network.requires_grad_(True)
    return FCOS(
        _Body(backbone, strides),
        classes + 1,
        min_size=min(spec.size),
        max_size=max(spec.size),
        image_mean=list(spec.mean),
        image_std=list(spec.std),
        anchor_generator=AnchorGenerator(sizes, ((1.0,),) * len(sizes)),
        score_thresh=0.02,
        topk_candidates=400,
        detections_per_img=100,
    )


def evidence_of(pictures: Any, chosen: Any, test: Any, seconds: float, seed: int) -> list[Any]:
    """What it found in the test pictures after so many seconds of one core."""
    torch.manual_seed(seed)
    backbone = pictures.backbone()
    network, spec = build(backbone, len(pictures.task.names), pictures.task.strides), backbone.input
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.05)
    rng, start, steps = np.random.default_rng(seed), time.process_time(), 0
    _to_train(network)
    while (spent := (time.process_time() - start) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, spent / 0.05 + 1e-3) * (0.5 + 0.5 * math.cos(math.pi * spent))
        views = [_view(pictures, spec, int(i), int(rng.integers(1, 1 << 30))) for i in rng.choice(chosen, BATCH)]
        losses = network([pixels for pixels, _ in views], [target for _, target in views])
        loss = sum(losses.values())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        steps += 1
    print(
        f"     torchvision's FCOS: {steps} steps of {BATCH} in {time.process_time() - start:.0f} s of one core",
        flush=True,
    )
    network.eval()
    return [_found(pictures, network, spec, int(i)) for i in test]


def _to_train(network: nn.Module) -> None:
    """Trained, but statistics of batch norm stay: batches are small."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _view(pictures: Any, spec: Any, index: int, number: int) -> tuple[Tensor, dict[str, Tensor]]:
    items = pictures.data.items
    opened = spec.open(items.read(index), items.name(index))
    pixels, geometry = spec.view(opened, pictures.task.augment, index.to_bytes(8, "little"), number)
    placed = pictures.task.moved(pictures.data.targets[index], geometry)
    there = ~placed.ignored
    target = {
        "boxes": torch.tensor(placed.boxes[there], dtype=torch.float32),
        "labels": torch.tensor(placed.labels[there] + 1),
    }
    return _tensor(pixels), target


def _found(pictures: Any, network: nn.Module, spec: Any, index: int) -> Any:
    items = pictures.data.items
    opened = spec.open(items.read(index), items.name(index))
    with torch.inference_mode():
        (said,) = network([_tensor(spec.row(opened))])
    extent = tuple(map(int, opened.size))
    found = Detections(said["boxes"].double().numpy(), said["labels"].numpy() - 1, said["scores"].double().numpy())
    back = pictures.task.returned(found, spec.geometry(extent), extent)
    return pictures.task.evidence(back, pictures.data.targets[index])


def _tensor(pixels: Any) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float() / 255
