"""See inside: where a network looks, what its stages respond to, and its first filters.

Grad-CAM (Selvaraju et al. ICCV 2017, arXiv:1610.02391): the class's logit is traced back to a stage's activation; each
channel counts by its mean gradient, and what speaks for the class is kept. As theirs, at a boundary between stages
instead of a named layer, and at the topmost one where places count: of a transformer that reads its class token alone,
that lies below the last block. What stages respond to: the images that excite a channel most, and where (after Zeiler &
Fergus ECCV 2014, arXiv:1311.2901, without their deconvolution).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, Taps, cut
from jeoni.backbones.entry import entry
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Response", "first_filters", "grad_cam", "responses"]

TOKENS = 5  # class and register tokens before those of the places


def grad_cam(backbone: Backbone, head: nn.Module, pixels: Array, classes: IntArray) -> FloatArray | None:
    """``(n, h, w)`` between 0 and 1: how much each place speaks for the class; h and w are those of the activation.

    Args:
        backbone: below.
        head: features to logits.
        pixels: ``(n, size, size, 3)`` uint8.
        classes: ``(n,)`` whose logit is explained.

    Returns:
        None where no stage has an activation with rows and columns that the network can be fed with.
    """
    images = torch.from_numpy(np.ascontiguousarray(pixels))
    for k in range(backbone.n - 1, 0, -1):
        made = cut(backbone, k)
        if not made.apart:
            continue
        with torch.no_grad():
            activation: Tensor = entry(made.lower, backbone.input)(images)
        grid = _grid(activation, backbone)
        if grid is None or min(grid.shape[2:]) == 1:
            continue
        leaf = activation.clone().requires_grad_(True)
        logits = head(made.upper(leaf.clone()))  # the first thing above the cut may work in place
        (traced,) = torch.autograd.grad(logits[range(len(classes)), torch.from_numpy(classes)].sum(), leaf)
        gradient = _grid(traced, backbone)
        assert gradient is not None
        if not gradient.any():
            continue
        with torch.inference_mode():
            heat = (grid * gradient.mean((2, 3), keepdim=True)).sum(1).relu()
            highest = heat.amax((1, 2), keepdim=True)
            maps: FloatArray = (heat / highest.clamp_min(1e-12)).double().numpy()
        return maps
    return None


@dataclass(frozen=True)
class Response:
    """The images that one channel of a stage responds to most.

    Attributes:
        stage: the stage's name.
        channel: its number.
        images: ``(m,)`` those that excite it most, the strongest first.
        maps: ``(m, h, w)`` between 0 and 1, the highest of each being 1: how much each place does.
    """

    stage: str
    channel: int
    images: IntArray
    maps: FloatArray


def responses(
    backbone: Backbone, pixels: Array, *, stages: int = 3, channels: int = 3, images: int = 4
) -> list[Response]:
    """Low, middle and high stages: a few channels of each that respond to something particular.

    Args:
        backbone: whose.
        pixels: ``(n, size, size, 3)`` uint8 to look among.
        stages: how many, spread from the lowest to the highest that has rows and columns.
        channels: of each stage.
        images: of each channel.

    Returns:
        Lowest stage first; empty where no stage has rows and columns.
    """
    taps = tuple(Tap(k, False) for k in range(1, backbone.n))
    network = entry(Taps(backbone, taps), backbone.input).eval()
    parts = [torch.from_numpy(np.ascontiguousarray(part)) for part in np.array_split(pixels, -(-len(pixels) // 8))]
    with torch.inference_mode():
        shapes = [_grid(value, backbone) for value in network(parts[0][:1])]
    spatial = [k for k, grid in enumerate(shapes) if grid is not None and min(grid.shape[2:]) > 1]
    chosen = sorted({spatial[round(i)] for i in np.linspace(0, len(spatial) - 1, min(stages, len(spatial)))})
    taps = tuple(taps[k] for k in chosen)
    if not taps:
        return []
    network = entry(Taps(backbone, taps), backbone.input).eval()
    with torch.inference_mode():
        seen = [network(part) for part in parts]
    found: list[Response] = []
    for number, tap in enumerate(taps):
        grid = _grid(torch.cat([values[number] for values in seen]), backbone)
        assert grid is not None
        values = grid.float().numpy()
        for channel in _particular(values, channels):
            best = np.argsort(-_peaks(values[:, channel]), kind="stable")[:images]
            maps = np.maximum(values[best, channel], 0).astype(float)
            highest = np.maximum(_peaks(maps), 1e-12)[:, None, None]
            shown = np.minimum(maps / highest, 1.0)
            found.append(Response(backbone.stages[tap.stage - 1].name, channel, best, shown))
    return found


def _particular(values: Array, most: int) -> list[int]:
    """Channels of ``(n, c, h, w)`` that some image excites far more than others do, and that differ from each other."""
    peaks = _peaks(values)
    spread = values.std((0, 2, 3)) + 1e-12
    several = np.sort(peaks, axis=0)[-4:].mean(0)  # one image alone may be an accident
    rank = np.argsort(-(several - np.median(peaks, 0)) / spread, kind="stable")
    chosen: list[int] = []
    for channel in rank:
        # two channels whose strongest images are the same show the same thing
        if peaks[:, channel].max() > 0 and all(peaks[:, channel].argmax() != peaks[:, c].argmax() for c in chosen):
            chosen.append(int(channel))
        if len(chosen) == most:
            break
    return chosen


def _peaks(values: Array) -> Array:
    """The highest value of maps ``(…, h, w)``; not at the rim, where padding excites many channels."""
    inner = values[..., 1:-1, 1:-1] if min(values.shape[-2:]) >= 5 else values
    peaks: Array = inner.max((-2, -1))
    return peaks


def first_filters(backbone: Backbone, most: int = 64) -> FloatArray | None:
    """``(m, h, w, 3)`` between 0 and 1, grey where a weight is zero: the first layer's filters, the strongest first.

    None where the first layer does not take colours or its filters have fewer than three rows.
    """
    for module in backbone.network.modules():
        if isinstance(module, nn.Conv2d):
            weight = module.weight.detach().float()
            if weight.shape[1] != 3 or min(weight.shape[2:]) < 3:
                return None
            order = weight.flatten(1).norm(dim=1).argsort(descending=True, stable=True)[:most]
            kept = weight[order]
            largest = kept.flatten(1).abs().amax(1).clamp_min(1e-12).view(-1, 1, 1, 1)
            shown: FloatArray = (0.5 + 0.5 * kept / largest).permute(0, 2, 3, 1).double().numpy()
            return shown
    return None


def _grid(value: Any, backbone: Backbone) -> Tensor | None:
    """An activation as ``(n, c, h, w)``: of channels last, and of tokens that lie in a square; else None."""
    if not isinstance(value, Tensor):  # some networks hand several from stage to stage
        return None
    if value.ndim == 4:
        return value.permute(0, 3, 1, 2) if getattr(backbone.network, "output_fmt", "NCHW") == "NHWC" else value
    if value.ndim != 3:
        return None
    side = math.isqrt(value.shape[1])
    before = value.shape[1] - side * side
    if side < 2 or before > TOKENS:
        return None
    return value[:, before:].transpose(1, 2).reshape(len(value), -1, side, side)
