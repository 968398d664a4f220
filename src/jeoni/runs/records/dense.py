"""``metrics.json`` of a fit of a dense task: where in a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from jeoni.runs.records.values import Count, Measure, Name, SaidTexts, Score, Scores
from jeoni.runs.typed import AtMost

__all__ = ["DenseControls", "DenseMetrics", "DenseRow"]


@dataclass(frozen=True)
class DenseRow:
    """Scores of one class or keypoint; which there are depends on the task."""

    name: str
    count: Count
    scores: Scores


@dataclass(frozen=True)
class DenseControls:
    """The same head on a network with random weights; ``difference`` is ours minus that."""

    untrained: Scores | None = None
    difference: Scores | None = None


@dataclass(frozen=True)
class DenseMetrics:
    """Scores of pictures that were held out."""

    task: Name
    headline: Name
    estimate: Literal["cv", "test"]
    n: Count
    names: Annotated[tuple[str, ...], AtMost(100_000)]
    measures: Annotated[dict[str, Measure], AtMost(100)]
    summary: str
    cv: Scores | None = None
    test: Scores | None = None
    rows: Annotated[tuple[DenseRow, ...], AtMost(100_000)] = ()
    control: DenseControls = DenseControls()
    said: SaidTexts = ()
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def scores(self) -> dict[str, Score]:
        """Of the estimate."""
        found = self.cv if self.estimate == "cv" else self.test
        return found or {}
