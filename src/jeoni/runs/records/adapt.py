"""``metrics.json`` of ``jeoni adapt``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jeoni.runs.records.values import Count, Name, RowScores, SaidTexts, Scores, Sentences
from jeoni.runs.typed import AtMost

__all__ = ["AdaptMetrics", "ComparedMethod", "DomainScores", "Told", "Tried"]


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

    def __post_init__(self) -> None:
        if (self.target is None) != (self.source_only is None):
            raise ValueError("of target and source_only, one is missing")
        for scores in (self.target, self.source_only):
            if scores and [one.class_ for one in scores.per_class] != list(self.class_names):
                raise ValueError("per_class does not hold the classes of class_names, in their order")
