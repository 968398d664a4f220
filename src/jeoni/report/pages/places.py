"""The page of a fit of a dense task: scores and control, and what was found in pictures beside what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.report.card import Card, about, score_rows
from jeoni.report.files import Figures
from jeoni.report.parts import findings_view, headline, training_view
from jeoni.runs.records import DenseMetrics, RunRecord, told_in
from jeoni.runs.typed import read_record

__all__ = ["PlacesPage"]


class PlacesPage:
    """The page of ``kind`` ``places``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(DenseMetrics, run / "metrics.json")
        return {
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "metrics": metrics,
            "scores": [_score(name, metrics) for name in metrics.scores],
            "columns": list(metrics.rows[0].scores) if metrics.rows else [],
            "training": training_view(record.training, figures, words),
            "findings": findings_view(run, record.findings, words),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(DenseMetrics, run / "metrics.json")
        return Card(
            summary=" ".join(told_in(language, metrics.said, metrics.summary)),
            about=about(metrics.estimate, language, n=f"{metrics.n:,}"),
            scores=score_rows(metrics.scores, metrics.measures, language),
        )


def _score(name: str, metrics: DenseMetrics) -> dict[str, Any]:
    measure = metrics.measures[name]
    control = metrics.control
    return {
        "title": measure.title,
        "share": measure.unit == "%",
        "unit": "" if measure.unit == "%" else measure.unit,
        "score": metrics.scores[name],
        "untrained": (control.untrained or {}).get(name),
        "difference": (control.difference or {}).get(name),
    }
