"""From scores of places to a smooth heat map, and to predictions in units of the threshold."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from jeoni.data.annotations import Heat

__all__ = ["gaussian_smoothed", "heat_predictions", "packed_outputs", "picture_scores"]

REACH = 4.0  # standard deviations of the kernel


def gaussian_smoothed(maps: Tensor, sigma: float) -> Tensor:
    """Maps ``(b, h, w)`` under a Gaussian of that standard deviation in places; edges are mirrored."""
    if sigma <= 0:
        return maps
    radius = min(int(REACH * sigma + 0.5), min(maps.shape[-2:]) - 1)
    at = torch.arange(-radius, radius + 1, dtype=torch.float32, device=maps.device)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    value = functional.pad(maps[:, None], (radius, radius, radius, radius), mode="reflect")
    value = functional.conv2d(value, kernel.view(1, 1, -1, 1))
    return functional.conv2d(value, kernel.view(1, 1, 1, -1))[:, 0]


def packed_outputs(scores: Tensor, places: Tensor | None) -> Tensor:
    """One tensor ``(b, 1 + h, w)``: the scores of pictures ``(b,)`` as a first row over those of places ``(b, h, w)``.

    Without places it is ``(b, 1, 1)``.
    """
    if places is None:
        return scores[:, None, None]
    return torch.cat([scores[:, None, None].expand(-1, 1, places.shape[2]), places], 1)


def picture_scores(outputs: Tensor) -> Tensor:
    """``(b,)`` scores of pictures among outputs."""
    return outputs[:, 0, 0]


def heat_predictions(outputs: Tensor, size: tuple[int, int], threshold: float, sigma: float) -> list[Heat]:
    """Predictions of which 1 is the threshold.

    Args:
        outputs: of :func:`packed_outputs`.
        size: width and height of the rows, pixels; the heat map's.
        threshold: the score from which on a picture counts as unusual; infinity is none, and leaves scores as they are.
        sigma: of the Gaussian over the heat map, pixels of the row.
    """
    unit = threshold if math.isfinite(threshold) and threshold > 0 else 1.0
    scores = (outputs[:, 0, 0].double() / unit).tolist()
    if outputs.shape[1] == 1:
        return [Heat(score) for score in scores]
    places = outputs[:, 1:].float() / unit
    width, height = size
    grown = functional.interpolate(places[:, None], size=(height, width), mode="bilinear", align_corners=False)[:, 0]
    heat = gaussian_smoothed(grown, sigma).cpu().numpy()
    return [Heat(score, one) for score, one in zip(scores, heat, strict=True)]
