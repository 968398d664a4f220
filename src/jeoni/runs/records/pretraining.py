"""``metrics.json`` of ``jeoni pretrain``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from jeoni.runs.records.fit import Measure
from jeoni.runs.records.values import Count, Loss, Name, Positive, SaidTexts, Scores, Value
from jeoni.runs.typed import AtMost

__all__ = ["CollapseRecord", "CourseRecord", "PretrainMetrics", "ProbeRecord"]

Curve = Annotated[tuple[Loss, ...], AtMost(1000)]


@dataclass(frozen=True)
class CourseRecord:
    """The terms of the loss along the training."""

    steps: Annotated[tuple[Count, ...], AtMost(1000)] = ()
    terms: Annotated[dict[str, Curve], AtMost(20)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(len(values) != len(self.steps) for values in self.terms.values()):
            raise ValueError("a term has not as many values as there are steps")


@dataclass(frozen=True)
class CollapseRecord:
    """How far features are spread; see :mod:`jeoni.pretraining.learning.collapse`."""

    rank_me: Positive
    effective_rank: Positive
    deviation: Positive
    n: Count
    dim: Count


@dataclass(frozen=True)
class ProbeRecord:
    """A linear probe of the pretrained weights beside one of those they started from, on the same examples."""

    task: Name
    headline: Name
    estimate: Literal["test", "cv"]
    n: Count
    labelled: Count
    start: Scores
    pretrained: Scores
    difference: Scores
    measures: Annotated[dict[str, Measure], AtMost(200)] = field(default_factory=dict)


@dataclass(frozen=True)
class PretrainMetrics:
    """``outcome`` is ``paid``, ``cost``, ``unclear``, or ``unknown`` where no labels could tell."""

    method: Name
    start: Name
    outcome: Literal["paid", "cost", "unclear", "unknown"]
    n: Count
    summary: str
    said: SaidTexts = ()
    untrained: bool = False
    probe: ProbeRecord | None = None
    before: CollapseRecord | None = None
    after: CollapseRecord | None = None
    course: CourseRecord = field(default_factory=CourseRecord)
    details: Annotated[dict[str, Value], AtMost(50)] = field(default_factory=dict)
    samples: bool = False

    def __post_init__(self) -> None:
        if (self.outcome == "unknown") != (self.probe is None):
            raise ValueError("outcome is unknown where there is no probe, and only there")
