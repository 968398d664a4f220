"""Detectors of Hugging Face's transformers: their convolutional part as a backbone of stages, and the rest beside it.

DETR (Carion et al. ECCV 2020, arXiv:2005.12872) and RT-DETR (Zhao et al. CVPR 2024, arXiv:2304.08069) give feature maps
of one or several stages to an encoder, a decoder and heads. The maps are what stages of any backbone give; the rest is
kept as tensors, and becomes a head on these maps (:mod:`jeoni.dense.heads.detection.detr`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.stages import Stage, watching

__all__ = ["FAMILIES", "DetectorFeatures", "DetectorRest", "detector_rest", "is_detector"]

FAMILIES = ("detr", "table-transformer", "rt_detr", "rt_detr_v2")
BACKBONE = "model.backbone."
LISTS = ("stages", "layers")  # what the stages of a backbone are called, as a list
NUMBERED = "layer"  # or one by one


@dataclass(frozen=True, eq=False)
class DetectorRest:
    """What a detector does behind its feature maps.

    Attributes:
        config: of transformers.
        state: its tensors by name, without those of the backbone.
        labels: names of the classes that it was trained for, in order.
        strides: pixels for one place of each feature map.
    """

    config: Any
    state: Mapping[str, Tensor]
    labels: tuple[str, ...]
    strides: tuple[int, ...]


class DetectorFeatures(nn.Module):
    """Float images ``(n, 3, h, w)`` to the mean of the last feature map, ``(n, c)``; maps are taken out on the way.

    Args:
        model: of transformers, for object detection.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.body = model.model.backbone
        self.taps = nn.ModuleList(nn.Identity() for _ in self.body.intermediate_channel_sizes)
        self.tapped = True
        state = {name: one for name, one in model.state_dict().items() if not name.startswith(BACKBONE)}
        known = model.config.id2label
        labels = tuple(str(known[k]) for k in sorted(known))
        # no part of the network below: it has no stage, and is in no fingerprint
        self.__dict__["rest"] = DetectorRest(model.config, state, _distinct(labels), self._strides())

    def _strides(self) -> tuple[int, ...]:
        side = 128
        parameter = next(self.body.parameters())
        if parameter.device.type == "meta":
            return ()
        with torch.inference_mode():
            return tuple(round(side / one.shape[3]) for one in self.maps(torch.zeros(1, 3, side, side)))

    def maps(self, images: Tensor) -> list[Tensor]:
        """The feature maps that the detector goes on with, fine ones first."""
        whole = torch.ones(images.shape[0], *images.shape[2:], dtype=torch.bool, device=images.device)
        return [found for found, _ in self.body(images, whole)]

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        found = self.maps(images)
        if self.tapped:
            found = [tap(one) for tap, one in zip(self.taps, found, strict=True)]
        return found[-1].mean((2, 3))

    def found_stages(self, example: Tensor) -> tuple[Stage, ...]:
        """A stage for each of the backbone's own, where their outputs are the maps; else one, and one for each map."""
        blocks = self._blocks()
        self.tapped = not (blocks and self._are_maps(blocks, example))
        if self.tapped:
            whole = Stage("backbone", self._tensors("body"), ("body",))
            taps = [Stage(f"map {k + 1}", (), (f"taps.{k}",)) for k in range(len(self.taps))]
            return (whole, *taps, Stage("pool", (), ()))
        around = tuple(self._around("body", blocks))
        rest = tuple(name for name in self._tensors("body") if not name.startswith(tuple(f"{b}." for b in blocks)))
        first = Stage("block 1", rest + self._tensors(blocks[0]), (*around, blocks[0]))
        others = [Stage(f"block {k}", self._tensors(name), (name,)) for k, name in enumerate(blocks[1:], start=2)]
        return (first, *others, Stage("pool", (), ()))

    def _blocks(self) -> list[str]:
        """The dotted names of the backbone's own stages."""
        for name, module in self.body.named_modules():
            if isinstance(module, nn.ModuleList) and name.split(".")[-1] in LISTS:
                return [f"body.{name}.{k}" for k in range(len(module))]
        found = [n for n, _ in self.body.named_modules() if _is_numbered(n.split(".")[-1])]
        return [f"body.{name}" for name in found if not any(name.startswith(f"{other}.") for other in found)]

    def _are_maps(self, blocks: list[str], example: Tensor) -> bool:
        """Whether each feature map is what one of the stages gives, as it gives it."""
        given: list[Tensor] = []
        with torch.inference_mode(), watching(self, set(blocks), lambda name, value: given.append(value)):
            wanted = self.maps(example)
        return all(any(isinstance(one, Tensor) and torch.equal(one, other) for one in given) for other in wanted)

    def _tensors(self, below: str) -> tuple[str, ...]:
        names = [n for n, _ in self.named_parameters()] + [n for n, _ in self.named_buffers()]
        return tuple(name for name in names if name.startswith(f"{below}."))

    def _around(self, name: str, blocks: list[str]) -> Iterator[str]:
        """The topmost modules in which no stage lies."""
        for child, _ in self.get_submodule(name).named_children():
            here = f"{name}.{child}"
            if here in blocks:
                continue
            if any(block.startswith(f"{here}.") for block in blocks):
                yield from self._around(here, blocks)
            else:
                yield here


def _is_numbered(name: str) -> bool:
    return name.startswith(NUMBERED) and name[len(NUMBERED) :].isdecimal()


def _distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Names of which none is there twice: COCO's detectors have several called N/A."""
    seen: dict[str, int] = {}
    found = []
    for name in labels:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return tuple(found)


def detector_rest(network: nn.Module) -> DetectorRest | None:
    """What a backbone's detector does behind its maps; None of a backbone that came from no detector."""
    found = network.__dict__.get("rest")
    return found if isinstance(found, DetectorRest) else None


def is_detector(content: Mapping[str, Any]) -> bool:
    """Whether a ``config.json`` of transformers is that of an object detector.

    Example:
        >>> is_detector({"architectures": ["DetrForObjectDetection"]}), is_detector({"architectures": ["BertModel"]})
        (True, False)
    """
    named = content.get("architectures")
    return isinstance(named, list) and any(str(one).endswith("ForObjectDetection") for one in named)
