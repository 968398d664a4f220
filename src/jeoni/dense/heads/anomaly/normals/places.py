"""Descriptors of places: feature maps of several stages, laid on one grid."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from jeoni.dense.heads.anomaly.normals.held_out import Pictures
from jeoni.dense.protocol import MapShape

__all__ = ["chosen_maps", "place_descriptors", "sampled_descriptors"]

COARSEST = 16  # pixels: coarser places say what is there, not how it looks


def chosen_maps(maps: Sequence[MapShape]) -> tuple[int, ...]:
    """The numbers of the maps that are used: of strides up to 16, or the finest where all are coarser.

    Example:
        >>> chosen_maps([MapShape(40, 8), MapShape(112, 16), MapShape(320, 32)])
        (0, 1)
    """
    fine = tuple(k for k, one in enumerate(maps) if one.stride <= COARSEST)
    return fine or (0,)


def place_descriptors(maps: Sequence[Tensor], neighbourhood: int = 1) -> Tensor:
    """``(b, channels, h, w)``: all maps on the grid of the finest, which is the first, side by side.

    Args:
        maps: ``(b, c, h, w)``, fine ones first.
        neighbourhood: side of the square of places over which each map is averaged at its own grid.
    """
    size = maps[0].shape[-2:]
    found = []
    for one in maps:
        value = one.float()
        if neighbourhood > 1:
            value = functional.avg_pool2d(value, neighbourhood, 1, neighbourhood // 2)
        if value.shape[-2:] != size:
            value = functional.interpolate(value, size=size, mode="bilinear", align_corners=False)
        found.append(value)
    return torch.cat(found, 1)


def sampled_descriptors(
    pictures: Pictures, chosen: Sequence[int], neighbourhood: int, most: int, seed: int
) -> tuple[Tensor, int]:
    """Descriptors ``(m, channels)`` of places, and how many places there are in all.

    Args:
        pictures: of which each gives as many.
        chosen: numbers of the maps that are used.
        neighbourhood: see :func:`place_descriptors`.
        most: descriptors that are taken, but at least one of each picture.
        seed: of the choice.
    """
    draw = torch.Generator().manual_seed(seed)
    each = max(1, most // max(1, len(pictures)))
    found, places = [], 0
    for batch in pictures:
        rows = place_descriptors([batch[k] for k in chosen], neighbourhood).flatten(2).transpose(1, 2)
        places += rows.shape[0] * rows.shape[1]
        for picture in rows:
            some = torch.randperm(len(picture), generator=draw)[:each] if each < len(picture) else slice(None)
            found.append(picture[some].clone())
    return torch.cat(found), places
