"""Feature maps of several stages: what a head needs that says where in a picture something is.

Below the cut they are rows of the store, laid end to end; above it the network goes on from the activation at the cut.
Where a network cannot be run in two, or its maps do not fit on the disk, rows are pixels and the frozen stages are run
anew, without gradients.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Cut, Tap, Taps, cut
from jeoni.backbones.entry import entry, rows_like
from jeoni.errors import ConfigError
from jeoni.modalities.inputs import Input

__all__ = ["MapNetwork", "StageMap", "map_network", "map_stages"]

EXPANDS = 3  # times as many channels at the same stride: widened for the pooling behind it, not for places
_KNOWN: dict[tuple[str, Input], dict[int, StageMap]] = {}  # a few numbers for each network of a process


@dataclass(frozen=True)
class StageMap:
    """A stage whose activation is a feature map.

    Attributes:
        stage: how many stages have run.
        channels: of the map.
        stride: pixels of the row for one place of the map.
        shape: of one example's activation as the network gives it.
    """

    stage: int
    channels: int
    stride: int
    shape: tuple[int, ...]

    @property
    def tap(self) -> Tap:
        """Where it is taken out."""
        return Tap(self.stage, False)

    @property
    def numbers(self) -> int:
        """Numbers in one example's map."""
        return math.prod(self.shape)


def map_stages(backbone: Backbone, strides: Sequence[int]) -> tuple[StageMap, ...]:
    """The last stage at each of the strides, fine ones first; a stride that the backbone has not is left out.

    A stage that only widens what is pooled behind it, as EfficientNet's last convolution, does not count.

    Args:
        backbone: its input gives rows ``(height, width, 3)``.
        strides: that are wanted.

    Raises:
        ConfigError: the backbone gives no map at any of them.
    """
    last = _last_at_each_stride(backbone)
    chosen = tuple(last[s] for s in sorted(last) if s in strides)
    if not chosen:
        known = ", ".join(map(str, sorted(last))) or "none"
        raise ConfigError(
            f"{backbone.name} gives feature maps at strides {known}; needed is one of {', '.join(map(str, strides))}. "
            "Take a convolutional backbone, such as efficientnet_lite0, or a vision transformer with patches of 16."
        )
    return chosen


def _last_at_each_stride(backbone: Backbone) -> dict[int, StageMap]:
    """By stride; the network is run once for each weights and input, however often it is asked."""
    key = (backbone.fingerprint, backbone.input)
    if key in _KNOWN:
        return _KNOWN[key]
    last: dict[int, StageMap] = {}
    layout = _Layout.of(backbone.network)
    rows = rows_like(backbone.input, 1)
    taps = Taps(backbone, [Tap(stage, False) for stage in range(1, backbone.n)])
    with torch.inference_mode():
        found = entry(taps, backbone.input).eval()(rows)
    for stage, value in enumerate(found, start=1):
        there = layout.as_map(value, rows.shape[1:3])
        if there is None:
            continue
        stride = round(rows.shape[2] / there.shape[3])
        if stride in last and there.shape[1] >= EXPANDS * last[stride].channels:
            continue
        last[stride] = StageMap(stage, there.shape[1], stride, tuple(value.shape[1:]))
    _KNOWN[key] = last
    return last


@dataclass(frozen=True)
class _Layout:
    """How a network lays out its activations.

    Attributes:
        channels_last: of activations in four dimensions.
        extra: tokens before those of places.
    """

    channels_last: bool
    extra: int

    @classmethod
    def of(cls, network: nn.Module) -> _Layout:
        last = getattr(network, "output_fmt", "NCHW") == "NHWC"
        return cls(last, int(getattr(network, "num_prefix_tokens", 0)))

    def as_map(self, value: Any, size: Sequence[int]) -> Tensor | None:
        """An activation as ``(b, channels, h, w)``; None where it is no map.

        Args:
            value: of a stage.
            size: height and width of the rows, pixels.
        """
        if not isinstance(value, Tensor) or value.ndim not in (3, 4):
            return None
        if value.ndim == 3:
            return _grid(value[:, self.extra :], size)
        found = value.permute(0, 3, 1, 2) if self.channels_last else value
        return found if found.shape[2] > 1 or found.shape[3] > 1 else None


def _grid(tokens: Tensor, size: Sequence[int]) -> Tensor | None:
    """Tokens ``(b, t, c)`` in rows of the grid that the picture was parted into."""
    patch = math.sqrt(size[0] * size[1] / max(1, tokens.shape[1]))
    height, width = round(size[0] / patch), round(size[1] / patch)
    if height * width != tokens.shape[1]:
        return None
    return tokens.transpose(1, 2).reshape(len(tokens), -1, height, width)


class MapNetwork(nn.Module):
    """Rows to the maps of several stages, fine ones first; made by :func:`map_network`.

    Args:
        backbone: names what rows are.
        maps: that are given.
        kept: that lie end to end in rows; none where rows are pixels.
        body: what goes on from the last of these, or from the pixels; None where nothing is left to do.

    Attributes:
        kept: as above.
        stored: the stage of the last of these; 0 where rows are pixels.
        size: height and width of the rows, pixels.
    """

    def __init__(
        self, backbone: Backbone, maps: Sequence[StageMap], kept: Sequence[StageMap], body: nn.Module | None
    ) -> None:
        super().__init__()
        self.maps, self.kept = tuple(maps), tuple(kept)
        self.stored = max((m.stage for m in kept), default=0)
        self.size = tuple(rows_like(backbone.input, 1).shape[1:3])
        self._layout = _Layout.of(backbone.network)
        self._above = tuple(m.stage for m in maps if m.stage > self.stored)
        self.body: nn.Module | None = None
        if body is not None:
            taps = Taps(replace(backbone, network=body), [Tap(stage, False) for stage in self._above])
            self.body = taps if kept else entry(taps, backbone.input)

    @property
    def prefix(self) -> str:
        """Of the network's own parameter names in this module."""
        return "body.network." if self.kept else "body.module.network."

    @property
    def network(self) -> nn.Module | None:
        """What is above the rows; None where nothing is."""
        return None if self.body is None else self.get_submodule(self.prefix.removesuffix("."))

    def forward(self, rows: Tensor) -> list[Tensor]:
        """Pixels ``(b, h, w, 3)``, or stored maps end to end ``(b, numbers)``, to maps ``(b, channels, h, w)``."""
        values: dict[int, Tensor] = {}
        given = rows
        if self.kept:
            parts = torch.split(rows, [m.numbers for m in self.kept], 1)
            values = {m.stage: part.reshape(-1, *m.shape) for m, part in zip(self.kept, parts, strict=True)}
            given = values[self.stored]
        if self.body is not None:
            values |= dict(zip(self._above, self.body(given), strict=True))
        found = [self._layout.as_map(values[m.stage], self.size) for m in self.maps]
        return [one for one in found if one is not None]


def map_network(backbone: Backbone, maps: Sequence[StageMap], frozen: int, stored: bool = True) -> MapNetwork:
    """The part of a backbone above the cut, which gives the maps of several stages; a copy of what is trained.

    Args:
        backbone: in the state from which it starts.
        maps: the stages that are wanted.
        frozen: stages below the cut.
        stored: whether rows are maps from the store, where the network can be run in two; otherwise they are pixels.
    """
    top = max(m.stage for m in maps)
    at = min(frozen, top)
    if stored and at == top:
        return MapNetwork(backbone, maps, maps, None)
    made = cut(backbone, at) if stored and at else None
    if made is None or not made.tap.stage:
        return MapNetwork(backbone, maps, (), copy.deepcopy(backbone.network))
    kept = [m for m in maps if m.stage <= at]
    if all(m.stage < at for m in kept):
        kept.append(_at_cut(backbone, made))
    return MapNetwork(backbone, maps, kept, made.upper)


def _at_cut(backbone: Backbone, made: Cut) -> StageMap:
    """The activation at the cut, which no head asks for."""
    with torch.inference_mode():
        value = entry(made.lower, backbone.input).eval()(rows_like(backbone.input, 1))
    return StageMap(made.frozen, value.shape[1], 0, tuple(value.shape[1:]))
