"""What ``metrics.json`` and ``figures/suspects.json`` say of labels: which are suspect, and whether more would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from jeoni.runs.records.figures import FigureName
from jeoni.runs.records.values import Count, Interval, Measure, Name, Positive, SaidRecord, Score, Scores, Share
from jeoni.runs.typed import AtMost, Between

__all__ = ["CurvePoint", "LabelNoiseRecord", "MoreLabelsRecord", "Suspect", "SuspectsRecord"]


@dataclass(frozen=True)
class LabelNoiseRecord:
    """How many labels are probably wrong, and what leaving them out of training did."""

    share: Score
    suspects: Count
    of: Count
    clear: bool = False
    left_out: Count = 0
    trained_on: Count = 0
    without: Scores | None = None
    difference: Scores | None = None


@dataclass(frozen=True)
class CurvePoint:
    """A score at a number of labels."""

    labels: Positive
    score: Interval


@dataclass(frozen=True)
class MoreLabelsRecord:
    """What more labels would add, and the curve that it was read from."""

    measure: Measure
    labels: Count
    factor: Annotated[float, Between(1, 4)]
    gain: Interval
    reached: Interval
    outcome: Literal["helps", "little", "cannot tell"]
    points: Annotated[tuple[CurvePoint, ...], AtMost(50)]
    line: Annotated[tuple[CurvePoint, ...], AtMost(500)]
    said: SaidRecord


@dataclass(frozen=True)
class Suspect:
    """An item whose label is probably wrong, and what a reader sees of it."""

    rank: Count
    path: str
    given: Name
    suggested: Name
    score: Share
    left_out: bool = False
    text: str = ""
    thumb: FigureName = ""
    sound: FigureName = ""


@dataclass(frozen=True)
class SuspectsRecord:
    """``figures/suspects.json``: the most suspect ones, in order."""

    suspects: Annotated[tuple[Suspect, ...], AtMost(200)]
    rest: Count = 0
