"""The page of a fit of a dense task: scores and control, and what was found in pictures beside what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.errors import DataError
from jeoni.report.card import Card, about, score_rows
from jeoni.report.files import Figures
from jeoni.report.parts import findings_view, headline, score_row, stages_view, training_view
from jeoni.report.place_details import details_view
from jeoni.report.places import places_view
from jeoni.runs.records import Controls, DenseMetrics, DenseRow, Measure, RunRecord, Score, told_in
from jeoni.runs.typed import read_record

__all__ = ["PlacesPage"]

KEYS = 2  # measures in large letters
COUNTED = ("detection", "pose")  # tasks of which the page says how many objects were scored
HOW = {"test": "held_out", "cv": "cross_validated"}


class PlacesPage:
    """The page of ``kind`` ``places``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(DenseMetrics, run / "metrics.json")
        if record.cut is None or record.head is None:
            raise DataError(
                f"{run / 'run.json'} cannot be used: cut or head is missing; repeat the run.", path=str(run)
            )
        control = Controls(untrained=metrics.control.untrained, difference=metrics.control.difference)
        rows = {
            name: score_row(name, score, control, metrics.measures)
            for name, score in metrics.scores.items()
            if score.value is not None
        }
        lead = list(dict.fromkeys((metrics.headline, *rows)))
        told = {**words, "kinds": {**words["kinds"], **words["place_kinds"]}}  # what checks of annotations find
        return {
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "metrics": metrics,
            "how": metrics.estimate,
            "control": control,
            "scores": [rows[name] for name in lead if name in rows],
            "keys": [rows[name] for name in lead if name in rows][:KEYS],
            "facts": _facts(metrics, words),
            "by_name": _by_name(metrics, words),
            "more": details_view(metrics, run, figures, words),
            "places": places_view(figures, metrics.task, words),
            "findings": findings_view(run, record.findings, told),
            "alike": {"pairs": [], "rest": 0},
            "stages": stages_view(record.cut.stages),
            "head_shape": {"name": words["head_named"].format(name=record.head.name), "output": "", "parameters": None},
            "training": training_view(record.training, figures, words),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(DenseMetrics, run / "metrics.json")
        known = {name: score for name, score in metrics.scores.items() if score.value is not None}
        first = {name: known[name] for name in (metrics.headline,) if name in known}
        return Card(
            summary=" ".join(told_in(language, metrics.said, metrics.summary)),
            about=about(HOW[metrics.estimate], language, n=f"{metrics.n:,}"),
            scores=score_rows({**first, **known}, metrics.measures, language),
        )


def _facts(metrics: DenseMetrics, words: dict[str, Any]) -> list[dict[str, Any]]:
    """How many objects or points the scores are of."""
    if metrics.task not in COUNTED or not metrics.rows:
        return []
    count = sum(row.count for row in metrics.rows)
    note = words["of_names"][metrics.task].format(n=f"{len(metrics.rows):,}")
    return [{"name": words["counted"][metrics.task], "count": count, "note": note}]


def _by_name(metrics: DenseMetrics, words: dict[str, Any]) -> dict[str, Any] | None:
    """The table by class, by keypoint or by kind of defect; None where there is none."""
    columns = list(dict.fromkeys(name for row in metrics.rows for name in row.scores))
    if not columns:
        return None
    measures = {name: metrics.measures.get(name) or _measure(name, words) for name in columns}
    titles = words["short_measures"]
    total = sum(row.count for row in metrics.rows)
    return {
        "title": words["by"].get(metrics.task, words["by"][""]),
        "note": words["by_note"].get(metrics.task, ""),
        "counted": words["counted"].get(metrics.task, words["counted"][""]),
        "shares": metrics.task == "segmentation",
        "columns": [{"title": titles.get(n, measures[n].title), "unit": measures[n].unit} for n in columns],
        "rows": [_line(row, columns, measures, metrics, total) for row in metrics.rows],
    }


def _line(
    row: DenseRow, columns: list[str], measures: dict[str, Measure], metrics: DenseMetrics, total: int
) -> dict[str, Any]:
    """A class, the share of all that it is, and its scores with places on their bars."""
    tops = {name: _column(metrics, name) for name in columns}
    cells = []
    for name in columns:
        score = row.scores.get(name, Score(None, None, None))
        shown = score_row(name, score, Controls(), {**metrics.measures, **measures})
        if measures[name].unit != "%" and tops[name] and shown["bar"].get("score"):
            shown["bar"]["score"] = _on_scale(score, tops[name])
        cells.append(shown)
    return {"name": row.name, "count": row.count, "share": row.count / total if total else 0.0, "cells": cells}


def _column(metrics: DenseMetrics, name: str) -> float:
    """The largest number of a column: its bars share one scale."""
    ends = [s.high if s.high is not None else s.value for row in metrics.rows if (s := row.scores.get(name))]
    return max([0.0, *(end for end in ends if end is not None)])


def _on_scale(score: Score, top: float) -> dict[str, float]:
    value = score.value or 0.0
    low = value if score.low is None else score.low
    high = value if score.high is None else score.high
    place = {k: 100 * min(1.0, max(0.0, v / top)) for k, v in (("value", value), ("low", low), ("high", high))}
    return {**place, "width": max(0.4, place["high"] - place["low"])}


def _measure(name: str, words: dict[str, Any]) -> Measure:
    """Of a column that is no score of the whole: a share."""
    return Measure(title=words["short_measures"].get(name, name.replace("_", " ")), unit="%", higher_is_better=True)
