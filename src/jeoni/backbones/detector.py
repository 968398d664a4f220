"""Detectors of Hugging Face's transformers: what makes feature maps as a backbone of stages, and the rest beside it.

DETR (Carion et al. ECCV 2020, arXiv:2005.12872) and its successors, Conditional DETR (Meng et al. ICCV 2021,
arXiv:2108.06152), Deformable DETR (Zhu et al. ICLR 2021, arXiv:2010.04159), RT-DETR (Zhao et al. CVPR 2024,
arXiv:2304.08069), D-FINE (Peng et al. ICLR 2025, arXiv:2410.13842), LW-DETR (Chen et al. 2024, arXiv:2406.03459) and
RF-DETR (Robinson et al. 2025, arXiv:2511.09554), give feature maps of one or several stages to an encoder, a decoder
and heads. The maps are what stages of any backbone give; the rest is kept as tensors, and becomes a head on these maps
(:mod:`jeoni.dense.heads.detection.detr`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.stages import Stage, watching

__all__ = ["FAMILIES", "ONE_MAP", "STEP", "DetectorFeatures", "DetectorRest", "detector_rest", "is_detector"]

FAMILIES = (
    "detr", "table-transformer", "conditional_detr", "deformable_detr",
    "rt_detr", "rt_detr_v2", "d_fine", "lw_detr", "rf_detr",
)  # fmt: skip
ONE_MAP = ("rf_detr",)  # their backbone gives one map, and no list of maps
SQUARE = ("lw_detr", "rf_detr")  # windows of their vision transformer are only right in a square
STEP = 32  # pixels: the coarsest stride of the usual backbones
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


class WindowedViT(nn.Module):
    """The backbone of LW-DETR and RF-DETR: activations of a few layers, side by side, and what projects them to maps.

    Args:
        encoder: of transformers.
    """

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.joined = _Joined(encoder.backbone)
        self.projector = _Projector(encoder.projector, encoder.backbone.config.hidden_size)

    def forward(self, images: Tensor, whole: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Float images ``(n, 3, side, side)`` to maps ``(n, c, h, w)``; all places are part of the picture."""
        found = self.projector(self.joined(images))
        return [(one, whole) for one in ([found] if isinstance(found, Tensor) else found)]


class _Joined(nn.Module):
    """Several activations of one width as one tensor, at which the network can be cut."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat(self.layers(images).feature_maps, dim=1)


class _Projector(nn.Module):
    def __init__(self, inner: nn.Module, width: int) -> None:
        super().__init__()
        self.inner, self.width = inner, width

    def forward(self, joined: Tensor) -> Any:
        return self.inner(torch.split(joined, self.width, dim=1))


class DetectorFeatures(nn.Module):
    """Float images ``(n, 3, h, w)`` to the mean of the last feature map, ``(n, c)``; maps are taken out on the way.

    Args:
        model: of transformers, for object detection.

    Attributes:
        side_step: pixels; the sides of images are multiples of it.
        square: whether images have to be square.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        body, self.square = model.model.backbone, model.config.model_type in SQUARE
        self.body = WindowedViT(body) if self.square else body
        self.side_step = _side_step(model.config.backbone_config)
        self.taps = nn.ModuleList(nn.Identity() for _ in range(_map_count(self.body)))
        self.tapped = True
        state = {name: one for name, one in model.state_dict().items() if not name.startswith(BACKBONE)}
        known = model.config.id2label
        labels = tuple(str(known[k]) for k in sorted(known))
        # no part of the network below: it has no stage, and is in no fingerprint
        self.__dict__["rest"] = DetectorRest(model.config, state, _distinct(labels), self._strides())

    def _strides(self) -> tuple[int, ...]:
        side = 4 * self.side_step
        parameter = next(self.body.parameters())
        if parameter.device.type == "meta":
            return ()
        with torch.inference_mode():
            return tuple(round(side / one.shape[3]) for one in self.maps(torch.zeros(1, 3, side, side)))

    def maps(self, images: Tensor) -> list[Tensor]:
        """The feature maps that the detector goes on with, fine ones first."""
        whole = torch.ones(images.shape[0], *images.shape[2:], dtype=torch.bool, device=images.device)
        return [one for one, _ in self.body(images, whole)]

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        found = self.maps(images)
        if self.tapped:
            found = [tap(one) for tap, one in zip(self.taps, found, strict=True)]
        return found[-1].mean((2, 3))

    def found_stages(self, example: Tensor) -> tuple[Stage, ...]:
        """A stage for each of the backbone's own, where their outputs are the maps; else one, and one for each map.

        A projector that makes the maps is a stage between.
        """
        if isinstance(self.body, WindowedViT):
            below = Stage("backbone", self._tensors("body.joined"), ("body.joined",))
            above = Stage("projector", self._tensors("body.projector"), ("body.projector", "taps.0"))
            return (below, above, *self._map_stages()[1:], Stage("pool", (), ()))
        blocks = self._blocks()
        self.tapped = not (blocks and self._are_maps(blocks, example))
        if self.tapped:
            whole = Stage("backbone", self._tensors("body"), ("body",))
            return (whole, *self._map_stages(), Stage("pool", (), ()))
        around = tuple(self._around("body", blocks))
        rest = tuple(name for name in self._tensors("body") if not name.startswith(tuple(f"{b}." for b in blocks)))
        first = Stage("block 1", rest + self._tensors(blocks[0]), (*around, blocks[0]))
        others = [Stage(f"block {k}", self._tensors(name), (name,)) for k, name in enumerate(blocks[1:], start=2)]
        return (first, *others, Stage("pool", (), ()))

    def _map_stages(self) -> list[Stage]:
        return [Stage(f"map {k + 1}", (), (f"taps.{k}",)) for k in range(len(self.taps))]

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


def _map_count(body: nn.Module) -> int:
    """How many feature maps a backbone gives: one for each of its channels' widths, or of its projector's scales."""
    widths = getattr(body, "intermediate_channel_sizes", None)
    if widths is not None:
        return len(widths)
    return len(getattr(body.projector.inner, "scale_layers", ("one",)))


def _side_step(config: Any) -> int:
    """Pixels of which the sides of images are multiples: windows of patches of a vision transformer fill them."""
    patch, windows = getattr(config, "patch_size", None), getattr(config, "num_windows", 1)
    if not isinstance(patch, int):
        return STEP
    across = windows if config.model_type == "rf_detr_dinov2" else round(windows**0.5)
    return math.lcm(patch * across, STEP) if STEP % patch == 0 else patch * across


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
