"""Layers that heads on feature maps share: convolutions with a norm that does not depend on the batch, and a pyramid.

Group normalisation (Wu and He, ECCV 2018): a batch of whole pictures is too small for statistics over the batch. The
3 x 3 convolutions are separable (Chollet, CVPR 2017): an eighth of the work, which is what counts on a processor.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Pyramid", "flattened", "grouped_norm", "lateral", "resized", "separable"]

LARGEST_GROUP = 8


def grouped_norm(channels: int) -> nn.GroupNorm:
    """Of groups of at least eight channels, where their number allows it."""
    groups = next(g for g in range(min(16, max(1, channels // LARGEST_GROUP)), 0, -1) if channels % g == 0)
    return nn.GroupNorm(groups, channels)


def lateral(channels: int, wanted: int) -> nn.Sequential:
    """From a backbone's map to a head's channels, place by place."""
    return nn.Sequential(nn.Conv2d(channels, wanted, 1, bias=False), grouped_norm(wanted))


def separable(channels: int, wanted: int) -> nn.Sequential:
    """A 3 x 3 convolution of each channel, then one of each place; norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.Conv2d(channels, wanted, 1, bias=False),
        grouped_norm(wanted),
        nn.ReLU(inplace=True),
    )


def resized(maps: Tensor, like: Tensor) -> Tensor:
    """Maps of the size of others, each place the nearest one."""
    return functional.interpolate(maps, size=like.shape[-2:], mode="nearest")


class Pyramid(nn.Module):
    """A feature pyramid (Lin et al. CVPR 2017, arXiv:1612.03144): coarse maps are added to finer ones.

    Args:
        channels: of the maps that come, fine ones first.
        wanted: of those that it gives, one for each.
    """

    def __init__(self, channels: Sequence[int], wanted: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(lateral(c, wanted) for c in channels)
        self.smoothed = nn.ModuleList(separable(wanted, wanted) for _ in channels)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Maps ``(b, channels, h, w)``, fine ones first, to as many ``(b, wanted, h, w)``."""
        found: list[Tensor] = []
        above: Tensor | None = None
        for side, given in zip(reversed(self.laterals), reversed(maps), strict=True):
            here = side(given)
            above = here if above is None else here + resized(above, here)
            found.insert(0, above)
        return [smooth(one) for smooth, one in zip(self.smoothed, found, strict=True)]


def flattened(maps: Sequence[Tensor]) -> Tensor:
    """Maps ``(b, c, h, w)`` as rows ``(b, places, c)``, one map after the other."""
    return torch.cat([one.flatten(2).transpose(1, 2) for one in maps], dim=1)
