"""What a dense task tells beyond its scores: the field ``details`` of its ``metrics.json``, a record for each task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jeoni.runs.records.values import Count, Name, Positive, Share
from jeoni.runs.typed import AtMost, Between

__all__ = [
    "AnomalyDetails",
    "CountedAt",
    "DetectionDetails",
    "PoseDetails",
    "PrecisionRecall",
    "SegmentationDetails",
    "Sizes",
    "Within",
]

Points = AtMost(2000)
Number = Annotated[float, Between(-1e9, 1e9)]


@dataclass(frozen=True)
class PrecisionRecall:
    """A class's curve at an overlap of 0.5, the surest detection first."""

    name: Name
    precision: Annotated[tuple[Share, ...], Points] = ()
    recall: Annotated[tuple[Share | None, ...], Points] = ()

    def __post_init__(self) -> None:
        if len(self.precision) != len(self.recall):
            raise ValueError(
                f"precision has {len(self.precision)} points, recall {len(self.recall)}; as many are needed"
            )


@dataclass(frozen=True)
class CountedAt:
    """Of one class: detections that are right and wrong, and objects that were missed."""

    name: Name
    right: Count
    wrong: Count
    missed: Count


@dataclass(frozen=True)
class Sizes:
    """A histogram of the objects' sizes, the square root of their areas, pixels; the last bin has no end."""

    edges: Annotated[tuple[Positive, ...], AtMost(200)] = ()
    counts: Annotated[tuple[Count, ...], AtMost(200)] = ()

    def __post_init__(self) -> None:
        if self.counts and len(self.edges) != len(self.counts) + 1:
            raise ValueError(f"edges has {len(self.edges)} entries; {len(self.counts) + 1} are needed")


@dataclass(frozen=True)
class DetectionDetails:
    """Curves, counts from the best score on, and sizes."""

    curves: Annotated[tuple[PrecisionRecall, ...], AtMost(10_000)] = ()
    threshold: Share | None = None
    at_threshold: Annotated[tuple[CountedAt, ...], AtMost(10_000)] = ()
    sizes: Sizes = Sizes()


@dataclass(frozen=True)
class SegmentationDetails:
    """Pixels by true class and predicted one."""

    confusion: Annotated[tuple[tuple[Positive, ...], ...], AtMost(2000)] = ()
    class_names: Annotated[tuple[Name, ...], AtMost(2000)] = ()

    def __post_init__(self) -> None:
        width = len(self.class_names)
        if len(self.confusion) != width or any(len(row) != width for row in self.confusion):
            raise ValueError(f"confusion does not have {width} rows and columns, one for each class")


@dataclass(frozen=True)
class Within:
    """Which share of a keypoint's places lies within so many pixels of the true one."""

    name: Name
    shares: Annotated[tuple[Share, ...], Points]


@dataclass(frozen=True)
class PoseDetails:
    """Curves of the distances; ``pixels`` are the same of all of them."""

    pixels: Annotated[tuple[Positive, ...], Points] = ()
    within: Annotated[tuple[Within, ...], AtMost(1000)] = ()

    def __post_init__(self) -> None:
        if any(len(one.shares) != len(self.pixels) for one in self.within):
            raise ValueError(f"within does not have {len(self.pixels)} shares of each keypoint")


@dataclass(frozen=True)
class AnomalyDetails:
    """Scores of normal and of defective pictures."""

    threshold: Number = 1.0
    normal: Annotated[tuple[Number, ...], AtMost(1_000_000)] = ()
    defective: Annotated[tuple[Number, ...], AtMost(1_000_000)] = ()
