"""All scores of one candidate, with intervals where these are cheap to have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni import plugins
from jeoni.errors import ConfigError
from jeoni.evaluation.intervals import bootstrap_interval, resample_weights, units_of
from jeoni.transferability.candidate import Candidate
from jeoni.types import Array, IntArray, Interval

__all__ = ["RESAMPLES", "SCORES", "Scored", "build_scores", "score_candidate"]

SCORES = "jeoni.transferability.scores"
RESAMPLES = 200


@dataclass(frozen=True)
class Scored:
    """One score of one candidate; higher is better.

    Attributes:
        value: with its interval over resampled examples; low and high are NaN where there is none.
        known: False where the score cannot be had: no old head, or nothing published.
    """

    value: Interval
    known: bool = True


UNKNOWN = Scored(Interval(float("nan"), float("nan"), float("nan")), known=False)


def build_scores(names: Sequence[str] = ()) -> dict[str, Any]:
    """Scores by their ids, with their usual hyper-parameters; all that there are where none is named.

    Raises:
        ConfigError: an unknown one; the message offers near names.
    """
    if len(set(names)) < len(names):
        raise ConfigError(f"scores names one twice: {', '.join(names)}. Name each once.")
    return {name: plugins.load(SCORES, name)() for name in names or plugins.names(SCORES)}


def score_candidate(
    candidate: Candidate,
    labels: Array,
    groups: IntArray | None = None,
    scores: Mapping[str, Any] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Scored]:
    """Each score of a candidate by its id.

    Args:
        candidate: what is scored.
        labels: ``(n,)`` of the examples that its features are of.
        groups: ``(n,)``: examples of one number are alike, and are resampled together.
        scores: from :func:`build_scores`; None are all.
        resamples: of the examples, for intervals; 0 gives none.
        seed: of the resamples.

    Raises:
        ValueError: features and labels that do not go together, or labels of one class.
    """
    given = build_scores() if scores is None else scores
    return {name: _scored(one, candidate, labels, groups, resamples, seed) for name, one in given.items()}


def _scored(
    score: Any, candidate: Candidate, labels: Array, groups: IntArray | None, resamples: int, seed: int
) -> Scored:
    if score.needs == "facts":
        value = score(candidate.facts)
        return UNKNOWN if value is None else Scored(_plain(value))
    rows = candidate.posteriors if score.needs == "posteriors" else candidate.features
    if rows is None:
        return UNKNOWN
    value = float(score(rows, labels, groups))
    if not resamples or not hasattr(score, "resampled"):
        return Scored(_plain(value))
    weights = np.concatenate([w.astype(np.float64) for w in resample_weights(len(labels), groups, resamples, seed)])
    return Scored(
        bootstrap_interval(value, score.resampled(rows, labels, groups, weights), units_of(len(labels), groups))
    )


def _plain(value: float) -> Interval:
    return Interval(float(value), float("nan"), float("nan"))
