"""Kinds of values that records share: counts, shares, names, scores with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from jeoni.runs.typed import AtMost, Between

__all__ = [
    "Budget",
    "Count",
    "Interval",
    "Loss",
    "Name",
    "Outcome",
    "Place",
    "Positive",
    "RowScores",
    "Score",
    "Scores",
    "Sentences",
    "Share",
    "Value",
]

Count = Annotated[int, Between(0)]
Positive = Annotated[float, Between(0)]
Share = Annotated[float, Between(0, 1)]
# far apart on no axis: a chart of 1e300 and 1 is a warning and no chart
Loss = Annotated[float, Between(-1e6, 1e6)]
Place = Annotated[float, Between(-10, 10)]
Name = Annotated[str, AtMost(500)]
Budget = Annotated[int, Between(1)] | None
Outcome = Literal["helped", "hurt", "cannot tell"]
Sentences = Annotated[tuple[str, ...], AtMost(1000)]


@dataclass(frozen=True)
class Score:
    """A value with its interval; None where it cannot be measured."""

    value: float | None
    low: float | None
    high: float | None


Scores = Annotated[dict[str, Score], AtMost(200)]
Value = Annotated[float, Between(-1e12, 1e12)]


@dataclass(frozen=True)
class Interval:
    """A value of a measure, or a difference of two, with its interval."""

    value: Value
    low: Value
    high: Value


@dataclass(frozen=True)
class RowScores:
    """Scores of one class, label, or range of numbers; which there are depends on the task."""

    class_: str
    support: Positive
    precision: Score | None = None
    recall: Score | None = None
    f1: Score | None = None
    average_precision: Score | None = None
    mae: Score | None = None
