"""The page of a pretraining: whether it paid, its loss, whether features collapsed, what it saw and made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.locale import measure_name, table
from jeoni.report.card import LEADING, Card, score_line
from jeoni.report.course import course_chart
from jeoni.report.files import Figures
from jeoni.report.parts import findings_view, headline, training_view
from jeoni.runs.records import Measure, RunRecord, Score, told_in
from jeoni.runs.records.pretraining import PretrainMetrics, ProbeRecord
from jeoni.runs.typed import read_record

__all__ = ["PretrainingPage"]

MEASURES = 8
SAMPLES, VIEWS = "samples.png", "views.jpg"
SPREAD = {"rank_me": 1, "effective_rank": 1, "deviation": 3}  # digits behind the point


class PretrainingPage:
    """The page of ``kind`` ``pretraining``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(PretrainMetrics, run / "metrics.json")
        rows = _rows(metrics.probe, words["lang"]) if metrics.probe else []
        leading = metrics.probe.headline if metrics.probe else ""
        return {
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "metrics": metrics,
            "method": metrics.method,
            "rows": rows,
            "leading": next((row for row in rows if row["name"] == leading), None),
            "spread": _spread(metrics),
            "chart": course_chart(metrics.course, figures.folder, words) if len(metrics.course.steps) > 1 else "",
            "game": "generator" in metrics.course.terms,
            "views_picture": figures.inline(VIEWS, ".jpg"),
            "samples_picture": figures.inline(SAMPLES, ".png"),
            "findings": findings_view(run, record.findings, words),
            "training": training_view(record.training, figures, words),
            "folder": f"{run.name}/model",
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        found = read_record(PretrainMetrics, run / "metrics.json")
        words = table("pretraining", language)
        summary = " ".join(told_in(language, found.said, found.summary))
        if found.probe is None:
            return Card(summary, words["about_unknown"], [])
        measure = found.probe.measures.get(found.probe.headline)
        title = measure_name(measure.title if measure else found.probe.headline, language)
        percent = bool(measure and measure.unit == "%")
        beside = {"before_name": found.probe.start, "after_name": found.probe.pretrained}
        lines = [
            score_line(words[name], scores[found.probe.headline], percent)
            for name, scores in beside.items()
            if found.probe.headline in scores
        ]
        return Card(summary, words["about_probe"].format(measure=title, n=f"{found.probe.n:,}"), lines)


def _rows(probe: ProbeRecord, language: str) -> list[dict[str, Any]]:
    """Measures of both probes and their differences, the leading ones first."""
    names = [name for name in (probe.headline, *LEADING, *probe.start) if name in probe.start]
    rows = []
    for name in list(dict.fromkeys(names))[:MEASURES]:
        measure: Measure | None = probe.measures.get(name)
        nothing = Score(None, None, None)
        rows.append(
            {
                "name": name,
                "title": measure_name(measure.title if measure else name.replace("_", " "), language),
                "unit": measure.unit if measure else "",
                "higher": measure.higher_is_better if measure else True,
                "start": probe.start[name],
                "pretrained": probe.pretrained.get(name, nothing),
                "difference": probe.difference.get(name, nothing),
            }
        )
    return rows


def _spread(metrics: PretrainMetrics) -> list[dict[str, Any]]:
    """Before and after, measure by measure."""
    before, after = metrics.before, metrics.after
    if before is None or after is None:
        return []
    return [
        {"name": name, "digits": digits, "before": getattr(before, name), "after": getattr(after, name)}
        for name, digits in SPREAD.items()
    ]
