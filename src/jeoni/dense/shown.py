"""Which held-out pictures a report shows: chosen by their scores alone, and what was predicted of them kept small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from jeoni.data.annotations import Heat, LabelMap, Prediction
from jeoni.types import Array, FloatArray

__all__ = ["SIDE", "Choice", "choose_shown", "kept_small"]

WORST, TYPICAL, BEST = 8, 6, 6
SIDE = 480  # pixels: the longer side of what is shown


@dataclass(frozen=True)
class Choice:
    """Numbers of pictures.

    Attributes:
        worst: those of the lowest scores, the lowest first.
        typical: those about the median.
        best: those of the highest scores, the highest first.
    """

    worst: tuple[int, ...] = ()
    typical: tuple[int, ...] = ()
    best: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        """In the order of their numbers."""
        return tuple(sorted({*self.worst, *self.typical, *self.best}))


def choose_shown(scores: FloatArray, among: Iterable[int] | None = None) -> Choice:
    """The pictures of the lowest, the middle and the highest scores; none is chosen twice.

    Args:
        scores: ``(n,)`` of each picture, higher is better; NaN where nothing is known, and nothing is shown.
        among: the pictures of which predictions are there; None: all.

    Example:
        >>> choose_shown(np.array([0.9, 0.1, np.nan, 0.5]))
        Choice(worst=(1,), typical=(3,), best=(0,))
    """
    order = np.argsort(scores, kind="stable")[: int(np.isfinite(scores).sum())].tolist()
    there = set(order if among is None else among)
    ranked = [(rank, i) for rank, i in enumerate(order) if i in there]
    third = -(-len(order) // 3)
    worst = ranked[: min(WORST, third)]
    rest = ranked[len(worst) :]
    best = rest[::-1][: min(BEST, third, len(rest))]
    rest = rest[: len(rest) - len(best)]
    middle = (len(order) - 1) / 2
    typical = sorted(sorted(rest, key=lambda one: abs(one[0] - middle))[:TYPICAL])
    return Choice(*(tuple(i for _, i in some) for some in (worst, typical, best)))


def kept_small(prediction: Prediction) -> Prediction:
    """A prediction as far as a picture of :data:`SIDE` pixels shows it, so that memory stays flat."""
    if isinstance(prediction, LabelMap):
        return LabelMap(_smaller(prediction.labels.astype(np.int32), "I").astype(np.int16))
    if isinstance(prediction, Heat) and prediction.heat is not None:
        return replace(prediction, heat=_smaller(prediction.heat.astype(np.float32), "F"))
    return prediction


def _smaller(values: Array, mode: str) -> Array:
    """``(h, w)`` at most :data:`SIDE` places wide and high; each takes the value that lies nearest."""
    height, width = values.shape
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(values, mode=mode).resize(size, Image.Resampling.NEAREST))
