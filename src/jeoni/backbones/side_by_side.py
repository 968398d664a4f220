"""Features of several stages side by side: the average of each over positions, out of one pass.

A stage may give what the one below it gave, such as the pooling after the last block; such twins are told apart by
trying the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, Taps, whole
from jeoni.backbones.entry import example

__all__ = ["side_by_side", "upper_stages"]

_DIFFERENT: dict[str, tuple[int, ...]] = {}  # by fingerprint: the stages that give something new, from the topmost down


def side_by_side(backbone: Backbone, stages: Sequence[int]) -> Backbone:
    """The same network, its features those of several stages; none of it is run twice.

    Args:
        backbone: any.
        stages: numbers of stages, lowest first; the topmost is among them.
    """
    made = replace(backbone, beside=tuple(stages))
    with torch.inference_mode():
        return replace(made, dim=int(whole(made)(example(backbone.input, 1)).shape[1]))


def upper_stages(backbone: Backbone, count: int) -> tuple[int, ...]:
    """The topmost stage and the nearest ones below it that give something else than the one above; lowest first.

    Args:
        backbone: whose.
        count: how many; fewer where there are no more.
    """
    if backbone.fingerprint not in _DIFFERENT:
        _DIFFERENT[backbone.fingerprint] = _different(backbone)
    return tuple(sorted(_DIFFERENT[backbone.fingerprint][:count]))


def _different(backbone: Backbone) -> tuple[int, ...]:
    if backbone.n == 1 or not backbone.learned:
        return (backbone.n,)
    taps = [Tap(k, True) for k in range(1, backbone.n + 1)]
    with torch.inference_mode():
        values = Taps(backbone, taps)(example(backbone.input, 2))
    found = [backbone.n]
    for stage in range(backbone.n - 1, 0, -1):
        value, above = values[stage - 1], values[found[-1] - 1]
        if value.shape != above.shape or not torch.allclose(value, above, rtol=1e-4, atol=1e-6):
            found.append(stage)
    return tuple(found)
