"""What the files of a run folder hold, as far as a report shows it: typed, and checked when they are read."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from jeoni.report.typed import AtMost, Between, EmptyIsNone, Which, read_record

__all__ = [
    "AdaptMetrics",
    "ComparisonRecord",
    "DomainsRecord",
    "FitMetrics",
    "GalleryRecord",
    "InsideRecord",
    "Interval",
    "LooksRecord",
    "MapRecord",
    "RunRecord",
    "Score",
    "Stage",
    "TrainingRecord",
    "VerdictRecord",
    "read_if_there",
]

T = TypeVar("T")

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


def _is_figure_name(name: str) -> bool:
    """A file of ``figures/`` or of a folder in it, by a plain name: nothing leads out."""
    return re.fullmatch(r"([\w-]+/)?[\w-][\w.-]*", name, re.ASCII) is not None


FigureName = Annotated[str, AtMost(200), Which(lambda n: not n or _is_figure_name(n), "the name of a file in figures/")]


@dataclass(frozen=True)
class Machine:
    """Where a run was made."""

    system: str
    processor: str
    cores: Count
    memory_gb: Positive | None = None


@dataclass(frozen=True)
class DataRecord:
    """What was learned from."""

    name: str
    classes: dict[str, Count]
    sha256: str
    items: Count
    origin: str = ""
    groups: Count | None = None
    train: Count | None = None
    test: Count | None = None
    skipped: Count | None = None


@dataclass(frozen=True)
class BackboneRecord:
    """What was transferred from."""

    name: str
    architecture: str
    source: str
    licence: str
    sha256: str
    parameters: Count
    dim: Count


@dataclass(frozen=True)
class EngineRecord:
    """What ran the frozen stages."""

    name: str
    precision: str = ""
    cosine: float | None = None
    images_per_s: Positive | None = None
    notes: Sentences = ()


@dataclass(frozen=True)
class Stage:
    """One stage of the backbone, and what was done to it."""

    name: str
    parameters: Count
    frozen: bool
    output_shape: Annotated[tuple[Count, ...], AtMost(10)]
    ms_per_image: Positive
    state: Literal["", "frozen", "trained", "new", "untouched", "dropped"] = ""
    batch_norm: Literal["", "own", "batch"] = ""
    kept_bytes: Positive | None = None
    learning_rate: Positive | None = None


@dataclass(frozen=True)
class Cut:
    """Where the network was cut."""

    frozen: Count
    stages: Annotated[tuple[Stage, ...], AtMost(2000)]


@dataclass(frozen=True)
class HeadRecord:
    """What is on top; which of its settings there are depends on its kind."""

    strength: Positive | None = None
    class_weights: Name | None = None
    temperature: Positive | None = None


@dataclass(frozen=True)
class Look:
    """The losses at one step of a training."""

    step: Count
    loss: Loss | None = None
    held: Loss | None = None


@dataclass(frozen=True)
class TrainedRows:
    """What was kept of each example at the cut."""

    cached: bool = False
    row_bytes: Positive = 0
    bytes: Positive = 0
    views: Count = 0


@dataclass(frozen=True)
class Rate:
    """How fast a group of parameters learned."""

    learning_rate: Positive


@dataclass(frozen=True)
class TrainingRecord:
    """How stages were trained; see :func:`jeoni.strategies.finetuning.tuning.tune`."""

    steps: Count
    best_step: Count
    looks: Annotated[tuple[Look, ...], AtMost(5000)]
    seconds: Positive
    examples: Count
    share: Share
    rows: TrainedRows
    frozen_identical: bool
    rates: dict[str, Rate]
    statistics: Literal["own", "batch"]
    refitted: bool = False
    held_out: Count = 0
    moment: str = ""
    shortened: Literal["", "by_heart", "memorised", "less"] = ""
    ruined: bool = False
    trials: Annotated[dict[str, Loss | None], AtMost(100)] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """A candidate of ``auto``, with its scores on examples that it did not see."""

    n: Count
    loss: float | None = None
    score: float | None = None


@dataclass(frozen=True)
class RunRecord:
    """``run.json``; what only some verbs write may be missing."""

    jeoni: Name
    created: Name
    command: str
    spec: dict[str, object]
    versions: dict[str, str]
    machine: Machine
    data: DataRecord
    backbone: BackboneRecord
    engine: EngineRecord
    timings: dict[str, Positive | None]
    kind: Literal["report", "comparison", "adaptation"] = "report"
    calls: Annotated[int, Between(1)] = 1
    warnings: Sentences = ()
    peak_memory_mb: Positive | None = None
    findings: dict[str, Count] = field(default_factory=dict)
    cut: Cut | None = None
    head: HeadRecord | None = None
    training: Annotated[TrainingRecord | None, EmptyIsNone()] = None
    chosen: str = ""
    contest: Annotated[dict[str, Contestant], AtMost(100)] | None = None


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
    """A share, or a difference of shares, with its interval."""

    value: Annotated[float, Between(-1, 1)]
    low: Annotated[float, Between(-1, 1)]
    high: Annotated[float, Between(-1, 1)]


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


@dataclass(frozen=True)
class Controls:
    """What a model is compared with."""

    majority: Scores | None = None
    untrained: Scores | None = None
    difference: Scores | None = None
    probe: Scores | None = None


@dataclass(frozen=True)
class Bin:
    """Predictions of about the same confidence."""

    confidence: Share
    accuracy: Share
    count: Positive


@dataclass(frozen=True)
class Measure:
    """How a metric is called, what its unit is (``%`` is a share), and its direction."""

    title: Name
    unit: Annotated[str, AtMost(100)]
    higher_is_better: bool


@dataclass(frozen=True)
class Numbers:
    """True and predicted values of one number."""

    name: Name
    unit: Annotated[str, AtMost(100)]
    points: Annotated[tuple[tuple[Value, Value], ...], AtMost(5000)]


@dataclass(frozen=True)
class TaskDetails:
    """What is shown of one task beside its scores. Of repeated predictions, counts are means over the repeats."""

    task: Name = "classification"
    headline: Name = "accuracy"
    width: Count = 0
    class_names: tuple[str, ...] = ()
    confusion: tuple[tuple[Positive, ...], ...] = ()
    reliability: Annotated[tuple[Bin, ...], AtMost(1000)] = ()
    numbers: Annotated[tuple[Numbers, ...], AtMost(100)] = ()

    def __post_init__(self) -> None:
        classes = len(self.class_names)
        if classes and {len(self.confusion), *map(len, self.confusion)} != {classes}:
            raise ValueError(f"confusion has not {classes} rows and columns, one of each class in class_names")


@dataclass(frozen=True)
class Shared:
    """Whether one network for all tasks is better than one for this task alone."""

    part: Name
    sentence: str


@dataclass(frozen=True, kw_only=True)
class FitMetrics(TaskDetails):
    """``metrics.json`` of ``jeoni fit``."""

    estimate: Literal["test", "cv"]
    n: Count
    per_class: tuple[RowScores, ...]
    summary: str
    measures: Annotated[dict[str, Measure], AtMost(200)] = field(default_factory=dict)
    parts: Annotated[dict[str, TaskDetails], AtMost(50)] = field(default_factory=dict)
    sharing: Annotated[tuple[Shared, ...], AtMost(50)] = ()
    test: Scores | None = None
    cv: Scores | None = None
    control: Controls | None = None

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


@dataclass(frozen=True)
class DomainScores:
    """Scores of one model in the target domain."""

    metrics: Scores
    per_class: tuple[RowScores, ...]


@dataclass(frozen=True)
class Told:
    """Something in sentences."""

    sentences: Sentences = ()


@dataclass(frozen=True)
class Tried:
    """A method that ``auto`` tried, and what each validator gives it more than the source model."""

    name: Name
    gains: Annotated[dict[str, float | None], AtMost(50)] | None = None
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
    target: DomainScores | None = None
    source_only: DomainScores | None = None
    why: str = ""
    advice: str = ""
    diagnosis: Told | None = None
    weighing: Told | None = None
    tried: Annotated[tuple[Tried, ...], AtMost(200)] | None = None

    def __post_init__(self) -> None:
        if (self.target is None) != (self.source_only is None):
            raise ValueError("of target and source_only, one is missing")
        for scores in (self.target, self.source_only):
            if scores and [one.class_ for one in scores.per_class] != list(self.class_names):
                raise ValueError("per_class does not hold the classes of class_names, in their order")


@dataclass(frozen=True)
class Comparison:
    """One strategy against another at one number of labels."""

    strategy: Name
    control: Name
    budget: Budget
    difference: Interval
    p: Share
    visible: Share
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Need:
    """What the control would need to be as accurate as a strategy."""

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
    advice: Sentences = ()
    measure: Literal["accuracy", "balanced_accuracy"] = "accuracy"


@dataclass(frozen=True)
class Point:
    """A strategy at one number of labels."""

    strategy: Name
    budget: Budget
    n_train: Annotated[float, Between(1, 1e12)]
    seconds: Annotated[float, Between(0, 1e9)]
    accuracy: Interval
    note: str = ""


@dataclass(frozen=True)
class ProbedStage:
    """A linear probe on one stage's features."""

    name: Name
    accuracy: Interval


@dataclass(frozen=True)
class ComparisonRecord:
    """``comparison.json``."""

    points: Annotated[tuple[Point, ...], AtMost(400)]
    stages: Annotated[tuple[ProbedStage, ...], AtMost(300)]

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("points is empty; at least one is needed")


@dataclass(frozen=True)
class Example:
    """A mistake or a doubt, and what a reader sees of it."""

    path: str
    label: str
    predicted: str
    confidence: Share | None
    text: str = ""
    thumb: FigureName = ""
    sound: FigureName = ""


@dataclass(frozen=True)
class GalleryRecord:
    """``figures/gallery.json``."""

    mistakes: Annotated[tuple[Example, ...], AtMost(200)] = ()
    doubtful: Annotated[tuple[Example, ...], AtMost(200)] = ()


@dataclass(frozen=True)
class Weighed:
    """What each word counted for, before or after training."""

    name: Literal["before", "after"]
    pieces: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Explained:
    """What decided about one example."""

    path: str
    label: str
    predicted: str
    files: Annotated[tuple[FigureName, ...], AtMost(10)] = ()
    words: Annotated[tuple[Weighed, ...], AtMost(10)] = ()


@dataclass(frozen=True)
class LooksRecord:
    """``figures/looks.json``."""

    hits: Annotated[tuple[Explained, ...], AtMost(100)] = ()
    mistakes: Annotated[tuple[Explained, ...], AtMost(100)] = ()


@dataclass(frozen=True)
class StagePictures:
    """What excites a stage most."""

    stage: Name
    files: Annotated[tuple[FigureName, ...], AtMost(100)]


@dataclass(frozen=True)
class InsideRecord:
    """``figures/inside.json``."""

    stages: Annotated[tuple[StagePictures, ...], AtMost(1000)]
    filters: FigureName = ""


@dataclass(frozen=True)
class MapPoint:
    """An item on the map."""

    path: str
    label: str
    predicted: str
    x: Place
    y: Place
    text: str = ""
    group: Count | None = None
    wrong: bool | None = None


@dataclass(frozen=True)
class MapRecord:
    """``figures/map.json``; the groups are what the colours stand for: classes, or ranges of numbers."""

    method: str
    points: tuple[MapPoint, ...]
    groups: Annotated[tuple[Name, ...], AtMost(10_000)] = ()
    sprite: FigureName = ""
    tile: Annotated[int, Between(1, 1000)] = 56
    columns: Annotated[int, Between(1, 1000)] = 32


@dataclass(frozen=True)
class DomainItem:
    """An item of either domain."""

    domain: Literal["source", "target"]
    path: str
    label: str
    predicted: str


@dataclass(frozen=True)
class DomainMap:
    """Where the items lie."""

    method: str
    points: tuple[tuple[Place, Place], ...]


@dataclass(frozen=True)
class DomainsRecord:
    """``figures/domains.json``."""

    items: tuple[DomainItem, ...]
    maps: Annotated[tuple[DomainMap, ...], AtMost(2)]

    def __post_init__(self) -> None:
        if any(len(one.points) != len(self.items) for one in self.maps):
            raise ValueError(f"maps do not have {len(self.items)} points each, one for every item")


def read_if_there(kind: type[T], path: Path) -> T | None:
    """A record, or None where a run has no such file; errors as :func:`.read_record`."""
    return read_record(kind, path) if os.path.lexists(path) else None
