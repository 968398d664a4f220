"""``plan.json``: what was found about the data and the source, what was tried, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from jeoni.runs.records.label_quality import LabelNoiseRecord, MoreLabelsRecord
from jeoni.runs.records.profile import ProfileRecord
from jeoni.runs.records.values import Count, Interval, Loss, Name, Positive, SaidTexts, Score, Value
from jeoni.runs.typed import AtMost, Which

__all__ = ["PLAN_FORMAT", "CandidateRecord", "PlanRecord", "SimilarityRecord", "SourceRecord", "StageScoreRecord"]

PLAN_FORMAT = 1
PlanFormat = Annotated[int, Which(lambda n: n <= PLAN_FORMAT, "a format that this version of jeoni can read")]


@dataclass(frozen=True)
class StageScoreRecord:
    """A probe on the features of one stage, and its difference to the topmost one."""

    name: Name
    stage: Count
    score: Interval
    to_top: Interval


@dataclass(frozen=True)
class SimilarityRecord:
    """Pretrained against untrained features; ``removed`` is the share of the latter's errors."""

    backbone: Name
    level: Literal["similar", "different"]
    pretrained: Interval
    untrained: Interval
    gain: Interval
    removed: Value
    examples: Count
    peak: Name
    stages: Annotated[tuple[StageScoreRecord, ...], AtMost(2000)] = ()


@dataclass(frozen=True)
class CandidateRecord:
    """A candidate: the options of ``jeoni fit`` that it is, and what came of it.

    ``fold_s`` and ``final_s`` are the seconds that one fold and the whole fit were expected to take, ``seconds`` those
    that the race took, with trainings of a share ``length`` of their full length; ``to_chosen`` is its score minus that
    of the one chosen, on the items that both were scored on. Where these are of one group, neither has bounds.
    """

    name: Name
    way: Name
    options: Annotated[dict[str, str], AtMost(50)]
    state: Literal["chosen", "in reach", "beaten", "no time", "not tried", "failed"]
    control: bool = False
    trains: bool = False
    folds: Count = 0
    items: Count = 0
    score: Score | None = None
    to_chosen: Score | None = None
    loss: Loss | None = None
    seconds: Positive = 0.0
    length: Positive = 1.0
    fold_s: Positive | None = None
    final_s: Positive | None = None
    disk_bytes: Positive | None = None
    memory_bytes: Positive | None = None


@dataclass(frozen=True)
class SourceRecord:
    """One's own upstream data beside the target; ``gain`` is that of learning from both over the target alone."""

    name: Name
    items: Count
    labels: Literal["closed", "partial", "open", "open-partial", "disjoint"]
    shared: Annotated[tuple[str, ...], AtMost(100_000)]
    distances: Annotated[dict[str, Value], AtMost(100)]
    target_only: Interval
    source_only: Interval | None = None
    both: Interval | None = None
    gain: Interval | None = None
    copies: Count = 0


@dataclass(frozen=True)
class PlanRecord:
    """``plan.json``."""

    jeoni: Name
    data: Name
    data_sha256: Name
    task: Name
    measure: Name
    labelled: Count
    tested: Count
    classes: Annotated[dict[str, Count], AtMost(100_000)]
    seed: int
    size: Literal["few", "many"]
    rule: Name
    rule_source: str
    candidates: Annotated[tuple[CandidateRecord, ...], AtMost(1000)]
    chosen: Name
    options: Annotated[dict[str, str], AtMost(50)]
    pays: bool
    summary: str
    said: SaidTexts = ()
    similarity: SimilarityRecord | None = None
    source: SourceRecord | None = None
    profile: ProfileRecord | None = None
    label_noise: LabelNoiseRecord | None = None
    more_labels: MoreLabelsRecord | None = None
    unit: Annotated[str, AtMost(100)] = "%"
    higher_is_better: bool = True
    optimism: Value | None = None
    budget_s: Positive | None = None
    complete: bool = True
    seconds: Positive = 0.0
    warnings: Annotated[tuple[str, ...], AtMost(1000)] = field(default=())
    format: PlanFormat = PLAN_FORMAT
