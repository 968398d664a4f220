"""``metrics.json`` of ``jeoni zero-shot``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from jeoni.runs.records.figures import Example
from jeoni.runs.records.fit import Measure, TaskDetails
from jeoni.runs.records.values import Count, Name, RowScores, SaidTexts, Scores, Share
from jeoni.runs.typed import AtMost, Between

__all__ = ["LearnedRecord", "NamedClass", "SurestRecord", "ZeroShotMetrics"]

Cosine = Annotated[float, Between(-1, 1)]
Amount = Annotated[float, Between(-1e12, 1e12)]


@dataclass(frozen=True)
class NamedClass:
    """A candidate: what was encoded of it, how many items it was said of, and what the calibration takes from it."""

    name: Name
    seen: bool
    texts: Annotated[tuple[str, ...], AtMost(1000)]
    predicted: Count
    margin: Share | None = None
    prior: Amount | None = None


@dataclass(frozen=True)
class LearnedRecord:
    """What folds over seen classes chose, and how often held-out classes were right in them."""

    setting: Annotated[dict[str, Amount], AtMost(50)]
    folds: Count
    accuracy: Share | None = None
    guessing: Share | None = None


@dataclass(frozen=True)
class ZeroShotMetrics:
    """``metrics.json`` of ``jeoni zero-shot``; of items without labels there are no scores."""

    method: Name
    calibration: Name
    class_names: tuple[str, ...]
    seen_names: tuple[str, ...]
    seen_items: Count
    generalised: bool
    n: Count
    labelled: Count
    chance: Share
    scale: Amount
    classes: tuple[NamedClass, ...]
    similarity: tuple[tuple[Cosine, ...], ...]
    margin: tuple[Share, Share, Share]
    summary: str
    said: SaidTexts = ()
    estimate: Literal["test"] = "test"
    test: Scores | None = None
    measures: Annotated[dict[str, Measure], AtMost(200)] = field(default_factory=dict)
    per_class: tuple[RowScores, ...] = ()
    details: TaskDetails | None = None
    majority: Scores | None = None
    uncalibrated: Scores | None = None
    parts: Scores | None = None
    learned: LearnedRecord | None = None
    handicap: Amount | None = None

    def __post_init__(self) -> None:
        names = list(self.class_names)
        if [one.name for one in self.classes] != names:
            raise ValueError("classes does not hold the classes of class_names, in their order")
        if self.similarity and {len(self.similarity), *map(len, self.similarity)} != {len(names)}:
            raise ValueError(f"similarity has not {len(names)} rows and columns, one of each class in class_names")
        if self.test is not None and (self.details is None or [r.class_ for r in self.per_class] != names):
            raise ValueError("test is there, but details or per_class are not of the same classes")


@dataclass(frozen=True)
class SurestRecord:
    """``figures/surest.json``: of each class the items it was said of with most confidence."""

    classes: Annotated[dict[str, tuple[Example, ...]], AtMost(10_000)]
