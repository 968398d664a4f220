"""``metrics.json`` of ``jeoni fit``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from jeoni.runs.records.label_quality import LabelNoiseRecord, MoreLabelsRecord
from jeoni.runs.records.values import Count, Measure, Name, Positive, RowScores, SaidTexts, Score, Scores, Share, Value
from jeoni.runs.typed import AtMost

__all__ = [
    "Bin",
    "ControlSample",
    "Controls",
    "FitMetrics",
    "Measure",
    "Numbers",
    "Shared",
    "TaskDetails",
    "ThresholdPoint",
    "ThresholdsRecord",
]


@dataclass(frozen=True)
class ControlSample:
    """On how many examples an untrained control was measured, of how many, and how often one looked.

    Both it and the pretrained features were scored there by cross-validation; ``level`` is that of the difference's
    interval, widened for the looks that could be taken.
    """

    items: Count
    of: Count
    trained_on: Count
    looks: tuple[Count, ...]
    level: Share


@dataclass(frozen=True)
class Controls:
    """Scores of the controls, and the differences to them.

    ``pretrained`` are those of the linear probe on the sample that the untrained control was measured on; where there
    is no sample, both have the same examples as all scores.
    """

    majority: Scores | None = None
    untrained: Scores | None = None
    pretrained: Scores | None = None
    difference: Scores | None = None
    sample: ControlSample | None = None
    probe: Scores | None = None
    beyond_probe: Scores | None = None


@dataclass(frozen=True)
class Bin:
    """Predictions of about the same confidence."""

    confidence: Share
    accuracy: Share
    count: Positive
    low: Share | None = None
    high: Share | None = None


@dataclass(frozen=True)
class Numbers:
    """True and predicted values of one number."""

    name: Name
    unit: Annotated[str, AtMost(100)]
    points: Annotated[tuple[tuple[Value, Value], ...], AtMost(5000)]


@dataclass(frozen=True)
class ThresholdPoint:
    """What is decided where the positive class is said from a probability on; counts, or means over repeats."""

    threshold: Share
    hits: Positive
    false_alarms: Positive
    misses: Positive
    rejections: Positive


@dataclass(frozen=True)
class ThresholdsRecord:
    """Decisions between two classes at every threshold that changes one, thresholds rising."""

    positive: Name
    points: Annotated[tuple[ThresholdPoint, ...], AtMost(1000)]


@dataclass(frozen=True)
class TaskDetails:
    """Details of one task beside its scores. Of repeated predictions, counts are means over the repeats."""

    task: Name = "classification"
    headline: Name = "accuracy"
    width: Count = 0
    class_names: tuple[str, ...] = ()
    confusion: tuple[tuple[Positive, ...], ...] = ()
    reliability: Annotated[tuple[Bin, ...], AtMost(1000)] = ()
    numbers: Annotated[tuple[Numbers, ...], AtMost(100)] = ()
    thresholds: ThresholdsRecord | None = None

    def __post_init__(self) -> None:
        classes = len(self.class_names)
        if classes and {len(self.confusion), *map(len, self.confusion)} != {classes}:
            raise ValueError(f"confusion has not {classes} rows and columns, one of each class in class_names")


@dataclass(frozen=True)
class Shared:
    """Whether one network for all tasks is better than one for this task alone."""

    part: Name
    sentence: str
    said: SaidTexts = ()


@dataclass(frozen=True, kw_only=True)
class FitMetrics(TaskDetails):
    """``metrics.json`` of ``jeoni fit``."""

    estimate: Literal["test", "cv"]
    n: Count
    per_class: tuple[RowScores, ...]
    summary: str
    said: SaidTexts = ()
    measures: Annotated[dict[str, Measure], AtMost(200)] = field(default_factory=dict)
    parts: Annotated[dict[str, TaskDetails], AtMost(50)] = field(default_factory=dict)
    sharing: Annotated[tuple[Shared, ...], AtMost(50)] = ()
    test: Scores | None = None
    cv: Scores | None = None
    control: Controls | None = None
    label_noise: LabelNoiseRecord | None = None
    more_labels: MoreLabelsRecord | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.test if self.estimate == "test" else self.cv) is None:
            raise ValueError(f"{self.estimate} is missing")
        if self.task == "classification" and not self.class_names:
            raise ValueError("class_names is missing")

    @property
    def scores(self) -> dict[str, Score]:
        """Of the test set, or of cross-validation."""
        return (self.test if self.estimate == "test" else self.cv) or {}
