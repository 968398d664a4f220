"""Reading a point from a heatmap to a part of a place: by an offset, by votes, or by DARK.

Votes: the offsets of all places around the best one count, by probability (Papandreou et al. ECCV 2018, PersonLab).

DARK: Zhang et al. CVPR 2020, arXiv:1910.06278: near its maximum the logarithm of a Gaussian is a parabola, whose own
maximum is one Newton step away. Here the logarithm is what the network gives, and is smoothed as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["READINGS"]

WINDOW = 3  # standard deviations around the best place whose votes count


def by_offset(heat: Tensor, probs: Tensor, offsets: Tensor, sigma: float) -> Tensor:
    """Points ``(b, k, 2)`` in places: the middle of the best place and the offset that it gives."""
    best = _best(heat)
    moved = offsets.flatten(3).gather(3, best[..., None, None].expand(-1, -1, 2, 1))[..., 0]
    return _middles(best, heat.shape[-1]) + moved


def by_dark(heat: Tensor, probs: Tensor, offsets: Tensor, sigma: float) -> Tensor:
    """Points ``(b, k, 2)`` in places: one Newton step on the smoothed logarithm, where that has a maximum."""
    smooth = _smoothed(heat, sigma)
    best = _best(smooth)
    width, height = heat.shape[-1], heat.shape[-2]
    column = (best % width).clamp(1, max(1, width - 2))
    row = (best // width).clamp(1, max(1, height - 2))

    def at(right: int, down: int) -> Tensor:
        index = (row + down).clamp(max=height - 1) * width + (column + right).clamp(max=width - 1)
        return smooth.flatten(2).gather(2, index[..., None])[..., 0]

    across, along = (at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2
    xx, yy = at(1, 0) - 2 * at(0, 0) + at(-1, 0), at(0, 1) - 2 * at(0, 0) + at(0, -1)
    xy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    whole = xx * yy - xy**2
    falls = (whole > 1e-9) & (xx < 0)
    safe = torch.where(falls, whole, 1.0)
    step = torch.stack([(xy * along - yy * across) / safe, (xy * across - xx * along) / safe], dim=-1)
    step = torch.where(falls[..., None], step, 0.0).clamp(-1, 1)
    return torch.stack([column, row], dim=-1) + 0.5 + step


def by_votes(heat: Tensor, probs: Tensor, offsets: Tensor, sigma: float) -> Tensor:
    """Points ``(b, k, 2)`` in places: the mean of where the places around the best one point to, by probability."""
    middle = _middles(_best(heat), heat.shape[-1])
    x = torch.arange(heat.shape[-1], device=heat.device) + 0.5
    y = torch.arange(heat.shape[-2], device=heat.device) + 0.5
    across = (x - middle[..., :1]).abs() <= WINDOW * sigma
    along = (y - middle[..., 1:]).abs() <= WINDOW * sigma
    near = probs * across[..., None, :] * along[..., None]
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    pointed = torch.stack([columns, rows]) + offsets
    whole = near.sum((-2, -1)).clamp(min=1e-12)
    return (near[:, :, None] * pointed).sum((-2, -1)) / whole[..., None]


Reading = Callable[[Tensor, Tensor, Tensor, float], Tensor]
READINGS: dict[str, Reading] = {"offset": by_offset, "votes": by_votes, "dark": by_dark}


def _best(heat: Tensor) -> Tensor:
    return heat.flatten(2).argmax(-1)


def _middles(best: Tensor, width: int) -> Tensor:
    return torch.stack([best % width, best // width], dim=-1) + 0.5


def _smoothed(heat: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur of every map by the width that the heatmap was trained with."""
    reach = max(1, round(2 * sigma))
    steps = torch.arange(-reach, reach + 1, device=heat.device, dtype=heat.dtype)
    kernel = (-(steps**2) / (2 * sigma**2)).softmax(0)
    maps = heat.flatten(0, 1)[:, None]
    maps = functional.conv2d(functional.pad(maps, (reach, reach, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    maps = functional.conv2d(functional.pad(maps, (0, 0, reach, reach), mode="replicate"), kernel.view(1, 1, -1, 1))
    return maps[:, 0].view_as(heat)
