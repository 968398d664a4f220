"""Pictures that grow while a network is trained: small ones first, whole ones at the end.

Progressive resizing: Howard 2018 (DAWNBench, fast.ai), and Tan & Le 2021, "EfficientNetV2" (arXiv:2104.00298), who go
from 128 to 300 pixels in equal parts of the training. A step takes about as long as a picture has pixels, so half of a
training at three sevenths of the side, three tenths at four sevenths and the last fifth at the whole side take 0.4 of
the time. Ours differs: regularisation is alike at all sizes, and what is held out is looked at in the present size, so
that only looks at the whole size may decide which weights are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.entry import entry, rows_like
from jeoni.modalities.geometry import Geometry
from jeoni.training.rows import Rows
from jeoni.types import Array, IntArray

__all__ = ["ResizedRows", "Sizes", "growing_sizes", "resize"]

PLAN = ((3 / 7, 0.5), (4 / 7, 0.3), (1.0, 0.2))  # shares of the side, and of the steps
STRIDE = 32  # of most networks: their smallest map has a place for each such square
LEAST = 64  # pixels: below that, the topmost maps are a single place
_tried: dict[tuple[str, int], bool] = {}


@dataclass(frozen=True)
class Sizes:
    """The sides of pictures in the course of a training.

    Attributes:
        sides: in pixels, one after the other.
        shares: of the training that each of them has; their sum is 1.
        whole: the side of the rows as they are.

    Example:
        >>> sizes = Sizes((96, 224), (0.75, 0.25), 224)
        >>> sizes.at(0.0), sizes.at(0.8)
        (96, 224)
        >>> round(sizes.cost(), 3)
        0.388
    """

    sides: tuple[int, ...]
    shares: tuple[float, ...]
    whole: int

    def at(self, progress: float) -> int:
        """The side at a moment of the training, 0 … 1."""
        end = 0.0
        for side, share in zip(self.sides, self.shares, strict=True):
            end += share
            if progress < end - 1e-9:
                return side
        return self.sides[-1]

    def cost(self, progress: float = 0.0) -> float:
        """What a step takes from that moment on, on average, of the time of one at the whole size."""
        start, left, spent = 0.0, 0.0, 0.0
        for side, share in zip(self.sides, self.shares, strict=True):
            part = max(0.0, start + share - max(start, progress))
            left, spent, start = left + part, spent + part * self.cost_of(side), start + share
        return spent / left if left > 0 else self.cost_of(self.sides[-1])

    def cost_of(self, side: int) -> float:
        """What a step at that side takes, of the time of one at the whole size."""
        return (side / self.whole) ** 2

    def smallest(self) -> Sizes:
        """Only the first side, from beginning to end: for short trials."""
        return Sizes(self.sides[:1], (1.0,), self.whole)


class ResizedRows:
    """Rows of pictures, brought to a smaller side.

    Args:
        rows: pictures ``(n, side, side, 3)`` uint8.
        side: wanted, pixels.
    """

    def __init__(self, rows: Rows, side: int) -> None:
        self._rows, self._side = rows, side

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def lengths(self) -> IntArray | None:
        """See :class:`jeoni.training.rows.Rows`."""
        return self._rows.lengths

    @property
    def constant(self) -> bool:
        """See :class:`jeoni.training.rows.Rows`."""
        return self._rows.constant

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`jeoni.training.rows.Rows`; ``(b, side, side, 3)`` float."""
        made: Array = resize(torch.from_numpy(self._rows.batch(index, epoch)).float(), self._side).numpy()
        return made

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """Not known: what learns places does not grow."""
        return (None,) * len(index)


def resize(pixels: Tensor, side: int) -> Tensor:
    """``(b, h, w, 3)`` float to ``(b, side, side, 3)``, each pixel the mean of what it covers."""
    if pixels.shape[1] == side:
        return pixels
    images = pixels.permute(0, 3, 1, 2)
    smaller = nn.functional.interpolate(images, size=(side, side), mode="bilinear", antialias=True)
    return smaller.permute(0, 2, 3, 1)


def growing_sizes(backbone: Backbone, accepts: Callable[[Backbone, int], bool] | None = None) -> Sizes | None:
    """The sides in which a network is trained from scratch; None where it stays at its own.

    That is so where rows are no pictures, where they are small already, and where a network takes one size only, as
    transformers do whose positions are numbered.

    Args:
        backbone: what is trained.
        accepts: whether it takes pictures of a side; tried, if left out.
    """
    whole = getattr(backbone.input, "size", 0)
    if backbone.input.rows != "pixels" or not whole:
        return None
    sides = tuple(max(LEAST, STRIDE * round(share * whole / STRIDE)) if share < 1 else whole for share, _ in PLAN)
    if not sides[0] < sides[1] < sides[2]:
        return None
    takes = accepts or _accepts
    return Sizes(sides, tuple(share for _, share in PLAN), whole) if takes(backbone, sides[0]) else None


def _accepts(backbone: Backbone, side: int) -> bool:
    """Tried once for each network and side: whoever asks how long a training takes asks this too."""
    key = (backbone.fingerprint, side)
    if key not in _tried:
        _tried[key] = _gives_features(backbone, side)
    return _tried[key]


def _gives_features(backbone: Backbone, side: int) -> bool:
    rows = resize(rows_like(backbone.input, 1).float(), side)
    with torch.inference_mode():
        try:
            given = entry(backbone.network, backbone.input)(rows)
        except Exception:  # each library has its own way of refusing another size
            return False
    return tuple(given.shape) == (1, backbone.dim)
