"""Kinds of values that records share: counts, shares, names, scores with intervals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from jeoni.locale import Said, translated
from jeoni.runs.typed import AtMost, Between

__all__ = [
    "Budget",
    "Count",
    "InnerRecord",
    "Interval",
    "Loss",
    "Measure",
    "Name",
    "Outcome",
    "PartRecord",
    "Place",
    "Positive",
    "RowScores",
    "SaidRecord",
    "SaidTexts",
    "Score",
    "Scores",
    "Sentences",
    "Share",
    "Value",
    "told_in",
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
class Measure:
    """How a metric is called, what its unit is (``%`` is a share), and its direction."""

    title: Name
    unit: Annotated[str, AtMost(100)]
    higher_is_better: bool


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


Values = Annotated[dict[str, str], AtMost(50)]


@dataclass(frozen=True)
class InnerRecord:
    """A sentence inside a part of a sentence, such as what is wrong with the item that stands for a finding."""

    id: Name
    values: Values


@dataclass(frozen=True)
class PartRecord:
    """A sentence inside another one, such as an amount; see :class:`jeoni.locale.Said`."""

    id: Name
    values: Values
    parts: Annotated[dict[str, InnerRecord], AtMost(50)] = field(default_factory=dict)

    def said(self) -> Said:
        """The sentence.

        Raises:
            KeyError: this version does not know it.
        """
        parts = {name: Said(part.id, **part.values) for name, part in self.parts.items()}
        return Said(self.id, **{**self.values, **parts})


@dataclass(frozen=True)
class SaidRecord:
    """A sentence by its id and values, so that a report can tell it in another language than the run did."""

    id: Name
    values: Values
    parts: Annotated[dict[str, PartRecord], AtMost(50)] = field(default_factory=dict)

    def said(self) -> Said:
        """The sentence.

        Raises:
            KeyError: this version does not know it.
        """
        parts = {name: part.said() for name, part in self.parts.items()}
        return Said(self.id, **{**self.values, **parts})


SaidTexts = Annotated[tuple[SaidRecord, ...], AtMost(100)]


def told_in(language: str, said: Sequence[SaidRecord], summary: str) -> list[str]:
    """The sentences of a record in a language; of runs of other versions, those of its summary as they are."""
    try:
        sentences = [translated(one.said(), language) for one in said]
    except (KeyError, TypeError):  # an unknown id, or a value whose name no template can have
        sentences = []
    return sentences or re.split(r"(?<=\.) (?=[A-Z])", summary)
