"""The size at which pictures are computed where places in them matter, and a backbone that takes that size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.detector import STEP
from jeoni.backbones.entry import entry, rows_like
from jeoni.errors import ConfigError, DataError
from jeoni.locale import Said
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.modalities.inputs.image import ImageInput
from jeoni.types import Dataset

__all__ = ["frame_size", "framed", "tile_side", "with_frame"]

SAMPLE = 200  # pictures whose size is looked at
AUTO, TILE, TELL = "auto", 512, 2000  # the side of tiles, and the longer side of pictures from which on there are such
ENLARGED = 2.0  # times at most: more only blurs


def frame_size(data: Dataset, longest: int, enlarged: float = ENLARGED) -> tuple[int, int]:
    """Width and height, multiples of 32, in the proportions that most pictures have.

    Args:
        data: the pictures; only headers are read.
        longest: the longer side, pixels.
        enlarged: how many times small pictures are enlarged at most.

    Raises:
        DataError: none of them can be read.
    """
    probe = FrameInput(STEP, STEP, (0.5,) * 3, (0.5,) * 3)
    sizes = []
    for i in np.unique(np.linspace(0, len(data) - 1, min(SAMPLE, len(data))).astype(np.int64)):
        try:
            sizes.append(probe.extent(data.items.read(int(i)), data.items.name(int(i))))
        except DataError:
            continue
    if not sizes:
        raise DataError(Said("dense.no_picture", data=data.origin or data.name), path=data.origin or None)
    width, height = np.median(np.array(sizes), axis=0)
    scale = min(longest / max(width, height), enlarged)
    return _rounded(width * scale), _rounded(height * scale)


def _rounded(side: float, step: int = STEP) -> int:
    return max(step, step * round(side / step))


def _taken(backbone: Backbone, width: int, height: int) -> tuple[int, int]:
    """The sides next to these that a network takes: multiples of its own step, and equal where it needs a square."""
    step = getattr(backbone.network, "side_step", STEP)
    if getattr(backbone.network, "square", False):
        width = height = max(width, height)
    return _rounded(width, step), _rounded(height, step)


def with_frame(
    backbone: Backbone,
    data: Dataset,
    longest: int,
    said: tuple[int, int] | int | None = None,
    tile: int | None = None,
) -> Backbone:
    """The backbone with whole pictures as its input, or tiles of them.

    Args:
        backbone: one for pictures.
        data: the pictures, which decide size and window of values.
        longest: the longer side, where nothing was said; see :func:`frame_size`.
        said: by the user, width and height, or the longer side; multiples of 32 near them are taken.
        tile: the side of a square part of a picture at its own resolution, pixels; None: whole pictures.

    Raises:
        ConfigError: one for something else, or one that takes squares of one size only.
    """
    if not isinstance(backbone.input, (ImageInput, FrameInput)):
        raise ConfigError(Said("dense.other_backbone", name=backbone.name, modality=backbone.input.modality))
    width, height = _taken(backbone, *((tile, tile) if tile else _size(data, longest, said)))
    old = backbone.input
    made = FrameInput(width, height, old.mean, old.std, old.interpolation, old.window, old.own_window, bool(tile))
    return framed(replace(backbone, input=made.fitted(data)))


def tile_side(data: Dataset, said: str) -> int | None:
    """The side of tiles, pixels; None where whole pictures are computed.

    Args:
        data: the pictures; of some, headers are read.
        said: by the user: a number, nothing, or ``auto``: tiles where most pictures are large.
    """
    if said != AUTO:
        return int(said) if said else None
    return TILE if max(frame_size(data, TELL, 1.0)) >= TELL else None


def _size(data: Dataset, longest: int, said: tuple[int, int] | int | None) -> tuple[int, int]:
    if isinstance(said, tuple):
        return said
    return frame_size(data, longest) if said is None else frame_size(data, said, np.inf)


def framed(backbone: Backbone) -> Backbone:
    """The backbone, once it has been seen to take its frames; a vision transformer is set to their size.

    Raises:
        ConfigError: it takes no frames of this size.
    """
    spec = backbone.input
    assert isinstance(spec, FrameInput)
    resize = getattr(backbone.network, "set_input_size", None)
    try:
        if callable(resize):
            import copy

            network = copy.deepcopy(backbone.network)
            network.set_input_size(img_size=(spec.height, spec.width))  # type: ignore[operator]  # a method of timm's
            backbone = replace(backbone, network=network.eval())
        with torch.inference_mode():
            entry(backbone.network, spec).eval()(rows_like(spec, 1))
    except Exception as error:  # whatever a network does with a size that it does not take
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        size = f"{spec.width} x {spec.height}"
        raise ConfigError(Said("dense.no_such_size", name=backbone.name, size=size, reason=reason)) from error
    return backbone
