"""Random views of an image: the same example and number always give the same view, so that views can be cached.

Simonyan & Zisserman 2014 (random scale and crop), He et al. 2016 (flip), DeVries & Taylor 2017 (cutout). No colour is
changed by ``medical``: there, brightness is a measurement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

from jeoni.data.images import RESAMPLING, ImageInput
from jeoni.errors import ConfigError, did_you_mean
from jeoni.types import Array

__all__ = ["POLICIES", "Policy", "augment", "find_policy"]


@dataclass(frozen=True)
class Policy:
    """What may be done to an image.

    Attributes:
        area: the smallest share of the image that a crop keeps.
        stretch: the largest change of the aspect ratio, a factor.
        flip: whether left and right may be exchanged.
        degrees: the largest rotation, either way.
        colour: the largest relative change of brightness, contrast and saturation.
        erase: how often a rectangle is made grey.
    """

    area: float
    stretch: float = 1.0
    flip: bool = True
    degrees: float = 0.0
    colour: float = 0.0
    erase: float = 0.0


POLICIES = {
    "none": Policy(1.0, flip=False),
    "light": Policy(0.7, stretch=1.15),
    "strong": Policy(0.4, stretch=1.33, degrees=15, colour=0.4, erase=0.25),
    "medical": Policy(0.8, stretch=1.1, degrees=10),
}


def find_policy(name: str) -> Policy:
    """The policy of that name.

    Raises:
        ConfigError: there is none; the message lists them.
    """
    if name not in POLICIES:
        raise ConfigError(f"augment is {name!r}; it can be {', '.join(POLICIES)}.{did_you_mean(name, list(POLICIES))}")
    return POLICIES[name]


def augment(image: Image.Image, spec: ImageInput, policy: Policy, digest: bytes, view: int) -> Array:
    """One random view, ``(size, size, 3)`` uint8.

    Args:
        image: as :func:`jeoni.data.images.open_image` gives it.
        spec: what the backbone expects; its crop is replaced by a random one.
        policy: what may be done.
        digest: of the example's content; with ``view`` it decides all that is random.
        view: the view's number.
    """
    rng = np.random.default_rng([int.from_bytes(digest[:8], "little"), view])
    if policy.degrees:
        angle = rng.uniform(-policy.degrees, policy.degrees)
        image = image.rotate(angle, Image.Resampling.BILINEAR, fillcolor=_border(image))
    size = (spec.size, spec.size)
    image = image.resize(size, RESAMPLING[spec.interpolation], box=_box(image, policy, rng), reducing_gap=2.0)
    if policy.flip and rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = image if image.mode == "RGB" else image.convert("RGB")
    if policy.colour:
        for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            image = change(image).enhance(rng.uniform(1 - policy.colour, 1 + policy.colour))
    pixels = np.asarray(image)
    return _erase(pixels, rng) if rng.random() < policy.erase else pixels


def _box(image: Image.Image, policy: Policy, rng: np.random.Generator) -> tuple[float, float, float, float]:
    share, stretch = rng.uniform(policy.area, 1), math.exp(rng.uniform(-1, 1) * math.log(policy.stretch))
    width = min(1.0, math.sqrt(share * stretch)) * image.width
    height = min(1.0, math.sqrt(share / stretch)) * image.height
    left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    return left, top, left + width, top + height


def _border(image: Image.Image) -> int | tuple[int, ...]:
    """The middle of the image's own brightness: black corners would be a feature of their own."""
    mean = np.asarray(image.resize((1, 1), Image.Resampling.BOX)).ravel()
    return int(mean[0]) if image.mode == "L" else tuple(int(v) for v in mean)


def _erase(pixels: Array, rng: np.random.Generator) -> Array:
    out, side = pixels.copy(), len(pixels)
    height, width = (int(side * rng.uniform(0.15, 0.4)) for _ in range(2))
    top, left = int(rng.integers(0, side - height)), int(rng.integers(0, side - width))
    out[top : top + height, left : left + width] = 127
    return out
