"""Parts of a large image at its own resolution: a grid that overlaps, to predict, and random ones, to learn from.

Where a random tile lies is drawn before any pixel is touched, as for other views: see :mod:`.augment`.
"""

from __future__ import annotations

import math

import numpy as np

from jeoni.modalities.image.augment import Place, Policy

__all__ = ["GRID", "OVERLAP", "draw_tile", "grid_tile", "middle_tile", "tile_grid"]

GRID = "grid"  # in the place of a policy: view k of an image is tile k of its grid
OVERLAP = 0.25  # of a tile's side that it shares with the next one, at least
ZOOM = 1.25  # the largest change of scale of a random tile, either way
Box = tuple[float, float, float, float]


def tile_grid(extent: tuple[float, float], size: tuple[int, int], overlap: float = OVERLAP) -> list[Box]:
    """Left, top, right and bottom of tiles that cover an image, row by row; spread evenly, in whole pixels.

    Args:
        extent: width and height of the image, pixels.
        size: of a tile. An image that is smaller has one tile in that direction, itself.
        overlap: the share of a tile's side that it shares with the next one, at least.

    Example:
        >>> tile_grid((100, 40), (64, 64))
        [(0, 0, 64, 40), (36, 0, 100, 40)]
    """
    across, down = (_starts(round(e), s, overlap) for e, s in zip(extent, size, strict=True))
    return [
        (left, top, min(left + size[0], round(extent[0])), min(top + size[1], round(extent[1])))
        for top in down
        for left in across
    ]


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    count = math.ceil((length - side) / (side * (1 - overlap))) + 1
    return [round(k * (length - side) / (count - 1)) for k in range(count)]


def grid_tile(extent: tuple[float, float], size: tuple[int, int], number: int) -> Place:
    """The tile of that number, from 1; after the last the first one comes again."""
    tiles = tile_grid(extent, size)
    return Place(0.0, tiles[(number - 1) % len(tiles)], False, 1.0)


def middle_tile(extent: tuple[float, float], size: tuple[int, int]) -> Place:
    """The middle of an image."""
    return Place(0.0, _inside(extent, size, (0.5, 0.5)), False, 1.0)


def draw_tile(
    extent: tuple[float, float], size: tuple[int, int], policy: Policy, digest: bytes, number: int
) -> tuple[Place, np.random.Generator]:
    """A random tile, and the generator for what else is random about it; the order of draws never changes.

    Args:
        extent: width and height of the image, pixels.
        size: of the tile.
        policy: what may be done; of its crop only whether there is one, since a tile keeps the image's resolution.
        digest: of the image's content.
        number: of the view.
    """
    rng = np.random.default_rng([int.from_bytes(digest[:8], "little"), number, 1])
    degrees = rng.uniform(-policy.degrees, policy.degrees) if policy.degrees else 0.0
    scale = math.exp(rng.uniform(-1, 1) * math.log(ZOOM)) if policy.area < 1 else 1.0
    at = (rng.random(), rng.random())
    box = _inside(extent, (size[0] / scale, size[1] / scale), at)
    return Place(degrees, box, bool(policy.flip and rng.random() < 0.5), scale), rng


def _inside(extent: tuple[float, float], size: tuple[float, float], at: tuple[float, float]) -> Box:
    """A box of that size, or of the image's where that is smaller, ``at`` a share of the room that is left."""
    wide, high = min(size[0], extent[0]), min(size[1], extent[1])
    left, top = at[0] * (extent[0] - wide), at[1] * (extent[1] - high)
    return left, top, left + wide, top + high
