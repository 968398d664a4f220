"""``figures/places.json``: held-out pictures with what is there and what was predicted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from jeoni.runs.records.figures import FigureName
from jeoni.runs.records.values import Name
from jeoni.runs.typed import AtMost, Between, Which

__all__ = ["Colour", "LegendEntry", "PlacesRecord", "ShownBox", "ShownPicture", "ShownPoint"]

Pixel = Annotated[float, Between(-10_000, 10_000)]
PointNumber = Annotated[int, Between(0, 100_000)]
Side = Annotated[int, Between(1, 10_000)]
Number = Annotated[float, Between(-1e12, 1e12)]
Colour = Annotated[
    str, AtMost(7), Which(lambda c: re.fullmatch("#[0-9a-f]{6}", c) is not None, "a colour such as #0072b2")
]


@dataclass(frozen=True)
class LegendEntry:
    """A class or a keypoint, and its colour."""

    name: Name
    colour: Colour


@dataclass(frozen=True)
class ShownBox:
    """A box in pixels of the thumbnail.

    ``number`` is that of its class in the legend. Of what is there, ``outcome`` is *found*, *missed* or *ignored*; of
    what was predicted, *hit*, *false* or *ignored*.
    """

    left: Pixel
    top: Pixel
    right: Pixel
    bottom: Pixel
    number: Annotated[int, Between(0, 100_000)]
    outcome: Literal["found", "missed", "hit", "false", "ignored"]
    score: Annotated[float, Between(0, 1)] | None = None


@dataclass(frozen=True)
class ShownPoint:
    """A keypoint in pixels of the close-up, and how far off it is in pixels of the whole picture."""

    number: PointNumber
    predicted: tuple[Pixel, Pixel]
    true: tuple[Pixel, Pixel] | None = None
    off: Number | None = None


@dataclass(frozen=True)
class ShownPicture:
    """A picture; which fields it has beyond the first seven depends on what was predicted."""

    path: str
    label: str
    score: Number | None
    fold: Name
    picture: FigureName
    width: Side
    height: Side
    true: FigureName = ""
    predicted: FigureName = ""
    wrong: FigureName = ""
    true_boxes: Annotated[tuple[ShownBox, ...], AtMost(2000)] = ()
    predicted_boxes: Annotated[tuple[ShownBox, ...], AtMost(2000)] = ()
    points: Annotated[tuple[ShownPoint, ...], AtMost(1000)] = ()
    close: FigureName = ""
    close_width: Side = 1
    close_height: Side = 1
    frame: tuple[Pixel, Pixel, Pixel, Pixel] | None = None
    alarm: Number | None = None
    defective: bool | None = None


@dataclass(frozen=True)
class PlacesRecord:
    """The worst, typical and best pictures.

    Attributes:
        kind: what was predicted.
        legend: colours.
        edges: the numbers of keypoints that a line joins.
        least: the score from which on detections are shown, or a picture is called defective.
        low: of the heat's scale, where there is one.
        high: the same.
    """

    kind: Literal["boxes", "masks", "points", "heat"]
    legend: Annotated[tuple[LegendEntry, ...], AtMost(100_000)] = ()
    edges: Annotated[tuple[tuple[PointNumber, PointNumber], ...], AtMost(10_000)] = ()
    worst: Annotated[tuple[ShownPicture, ...], AtMost(100)] = ()
    typical: Annotated[tuple[ShownPicture, ...], AtMost(100)] = ()
    best: Annotated[tuple[ShownPicture, ...], AtMost(100)] = ()
    least: Number | None = None
    low: Number | None = None
    high: Number | None = None
