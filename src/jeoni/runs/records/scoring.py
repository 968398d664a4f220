"""``metrics.json`` of ``jeoni score``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from jeoni.runs.records.values import Count, Name, Positive, SaidTexts, Score, Scores
from jeoni.runs.typed import AtMost

__all__ = ["OrderRecord", "ScoredCandidate", "ScoringMetrics"]


@dataclass(frozen=True)
class ScoredCandidate:
    """A backbone up to a stage: what the scores say of it, and what a head then got right of held-out items.

    ``behind`` is how much less accurate it was than the most accurate one, on the same items.
    """

    backbone: Name
    stage: Name
    depth: Count
    stages: Count
    dim: Count
    parameters: Positive
    learned: bool
    accuracy: Score
    behind: Score
    scores: Scores


@dataclass(frozen=True)
class OrderRecord:
    """How a score ordered the candidates: weighted Kendall's tau, what it would have chosen, and what that missed."""

    score: Name
    title: Name
    needs: Name
    candidates: Count
    backbones: Count
    tau: Score
    pick: Name
    behind: Score
    outcome: Literal["agrees", "opposes", "cannot tell"]


@dataclass(frozen=True)
class ScoringMetrics:
    """``metrics.json`` of ``jeoni score``."""

    head: Name
    n_train: Count
    n_test: Count
    scored_on: Count
    classes: Count
    backbones: Count
    stages: bool
    resamples: Count
    summary: str
    candidates: Annotated[tuple[ScoredCandidate, ...], AtMost(10_000)]
    orders: Annotated[tuple[OrderRecord, ...], AtMost(200)]
    said: SaidTexts = ()

    def __post_init__(self) -> None:
        if not self.candidates:
            raise ValueError("candidates is empty; at least one is needed")
