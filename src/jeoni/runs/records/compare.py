"""``verdict.json`` and ``comparison.json`` of ``jeoni compare``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from jeoni.runs.records.fit import Measure
from jeoni.runs.records.values import Budget, Count, Interval, Name, Outcome, Positive, SaidTexts, Sentences, Share
from jeoni.runs.typed import AtMost, Between, Formerly

__all__ = ["Comparison", "ComparisonRecord", "Need", "Point", "ProbedStage", "SearchesRecord", "VerdictRecord"]


@dataclass(frozen=True)
class Comparison:
    """One strategy against another at one number of labels."""

    strategy: Name
    control: Name
    budget: Budget
    difference: Interval
    p: Share
    visible: Positive
    outcome: Outcome
    reason: str = ""
    said: SaidTexts = ()


@dataclass(frozen=True)
class Need:
    """The labels and seconds that the control would need to be as accurate as a strategy."""

    strategy: Name
    n_train: Positive
    seconds: Positive
    control_needs: Positive | None = None
    control_seconds: Positive | None = None


@dataclass(frozen=True)
class VerdictRecord:
    """``verdict.json``."""

    summary: str
    control: Name
    comparisons: Annotated[tuple[Comparison, ...], AtMost(2000)]
    needs: Annotated[tuple[Need, ...], AtMost(2000)]
    said: SaidTexts = ()
    advice: Sentences = ()
    advised: SaidTexts = ()
    measure: Name = "accuracy"
    measures: Annotated[dict[str, Measure], AtMost(10)] = field(default_factory=dict)
    per: Literal["class", "stratum", "picture"] = "class"

    @property
    def compared_by(self) -> Measure:
        """The measure; runs of earlier versions know shares only, and do not describe them."""
        return self.measures.get(self.measure) or Measure(self.measure.replace("_", " "), "%", True)


@dataclass(frozen=True)
class Point:
    """A strategy at one number of labels."""

    strategy: Name
    budget: Budget
    n_train: Annotated[float, Between(1, 1e12)]
    seconds: Annotated[float, Between(0, 1e9)]
    score: Annotated[Interval, Formerly("accuracy")]
    note: str = ""


@dataclass(frozen=True)
class ProbedStage:
    """A linear probe on one stage's features."""

    name: Name
    score: Annotated[Interval, Formerly("accuracy")]


@dataclass(frozen=True)
class SearchesRecord:
    """What a strategy spent on finding its learning rate.

    Attributes:
        strategy: its id.
        fits: that were made with what was found.
        searches: that were made for them.
        seconds: of all searches.
        stopped: trials that ended early, because another had clearly beaten them.
        tried_at: side of the pictures in the trials, pixels; 0 where they had the backbone's size, or are no pictures.
        grown: sides of the pictures in the trainings, one after the other; empty where they did not grow.
    """

    strategy: Name
    fits: Count
    searches: Count
    seconds: Positive
    stopped: Count = 0
    tried_at: Count = 0
    grown: Annotated[tuple[Count, ...], AtMost(20)] = ()


@dataclass(frozen=True)
class ComparisonRecord:
    """``comparison.json``."""

    points: Annotated[tuple[Point, ...], AtMost(400)]
    stages: Annotated[tuple[ProbedStage, ...], AtMost(300)]
    searches: Annotated[tuple[SearchesRecord, ...], AtMost(100)] = ()

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("points is empty; at least one is needed")
