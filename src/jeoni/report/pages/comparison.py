"""The page of a comparison: learning curves, verdict and stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jeoni.locale import measure_name
from jeoni.report.card import Card, about, score_line
from jeoni.report.figures import labels_chart, stages_chart, time_chart
from jeoni.report.files import Figures
from jeoni.report.formats import percent
from jeoni.report.parts import grown, headline
from jeoni.runs.records import ComparisonRecord, Measure, ProbedStage, RunRecord, SearchesRecord, VerdictRecord, told_in
from jeoni.runs.typed import read_record

__all__ = ["ComparisonPage", "highest_stage"]


class ComparisonPage:
    """The page of ``kind`` ``comparison``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        found = read_record(ComparisonRecord, run / "comparison.json")
        verdict = read_record(VerdictRecord, run / "verdict.json")
        points, stages = found.points, found.stages
        strategies = list(dict.fromkeys(p.strategy for p in points))
        at = {(p.strategy, p.budget): p for p in points}
        budgets = list(dict.fromkeys(p.budget for p in points))
        measure, sign = verdict.compared_by, 1 if verdict.compared_by.higher_is_better else -1
        named = measure_name(measure.title, words["lang"])
        measure, title = replace(measure, title=named), named[0].upper() + named[1:]
        per = {"budget": words["budgets"][verdict.per]}
        words = words | per | {name: words[name].format(measure=title) for name in ("curve_labels", "curve_time")}
        return {
            "w": words,
            "shown": partial(_measured, measure=measure),
            "sign": sign,
            "measure_note": words["measure_notes"].get(verdict.measure, ""),
            "verdict": verdict,
            **headline(told_in(words["lang"], verdict.said, verdict.summary)),
            "advice": [one for one in told_in(words["lang"], verdict.advised, " ".join(verdict.advice)) if one],
            "points": points,
            "searched": [_searched(one, words) for one in found.searches],
            "strategies": strategies,
            "table": [{"budget": b, "cells": [at.get((s, b)) for s in strategies]} for b in budgets],
            "labels": labels_chart(points, measure, figures.folder, words),
            "time": time_chart(points, measure, figures.folder, words),
            "stages": stages_chart(stages, measure, figures.folder, words) if stages else "",
            "stages_verdict": highest_stage(stages, sign, words) if stages else "",
        }

    def card(self, run: Path, language: str) -> Card:
        """The strategies at the largest number of labels; see :class:`jeoni.report.pages.Page`."""
        verdict = read_record(VerdictRecord, run / "verdict.json")
        points = read_record(ComparisonRecord, run / "comparison.json").points
        measure, largest = verdict.compared_by, points[-1].budget
        how = "compared_stratum" if verdict.per == "stratum" else "compared"
        title = measure_name(measure.title, language)
        return Card(
            summary=" ".join(told_in(language, verdict.said, verdict.summary)),
            about=about(how if largest else "compared_all", language, measure=title, n=f"{largest}"),
            scores=[score_line(p.strategy, p.score, measure.unit == "%") for p in points if p.budget == largest],
        )


def _measured(value: float, digits: int = 1, *, measure: Measure) -> str:
    """A value of the measure, or a difference of two: percent or points without their sign, or a number."""
    if measure.unit == "%":
        return percent(value, digits)
    return f"{value + 0.0:.3g}"


def highest_stage(stages: Sequence[ProbedStage], sign: int, words: dict[str, Any]) -> str:
    """Which stage is best; where the interval of another one overlaps, that none can be called so."""
    highest = max(stages, key=lambda s: sign * s.score.value)
    own = highest.score.low if sign > 0 else -highest.score.high
    near = [s.name for s in stages if s is not highest and (s.score.high if sign > 0 else -s.score.low) >= own]
    if not near:
        return str(words["stage_highest"].format(name=highest.name))
    return str(words["stage_overlap"].format(name=highest.name, others=", ".join(near)))


def _searched(record: SearchesRecord, words: dict[str, Any]) -> str:
    """What a strategy spent on its learning rate, in a sentence or two."""
    told = words["searched"].format(
        strategy=record.strategy,
        searches=record.searches,
        fits=record.fits,
        seconds=f"{record.seconds:,.0f}",
        stopped=record.stopped,
    )
    if not record.grown:
        return str(told)
    return f"{told} {grown(record.tried_at, record.grown, words)}"
