"""A run in a few lines: what its page says in them, and rows of scores as they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jeoni.locale import measure_name, table
from jeoni.runs.records import Measure, Score

__all__ = ["LEADING", "Card", "about", "score_line", "score_rows"]

SCORES = 4  # that are shown of a run
LEADING = ("accuracy", "macro_f1", "roc_auc", "mean_average_precision", "micro_f1", "mae", "rmse", "r2")


@dataclass(frozen=True)
class Card:
    """A run in a few lines.

    Attributes:
        summary: in sentences.
        about: what the scores are of, in a line.
        scores: rows of :func:`score_line`.
        confusion: names, and rows of counts with each cell's share of its row.
    """

    summary: str
    about: str
    scores: list[dict[str, str]]
    confusion: dict[str, Any] | None = None


def about(what: str, language: str, **values: str) -> str:
    """What the scores are of, in a line: a sentence of ``locale/LANGUAGE/cli.py``, ``result``."""
    return str(table("cli", language)["result"][what]).format(**values)


def score_rows(scores: Mapping[str, Score], measures: Mapping[str, Measure], language: str) -> list[dict[str, str]]:
    """The leading scores, by their titles where these are known."""
    leading = [name for name in LEADING if name in scores]
    rows: list[dict[str, str]] = []
    for name, score in {**{n: scores[n] for n in leading}, **scores}.items():
        if len(rows) == SCORES:
            break
        measure = measures.get(name)
        title, percent = (measure.title, measure.unit == "%") if measure else (name.replace("_", " "), False)
        rows.append(score_line(measure_name(title, language), score, percent))
    return rows


def score_line(name: str, score: Any, percent: bool) -> dict[str, str]:
    """A score with its interval as they are printed."""
    return {"name": name} | {key: _number(getattr(score, key), percent) for key in ("value", "low", "high")}


def _number(value: float | None, percent: bool) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}\u00a0%" if percent else f"{value:.3f}"
