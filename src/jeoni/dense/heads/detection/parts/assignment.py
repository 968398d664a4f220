"""Which place of which map is to find which object.

As in FCOS (Tian et al. ICCV 2019): the places near an object's middle (centre sampling, in the paper's second version),
and where two objects claim a place, the smaller one has it. Unlike FCOS, whose maps take fixed ranges of sizes made for
pictures of 800 pixels, an object belongs to the map on which it spans about ``span`` places, and to a neighbouring one
where it is nearly as near; so that small pictures use all their maps too. An object that lies between all places gets
the nearest one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jeoni.dense.heads.detection.parts.overlaps import areas
from jeoni.dense.heads.detection.parts.places import Places

__all__ = ["Assigned", "assign"]

NEAR = 0.75  # octaves of size within which a map takes an object
FAR = 1e9


@dataclass(frozen=True, eq=False)
class Assigned:
    """Of one picture.

    Attributes:
        object: ``(p,)`` the number of the object that each place is to find; -1: none.
        silent: ``(p,)`` bool: nothing is said of these places, since they lie in what is ignored.
    """

    object: Tensor
    silent: Tensor


def assign(boxes: Tensor, ignored: Tensor, places: Places, span: float, radius: float) -> Assigned:
    """Objects to places.

    Args:
        boxes: ``(k, 4)`` objects, pixels of the row.
        ignored: ``(k,)`` bool: neither to be found nor a false alarm.
        places: of all maps.
        span: how many places an object should span on its map.
        radius: how far from an object's middle its places lie, in strides.
    """
    nobody = torch.full((len(places.strides),), -1, dtype=torch.int64, device=boxes.device)
    if not len(boxes):
        return Assigned(nobody, nobody >= 0)
    inside = _inside(boxes, places)
    claimed = inside & _near_middle(boxes, places, radius) & _fitting(boxes, places, span)
    claimed = (claimed | _nearest(boxes, places, span, claimed)) & ~ignored[:, None]
    size = torch.where(claimed, areas(boxes)[:, None], torch.inf)
    smallest, chosen = size.min(dim=0)
    taken = smallest < torch.inf
    silent = (inside & ignored[:, None]).any(0) & ~taken
    return Assigned(torch.where(taken, chosen, nobody), silent)


def _inside(boxes: Tensor, places: Places) -> Tensor:
    """``(k, p)``: the place lies in the box."""
    after = places.centers[None] > boxes[:, None, :2]
    before = places.centers[None] < boxes[:, None, 2:]
    return (after & before).all(-1)


def _near_middle(boxes: Tensor, places: Places, radius: float) -> Tensor:
    away = (places.centers[None] - _middles(boxes)[:, None]).abs().amax(-1)
    return away < radius * places.strides


def _fitting(boxes: Tensor, places: Places, span: float) -> Tensor:
    """``(k, p)``: on the place's map the box spans about as many places as wanted, or it is the nearest one."""
    off = _octaves(boxes, places, span)
    return (off <= NEAR) | (off <= off.amin(dim=1, keepdim=True))


def _nearest(boxes: Tensor, places: Places, span: float, claimed: Tensor) -> Tensor:
    """``(k, p)``: the one place next to the middle, on the map that fits best, of boxes that have none so far."""
    off = _octaves(boxes, places, span)
    fits = off <= off.amin(dim=1, keepdim=True)
    away = (places.centers[None] - _middles(boxes)[:, None]).square().sum(-1)
    next_one = torch.where(fits, away, FAR).argmin(dim=1)
    found = torch.zeros_like(claimed)
    found[torch.arange(len(boxes), device=boxes.device), next_one] = ~claimed.any(dim=1)
    return found


def _octaves(boxes: Tensor, places: Places, span: float) -> Tensor:
    wanted = areas(boxes).clamp(min=1).sqrt() / span
    return (places.strides.log2()[None] - wanted.log2()[:, None]).abs()


def _middles(boxes: Tensor) -> Tensor:
    return (boxes[:, :2] + boxes[:, 2:]) / 2
