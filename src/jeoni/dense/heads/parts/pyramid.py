"""A feature pyramid (Lin et al., CVPR 2017) of feature maps at several strides."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

__all__ = ["GROUPS", "Pyramid", "separable"]

GROUPS = 8


def separable(channels: int) -> nn.Sequential:
    """A convolution of 3 x 3 by channels, one of 1 x 1 over them, normalised by groups."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.GroupNorm(GROUPS, channels),
        nn.ReLU(inplace=True),
    )


class Pyramid(nn.Module):
    """Maps to as many maps of equal width, coarse ones added to finer ones from the top down.

    Args:
        given: channels of the maps, fine ones first.
        channels: of each level; a multiple of 8.
    """

    def __init__(self, given: Sequence[int], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, channels, 1, bias=False), nn.GroupNorm(GROUPS, channels)) for width in given
        )
        self.smooth = nn.ModuleList(separable(channels) for _ in given)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """``(b, channels, h, w)`` for each map."""
        levels = [lateral(m) for lateral, m in zip(self.lateral, maps, strict=True)]
        for k in range(len(levels) - 2, -1, -1):
            levels[k] = levels[k] + functional.interpolate(levels[k + 1], levels[k].shape[2:], mode="nearest")
        return [smooth(level) for smooth, level in zip(self.smooth, levels, strict=True)]
