"""Random views of an image: the same example and number always give the same view, so that views can be cached.

Where a view was taken from is drawn before any pixel is touched, from the image's extent alone: so its geometry can be
had again without decoding the image.

Simonyan & Zisserman 2014 (random scale and crop), He et al. 2016 (flip), DeVries & Taylor 2017 (cutout). No colour is
changed by ``medical``: there, brightness is a measurement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

from jeoni.errors import ConfigError, did_you_mean
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.image.images import RESAMPLING
from jeoni.types import Array

__all__ = [
    "POLICIES",
    "Place",
    "Policy",
    "augment",
    "draw_place",
    "find_policy",
    "recoloured",
    "turned",
    "turning",
    "view_geometry",
    "view_matrix",
]


@dataclass(frozen=True)
class Policy:
    """Random changes of an image that are allowed.

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
    "scale": Policy(0.3, stretch=1.2, colour=0.3),
}


def find_policy(name: str) -> Policy:
    """The policy of that name.

    Raises:
        ConfigError: there is none; the message lists them.
    """
    if name not in POLICIES:
        raise ConfigError(f"augment is {name!r}; it can be {', '.join(POLICIES)}.{did_you_mean(name, list(POLICIES))}")
    return POLICIES[name]


@dataclass(frozen=True)
class Place:
    """Where in an image a view is taken from.

    Attributes:
        degrees: the image is turned by, counterclockwise, about its middle.
        box: left, top, right and bottom of the part of the turned image that becomes the view.
        flipped: left and right are exchanged.
        scale: pixels of the view for one of the image; None where the part fills the view.
    """

    degrees: float
    box: tuple[float, float, float, float]
    flipped: bool
    scale: float | None = None


def augment(
    image: Image.Image, size: int, interpolation: str, policy: Policy, digest: bytes, view: int
) -> tuple[Array, Geometry]:
    """One random view, ``(size, size, 3)`` uint8, and where its pixels come from.

    Args:
        image: as :func:`jeoni.modalities.image.images.open_image` gives it.
        size: side of the view, pixels.
        interpolation: a name of :data:`jeoni.modalities.image.images.RESAMPLING`.
        policy: what may be done.
        digest: of the example's content; with ``view`` it decides all that is random.
        view: the view's number.
    """
    place, rng = draw_place(image.size, policy, digest, view)
    geometry = _geometry(place, image.size, size)
    image = turned(image, place)
    image = image.resize((size, size), RESAMPLING[interpolation], box=place.box, reducing_gap=2.0)
    if place.flipped:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pixels = np.asarray(recoloured(image if image.mode == "RGB" else image.convert("RGB"), policy, rng))
    return (_erase(pixels, rng) if rng.random() < policy.erase else pixels), geometry


def view_geometry(extent: tuple[float, float], size: int, policy: Policy, digest: bytes, view: int) -> Geometry:
    """The geometry of :func:`augment`'s view of the same digest and number, without the image.

    Args:
        extent: width and height that coordinates are in: the image's, or those of a copy of another size.
        size: side of the view, pixels.
        policy: what may be done.
        digest: of the example's content.
        view: the view's number.
    """
    return _geometry(draw_place(extent, policy, digest, view)[0], extent, size)


def draw_place(
    extent: tuple[float, float], policy: Policy, digest: bytes, view: int
) -> tuple[Place, np.random.Generator]:
    """Where a view is taken from, and the generator for what else is random about it.

    The order of draws decides every cached view: it never changes. Arguments are those of :func:`view_geometry`.
    """
    rng = np.random.default_rng([int.from_bytes(digest[:8], "little"), view])
    degrees = rng.uniform(-policy.degrees, policy.degrees) if policy.degrees else 0.0
    box = _box(extent, policy, rng)
    return Place(degrees, box, bool(policy.flip and rng.random() < 0.5)), rng


def turned(image: Image.Image, place: Place) -> Image.Image:
    """The image turned about its middle, its size unchanged."""
    if not place.degrees:
        return image
    return image.rotate(place.degrees, Image.Resampling.BILINEAR, fillcolor=_border(image))


def recoloured(image: Image.Image, policy: Policy, rng: np.random.Generator) -> Image.Image:
    """The image with another brightness, contrast and saturation, as far as the policy allows."""
    if policy.colour:
        for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            image = change(image).enhance(rng.uniform(1 - policy.colour, 1 + policy.colour))
    return image


def turning(degrees: float, extent: tuple[float, float]) -> Array:
    """``(3, 3)``: what :func:`turned` does to places."""
    radians = math.radians(degrees)
    cos, sin = math.cos(radians), math.sin(radians)
    x, y = extent[0] / 2, extent[1] / 2
    # y points down, so that counterclockwise has its sine below the diagonal negative
    return np.array([[cos, sin, x - cos * x - sin * y], [-sin, cos, y + sin * x - cos * y], [0, 0, 1]])


def _box(extent: tuple[float, float], policy: Policy, rng: np.random.Generator) -> tuple[float, float, float, float]:
    share, stretch = rng.uniform(policy.area, 1), math.exp(rng.uniform(-1, 1) * math.log(policy.stretch))
    width = min(1.0, math.sqrt(share * stretch)) * extent[0]
    height = min(1.0, math.sqrt(share / stretch)) * extent[1]
    left, top = rng.uniform(0, extent[0] - width), rng.uniform(0, extent[1] - height)
    return left, top, left + width, top + height


def view_matrix(place: Place, extent: tuple[float, float], at: tuple[int, int, int, int]) -> Array:
    """``(3, 3)``: the image turned about its middle, a part of it cut out and scaled, perhaps flipped, put in a frame.

    Args:
        place: where the part is taken from.
        extent: width and height of the image.
        at: left, top, width and height of the place in the frame that the part fills, pixels.
    """
    left, top, right, bottom = place.box
    wide, high = at[2] / (right - left), at[3] / (bottom - top)
    cut = np.array([[wide, 0, -left * wide], [0, high, -top * high], [0, 0, 1]])
    flip = np.array([[-1.0, 0, at[2]], [0, 1, 0], [0, 0, 1]]) if place.flipped else np.eye(3)
    put = np.array([[1.0, 0, at[0]], [0, 1, at[1]], [0, 0, 1]])
    found: Array = put @ flip @ cut @ turning(place.degrees, extent)
    return found


def _geometry(place: Place, extent: tuple[float, float], size: int) -> Geometry:
    return Geometry(view_matrix(place, extent, (0, 0, size, size)), (size, size))


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
