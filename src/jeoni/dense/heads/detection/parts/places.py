"""The places of feature maps in a row, in the order in which heads list them: map by map, line by line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from jeoni.errors import ConfigError

__all__ = ["Places", "places_of"]


@dataclass(frozen=True, eq=False)
class Places:
    """Of all maps, one after the other.

    Attributes:
        centers: ``(p, 2)`` x and y, pixels of the row.
        strides: ``(p,)`` pixels from one place to the next.
    """

    centers: Tensor
    strides: Tensor


def places_of(size: tuple[int, int], strides: Sequence[int], count: int, device: torch.device) -> Places:
    """The places of maps of those strides over rows of that size.

    Args:
        size: width and height of the rows, pixels.
        strides: of the maps.
        count: how many places all maps have together: networks round up or down where a stride does not divide.
        device: where they are needed.

    Raises:
        ConfigError: neither way of rounding gives that many.

    Example:
        >>> places_of((32, 16), [16], 2, torch.device("cpu")).centers.tolist()
        [[8.0, 8.0], [24.0, 8.0]]
    """
    for rounding in (math.ceil, math.floor):
        shapes = [_shape(size, stride, rounding) for stride in strides]
        if sum(width * height for width, height in shapes) == count:
            break
    else:
        raise ConfigError(
            f"Feature maps of strides {', '.join(map(str, strides))} have {count:,} places, which rows of {size[0]} x "
            f"{size[1]} pixels do not give. Use a size that the largest stride divides."
        )
    centers = [_centers(shape, stride) for shape, stride in zip(shapes, strides, strict=True)]
    each = [torch.full((len(c),), float(s)) for c, s in zip(centers, strides, strict=True)]
    return Places(torch.cat(centers).to(device), torch.cat(each).to(device))


def _shape(size: tuple[int, int], stride: int, rounding: Callable[[float], int]) -> tuple[int, int]:
    return max(1, rounding(size[0] / stride)), max(1, rounding(size[1] / stride))


def _centers(shape: tuple[int, int], stride: int) -> Tensor:
    x = (torch.arange(shape[0]) + 0.5) * stride
    y = (torch.arange(shape[1]) + 0.5) * stride
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns, rows], dim=-1).reshape(-1, 2)
