"""What the data are like: part of ``plan.json``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from jeoni.runs.records.values import Count, Name, Positive, SaidTexts, Share
from jeoni.runs.typed import AtMost

__all__ = ["ClassSizeRecord", "ImbalanceRecord", "MeasuredRecord", "ProfileRecord", "SpreadRecord"]


@dataclass(frozen=True)
class ClassSizeRecord:
    """A class, and how many usable items have it."""

    name: Name
    items: Count


@dataclass(frozen=True)
class ImbalanceRecord:
    """The largest class to the smallest, and how many equal classes would be as varied."""

    ratio: Positive
    effective: Positive


@dataclass(frozen=True)
class SpreadRecord:
    """Smallest and largest value, and the 5th, 50th and 95th percentile."""

    least: Positive
    low: Positive
    median: Positive
    high: Positive
    most: Positive


@dataclass(frozen=True)
class MeasuredRecord:
    """What was measured of a sample."""

    items: Count = 0
    spreads: Annotated[dict[str, SpreadRecord], AtMost(20)] = field(default_factory=dict)
    scripts: Annotated[dict[str, Share], AtMost(20)] = field(default_factory=dict)
    limit: Positive | None = None


@dataclass(frozen=True)
class ProfileRecord:
    """What the data are like, and what to do about what stands out."""

    name: Name
    modality: Name
    task: Name
    items: Count
    usable: Count
    labelled: Count
    independent: Count
    classes: Annotated[tuple[ClassSizeRecord, ...], AtMost(20_000)]
    test: Count = 0
    imbalance: ImbalanceRecord | None = None
    groups: Count | None = None
    measured: MeasuredRecord = field(default_factory=MeasuredRecord)
    findings: Annotated[dict[str, Count], AtMost(200)] = field(default_factory=dict)
    said: SaidTexts = ()
