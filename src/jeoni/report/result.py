"""A run in a few lines, and as a card for a notebook: what its report says at more length."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jeoni.locale import language_of, measure_name, table
from jeoni.runs.records import (
    AdaptMetrics,
    ComparisonRecord,
    FitMetrics,
    Measure,
    RunRecord,
    Score,
    VerdictRecord,
    told_in,
)
from jeoni.runs.typed import read_record

__all__ = ["LEADING", "result_card", "result_lines"]

SCORES = 4  # that are shown of a run
LEADING = ("accuracy", "macro_f1", "roc_auc", "mean_average_precision", "micro_f1", "mae", "rmse", "r2")
CLASSES = 12  # up to which a confusion matrix is shown
WIDTH = 96  # letters of a line


def result_lines(run: Path) -> list[str]:
    """The summary, the first scores with their intervals, and where report and model lie; at most eight lines.

    Args:
        run: a finished run folder.

    Raises:
        DataError: its records cannot be read.
    """
    content = _content(run)
    words = content["w"]
    lines = [_cut(content["summary"], 3 * WIDTH)]
    if content["scores"]:
        lines += [f"{row['name']} {row['value']} ({words['span'].format(**row)})" for row in content["scores"]]
    width = max(len(words["report"]), len(words["model"]))
    lines.append(f"{words['report']:{width}}  {run / 'report.html'}")
    if (run / "model").is_dir():
        lines.append(f"{words['model']:{width}}  {run / 'model'}")
    return lines


def result_card(run: Path) -> str:
    """The same as HTML that stands alone: headline, scores with intervals, confusion matrix, link to the report.

    Args:
        run: a finished run folder.

    Raises:
        DataError: its records cannot be read.
    """
    import jinja2

    template = (resources.files("jeoni.report") / "templates" / "result.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    link = os.path.relpath(run / "report.html")
    return environment.from_string(template).render(**_content(run), link=link, run=str(run))


def _content(run: Path) -> dict[str, Any]:
    """Summary, what it is about, rows of scores, and the confusion matrix or None."""
    record = read_record(RunRecord, run / "run.json")
    language = language_of(str(record.spec.get("language", "en")))
    view = {"comparison": _comparison, "adaptation": _adaptation}.get(record.kind, _fit)
    return {"w": table("cli", language), "confusion": None, **view(run, language)}


def _fit(run: Path, language: str) -> dict[str, Any]:
    metrics = read_record(FitMetrics, run / "metrics.json")
    how = "held_out" if metrics.estimate == "test" else "cross_validated"
    return {
        "summary": " ".join(told_in(language, metrics.said, metrics.summary)),
        "about": _about(how, language, n=f"{metrics.n:,}"),
        "scores": _rows(metrics.scores, metrics.measures, language),
        "confusion": _confusion(metrics),
    }


def _adaptation(run: Path, language: str) -> dict[str, Any]:
    found = read_record(AdaptMetrics, run / "metrics.json")
    return {
        "summary": " ".join(told_in(language, found.said, found.summary)),
        "about": _about("adapted", language, method=found.method, n=f"{found.labelled:,}"),
        "scores": _rows(found.target.metrics if found.target else {}, {}, language),
    }


def _about(what: str, language: str, **values: str) -> str:
    """What the scores are of, in a line."""
    return str(table("cli", language)["result"][what]).format(**values)


def _comparison(run: Path, language: str) -> dict[str, Any]:
    """The strategies at the largest number of labels."""
    verdict = read_record(VerdictRecord, run / "verdict.json")
    points = read_record(ComparisonRecord, run / "comparison.json").points
    measure, largest = verdict.compared_by, points[-1].budget
    percent = measure.unit == "%"
    scores = [_row(p.strategy, p.score, percent) for p in points if p.budget == largest]
    how = "compared_stratum" if verdict.per == "stratum" else "compared"
    title = measure_name(measure.title, language)
    return {
        "summary": " ".join(told_in(language, verdict.said, verdict.summary)),
        "about": _about(how if largest else "compared_all", language, measure=title, n=f"{largest}"),
        "scores": scores,
    }


def _rows(scores: Mapping[str, Score], measures: Mapping[str, Measure], language: str) -> list[dict[str, str]]:
    """The leading scores, by their titles where these are known."""
    leading = [name for name in LEADING if name in scores]
    rows: list[dict[str, str]] = []
    for name, score in {**{n: scores[n] for n in leading}, **scores}.items():
        if len(rows) == SCORES:
            break
        measure = measures.get(name)
        title, percent = (measure.title, measure.unit == "%") if measure else (name.replace("_", " "), False)
        rows.append(_row(measure_name(title, language), score, percent))
    return rows


def _row(name: str, score: Any, percent: bool) -> dict[str, str]:
    """A score with its interval as they are printed."""
    return {"name": name} | {key: _number(getattr(score, key), percent) for key in ("value", "low", "high")}


def _number(value: float | None, percent: bool) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}\u00a0%" if percent else f"{value:.3f}"


def _confusion(metrics: FitMetrics) -> dict[str, Any] | None:
    """Names, and rows of counts with each cell's share of its row."""
    if not 2 <= len(metrics.class_names) <= CLASSES:
        return None
    rows = []
    for name, counts in zip(metrics.class_names, metrics.confusion, strict=True):
        total = sum(counts) or 1
        rows.append({"name": name, "cells": [{"count": f"{c:g}", "share": c / total} for c in counts]})
    return {"names": metrics.class_names, "rows": rows}


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 2]} …"
