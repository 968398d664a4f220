"""``run.json``: what a run was made of, and ``spec.json``: what it was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from jeoni.runs.records.values import Count, Loss, Name, Positive, SaidRecord, Sentences, Share
from jeoni.runs.typed import AtMost, Between, EmptyIsNone, Formerly, Which

__all__ = [
    "RUN_FORMAT",
    "AskedRecord",
    "BackboneRecord",
    "Contestant",
    "Cut",
    "DataRecord",
    "EngineRecord",
    "Evaluated",
    "HeadRecord",
    "Machine",
    "Rate",
    "RunRecord",
    "Stage",
    "TrainedRows",
    "TrainingRecord",
]

RUN_FORMAT = 1
RunFormat = Annotated[int, Which(lambda n: n <= RUN_FORMAT, "a format that this version of jeoni can read")]


@dataclass(frozen=True)
class Machine:
    """Where a run was made."""

    system: str
    processor: str
    cores: Count
    memory_gb: Positive | None = None
    accelerator: str = ""
    device: str = ""


@dataclass(frozen=True)
class DataRecord:
    """The data."""

    name: str
    classes: dict[str, Count]
    sha256: str
    items: Count
    task: str = ""
    origin: str = ""
    groups: Count | None = None
    train: Count | None = None
    test: Count | None = None
    skipped: Count | None = None
    used: Count | None = None
    draws: Count | None = None


@dataclass(frozen=True)
class BackboneRecord:
    """The backbone."""

    name: str
    architecture: str
    source: str
    licence: str
    sha256: str
    parameters: Count
    dim: Count
    url: str = ""


@dataclass(frozen=True)
class EngineRecord:
    """The engine of the frozen stages."""

    name: str
    precision: str = ""
    cosine: float | None = None
    images_per_s: Positive | None = None
    notes: Sentences = ()
    decoded_by: str = ""


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
    reuse: Count | None = None


@dataclass(frozen=True)
class HeadRecord:
    """The head on top; which of its settings there are depends on its kind.

    Attributes:
        strength: the inverse penalty.
        class_weights: ``balanced`` or ``none``.
        temperature: that its outputs are divided by.
        name: its id.
        candidates: what was tried.
        stages: whose features it takes side by side, lowest first; empty: those of the last one alone.
        dim: how many features it takes; 0 where that is not known.
        details: what else was decided about it.
    """

    strength: Positive | None = None
    class_weights: Name | None = None
    temperature: Positive | None = None
    name: str = ""
    candidates: tuple[Any, ...] = ()
    stages: tuple[str, ...] = ()
    dim: Count = 0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluated:
    """The losses at one step of a training."""

    step: Count
    loss: Loss | None = None
    held: Loss | None = None


@dataclass(frozen=True)
class TrainedRows:
    """The rows at the cut: cached, or computed in every epoch; the seconds that both were expected to take."""

    cached: bool = False
    row_bytes: Positive = 0
    bytes: Positive = 0
    views: Count = 0
    policy: Name = ""
    kept_s: Positive | None = None
    live_s: Positive | None = None


@dataclass(frozen=True)
class Rate:
    """How fast a group of parameters learned, and the step from which on."""

    learning_rate: Positive
    starts: Count = 0


@dataclass(frozen=True)
class SearchRecord:
    """What the search of a learning rate cost; see :class:`jeoni.strategies.finetuning.search.Found`.

    Attributes:
        seconds: of all trials.
        stopped: trials that ended early, because another had clearly beaten them.
        sides: of the pictures in the trials, pixels; empty where they had the backbone's size.
        repeats: of a comparison that share it.
        n: examples that the trials were trained on.
    """

    seconds: Positive = 0.0
    stopped: Count = 0
    sides: Annotated[tuple[Count, ...], AtMost(20)] = ()
    repeats: Count = 1
    n: Count = 0


@dataclass(frozen=True)
class TrainingRecord:
    """How stages were trained; see :func:`jeoni.strategies.finetuning.tuning.tune`."""

    steps: Count
    best_step: Count
    evaluations: Annotated[tuple[Evaluated, ...], AtMost(5000), Formerly("looks")]
    seconds: Positive
    examples: Count
    share: Share
    rows: TrainedRows
    frozen_identical: bool
    rates: dict[str, Rate]
    statistics: Literal["own", "batch"]
    full_steps: Count = 0
    limit: Literal["", "shortened", "stopped"] = ""
    refitted: bool = False
    held_out: Count = 0
    moment: str = ""
    shortened: Literal["", "by_heart", "memorised", "less"] = ""
    ruined: bool = False
    trials: Annotated[dict[str, Loss | None], AtMost(100)] = field(default_factory=dict)
    sides: Annotated[tuple[Count, ...], AtMost(20)] = ()
    search: SearchRecord = field(default_factory=SearchRecord)
    recipe: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """A candidate of ``auto``, with its scores on examples that it did not see.

    Attributes:
        n: how many these are.
        loss: the mean.
        score: the mean.
        against: the probe's loss on the same examples, where they are a sample of their own.
    """

    n: Count
    loss: float | None = None
    score: float | None = None
    against: float | None = None


@dataclass(frozen=True)
class CheaperRecord:
    """Other options, and the seconds that they would take."""

    options: str
    seconds: Positive


@dataclass(frozen=True)
class EstimateRecord:
    """How long the run was expected to take, said before it started; ``timings`` has what it took.

    Attributes:
        seconds: in all.
        parts: from the estimate on, by part.
        before_s: that had passed when it was made.
        cheaper: ways that take less.
        took: seconds by part that it took.
        disk_bytes: that were expected to be added to the feature cache; 0 where that was not asked.
        memory_bytes: expected at the peak; 0 where that was not asked.
    """

    seconds: Positive
    parts: Annotated[dict[str, Positive], AtMost(100)] = field(default_factory=dict)
    before_s: Positive = 0.0
    cheaper: Annotated[tuple[CheaperRecord, ...], AtMost(100)] = ()
    took: Annotated[dict[str, Positive], AtMost(100)] = field(default_factory=dict)
    disk_bytes: Count = 0
    memory_bytes: Count = 0


@dataclass(frozen=True)
class RunRecord:
    """``run.json``; what only some verbs write may be missing.

    ``format`` is raised when a record can no longer be read by what was written before.
    """

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
    estimate: EstimateRecord | None = None
    kind: Name = "report"
    calls: Annotated[int, Between(1)] = 1
    warnings: Sentences = ()
    warned: Annotated[dict[str, SaidRecord], AtMost(1000)] = field(default_factory=dict)
    peak_memory_mb: Positive | None = None
    findings: dict[str, Count] = field(default_factory=dict)
    cut: Cut | None = None
    head: HeadRecord | None = None
    training: Annotated[TrainingRecord | None, EmptyIsNone()] = None
    chosen: str = ""
    contest: Annotated[dict[str, Contestant], AtMost(100)] | None = None
    seed: int = 0
    format: RunFormat = RUN_FORMAT


@dataclass(frozen=True)
class AskedRecord:
    """``spec.json``: what a run was asked for, so that it can be asked for again."""

    verb: Name
    inputs: dict[str, str | None]
    command: str
    spec: dict[str, Any]
