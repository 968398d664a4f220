"""``metrics.json`` of ``jeoni adapt``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jeoni.runs.records.values import Count, Interval, Name, RowScores, SaidTexts, Scores, Sentences, Share
from jeoni.runs.typed import AtMost

__all__ = [
    "AdaptMetrics",
    "ComparedMethod",
    "DomainScores",
    "JudgedMethod",
    "LabelledItem",
    "Told",
    "Tried",
    "UsedLabels",
]


@dataclass(frozen=True)
class DomainScores:
    """Scores of one model in the target domain."""

    metrics: Scores
    per_class: tuple[RowScores, ...]


@dataclass(frozen=True)
class Told:
    """Something in sentences."""

    sentences: Sentences = ()
    said: SaidTexts = ()


@dataclass(frozen=True)
class Tried:
    """A method that ``auto`` tried, and what each validator gives it more than the source model."""

    name: Name
    gains: Annotated[dict[str, float | None], AtMost(50)] | None = None
    note: str = ""


@dataclass(frozen=True)
class ComparedMethod:
    """One of several methods of a run: its scores, and how many items it puts in another class than the source model.

    ``note`` says why it could not be used.
    """

    name: Name
    moved: Count | None = None
    target: Scores | None = None
    note: str = ""


@dataclass(frozen=True)
class JudgedMethod:
    """A method as some target labels judge it, on items that it has not learned from.

    ``share`` is how much of the average it makes, ``lead`` how much smaller its Brier score is than the source model's;
    ``note`` says why it could not be used.
    """

    name: Name
    share: Share | None = None
    lead: Interval | None = None
    accuracy: Share | None = None
    note: str = ""


@dataclass(frozen=True)
class LabelledItem:
    """A target item whose label was used; ``predicted`` by the methods that count, held out."""

    path: str
    label: str
    predicted: str


@dataclass(frozen=True)
class UsedLabels:
    """Target labels that weighed the methods and, where one that counts is ``taught``, that it learned from."""

    n: Count
    classes: dict[str, Count]
    taught: bool
    methods: Annotated[tuple[JudgedMethod, ...], AtMost(500)]
    items: tuple[LabelledItem, ...]


@dataclass(frozen=True)
class AdaptMetrics:
    """``metrics.json`` of ``jeoni adapt``."""

    method: Name
    class_names: tuple[str, ...]
    n: Count
    moved: Count
    labelled: Count
    summary: str
    said: SaidTexts = ()
    target: DomainScores | None = None
    source_only: DomainScores | None = None
    why: str = ""
    why_said: SaidTexts = ()
    advice: str = ""
    advice_said: SaidTexts = ()
    diagnosis: Told | None = None
    weighing: Told | None = None
    tried: Annotated[tuple[Tried, ...], AtMost(200)] | None = None
    compared: Annotated[tuple[ComparedMethod, ...], AtMost(200)] | None = None
    labels: UsedLabels | None = None

    def __post_init__(self) -> None:
        if (self.target is None) != (self.source_only is None):
            raise ValueError("of target and source_only, one is missing")
        for scores in (self.target, self.source_only):
            if scores and [one.class_ for one in scores.per_class] != list(self.class_names):
                raise ValueError("per_class does not hold the classes of class_names, in their order")
