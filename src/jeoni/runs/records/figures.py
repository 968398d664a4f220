"""The files in ``figures/``: examples, maps, and what the network responds to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from jeoni.runs.records.values import Count, Name, Place, Share
from jeoni.runs.typed import AtMost, Between, Which

__all__ = [
    "DomainItem",
    "DomainMap",
    "DomainsRecord",
    "Example",
    "Explained",
    "ExplanationsRecord",
    "FigureName",
    "GalleryRecord",
    "InsideRecord",
    "MapPoint",
    "MapRecord",
    "Pair",
    "PairsRecord",
    "StagePictures",
    "Weighed",
]


def _is_figure_name(name: str) -> bool:
    """A file of ``figures/`` or of a folder in it, by a plain name: nothing leads out."""
    return re.fullmatch(r"([\w-]+/)?[\w-][\w.-]*", name, re.ASCII) is not None


FigureName = Annotated[str, AtMost(200), Which(lambda n: not n or _is_figure_name(n), "the name of a file in figures/")]


@dataclass(frozen=True)
class Example:
    """A mistake or a doubt, and what a reader sees of it."""

    path: str
    label: str
    predicted: str
    confidence: Share | None
    text: str = ""
    thumb: FigureName = ""
    sound: FigureName = ""


@dataclass(frozen=True)
class GalleryRecord:
    """``figures/gallery.json``."""

    mistakes: Annotated[tuple[Example, ...], AtMost(200)] = ()
    doubtful: Annotated[tuple[Example, ...], AtMost(200)] = ()


@dataclass(frozen=True)
class Pair:
    """Two examples that are identical or nearly so; ``kind`` is that of the finding."""

    kind: Name
    action: str
    left: Example
    right: Example


@dataclass(frozen=True)
class PairsRecord:
    """``figures/pairs.json``."""

    pairs: Annotated[tuple[Pair, ...], AtMost(200)]
    rest: Count = 0


@dataclass(frozen=True)
class Weighed:
    """The weight of each word, before or after training."""

    name: Literal["before", "after"]
    pieces: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Explained:
    """The explanation of one prediction."""

    path: str
    label: str
    predicted: str
    files: Annotated[tuple[FigureName, ...], AtMost(10)] = ()
    words: Annotated[tuple[Weighed, ...], AtMost(10)] = ()


@dataclass(frozen=True)
class ExplanationsRecord:
    """``figures/explanations.json``; ``looks.json`` in runs of earlier versions."""

    hits: Annotated[tuple[Explained, ...], AtMost(100)] = ()
    mistakes: Annotated[tuple[Explained, ...], AtMost(100)] = ()


@dataclass(frozen=True)
class StagePictures:
    """Pictures of what one stage responds to most."""

    stage: Name
    files: Annotated[tuple[FigureName, ...], AtMost(100)]


@dataclass(frozen=True)
class InsideRecord:
    """``figures/inside.json``."""

    stages: Annotated[tuple[StagePictures, ...], AtMost(1000)]
    filters: FigureName = ""


@dataclass(frozen=True)
class MapPoint:
    """An item on the map."""

    path: str
    label: str
    predicted: str
    x: Place
    y: Place
    text: str = ""
    group: Count | None = None
    wrong: bool | None = None


@dataclass(frozen=True)
class MapRecord:
    """``figures/map.json``; the groups are what the colours stand for: classes, or ranges of numbers."""

    method: str
    points: tuple[MapPoint, ...]
    groups: Annotated[tuple[Name, ...], AtMost(10_000)] = ()
    sprite: FigureName = ""
    tile: Annotated[int, Between(1, 1000)] = 56
    columns: Annotated[int, Between(1, 1000)] = 32


@dataclass(frozen=True)
class DomainItem:
    """An item of either domain."""

    domain: Literal["source", "target"]
    path: str
    label: str
    predicted: str


@dataclass(frozen=True)
class DomainMap:
    """Where the items lie."""

    method: str
    points: tuple[tuple[Place, Place], ...]


@dataclass(frozen=True)
class DomainsRecord:
    """``figures/domains.json``."""

    items: tuple[DomainItem, ...]
    maps: Annotated[tuple[DomainMap, ...], AtMost(2)]

    def __post_init__(self) -> None:
        if any(len(one.points) != len(self.items) for one in self.maps):
            raise ValueError(f"maps do not have {len(self.items)} points each, one for every item")
