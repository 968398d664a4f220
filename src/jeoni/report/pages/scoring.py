"""The page of transferability scores: what was measured, how well each score foretold it, and all scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jeoni.locale import table
from jeoni.report.card import Card, score_line
from jeoni.report.figures import FAINT, SERIES, keep_figure, plain_axes
from jeoni.report.files import Figures
from jeoni.report.parts import findings_view, headline
from jeoni.runs.records import OrderRecord, RunRecord, ScoredCandidate, ScoringMetrics, told_in
from jeoni.runs.typed import read_record
from jeoni.transferability.candidate import FEWEST

__all__ = ["ScoringPage"]

MOST_ROWS = 12  # candidates that are shown at once
MOST_COLUMNS = 6  # and whose scores stand side by side
ON_CARD = 3


class ScoringPage:
    """The page of ``kind`` ``scoring``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(ScoringMetrics, run / "metrics.json")
        shown = metrics.candidates[:MOST_COLUMNS]
        return {
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "metrics": metrics,
            "candidates": [_candidate(one, metrics, k == 0) for k, one in enumerate(metrics.candidates)],
            "at_once": MOST_ROWS,
            "chart": _stages_chart(metrics, figures.folder, words) if metrics.stages else "",
            "orders": [_order(one) for one in metrics.orders],
            "few": metrics.backbones < FEWEST,
            "fewest": FEWEST,
            "columns": [_name(one) for one in shown],
            "rows": [_row(order, shown) for order in metrics.orders],
            "intervals": metrics.resamples > 0,
            "findings": findings_view(run, record.findings, words),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        metrics, words = read_record(ScoringMetrics, run / "metrics.json"), table("scoring", language)
        told = {"n": f"{len(metrics.candidates)}", "backbones": f"{metrics.backbones}", "test": f"{metrics.n_test:,}"}
        return Card(
            summary=" ".join(told_in(language, metrics.said, metrics.summary)),
            about=str(words["about"]).format(**told),
            scores=[score_line(_name(one), one.accuracy, True) for one in metrics.candidates[:ON_CARD]],
        )


def _name(one: ScoredCandidate) -> str:
    """Backbone and, below its top, the stage."""
    return one.backbone if one.depth == one.stages else f"{one.backbone} / {one.stage}"


def _stages_chart(metrics: ScoringMetrics, folder: Path, words: dict[str, Any]) -> str:
    """Accuracy by the share of the stages that are used, a curve for each backbone; grey where it was not trained."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.8), layout="constrained")
    axes = figure.add_subplot()
    colors = iter(SERIES * (1 + metrics.backbones // len(SERIES)))
    for name in dict.fromkeys(one.backbone for one in metrics.candidates):
        stages = sorted((one for one in metrics.candidates if one.backbone == name), key=lambda one: one.depth)
        style: dict[str, Any] = {"color": next(colors), "linewidth": 2} if stages[0].learned else {"color": FAINT}
        depths = [one.depth / max(1, one.stages) for one in stages]
        values = [float("nan") if one.accuracy.value is None else one.accuracy.value for one in stages]
        axes.plot(depths, values, marker="o", markersize=4, label=name, **style)
    axes.set(xlabel=words["depth_axis"], ylabel=words["accuracy"])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %")
    axes.legend(frameon=False, fontsize=8)
    plain_axes(axes)
    return keep_figure(figure, folder, "stages", words["by_stage"])


def _candidate(one: ScoredCandidate, metrics: ScoringMetrics, best: bool) -> dict[str, Any]:
    """A row of the table of what was measured, with the place of its interval on a bar from the least to the best."""
    known = [c.accuracy for c in metrics.candidates if c.accuracy.low is not None and c.accuracy.high is not None]
    low, high = min((s.low or 0.0 for s in known), default=0.0), max((s.high or 1.0 for s in known), default=1.0)
    return {**vars(one), "name": _name(one), "best": best, "mark": _marked(one), "bar": _bar(one, low, high)}


def _marked(one: ScoredCandidate) -> bool:
    """Whether it has to be said that it was not trained: its name may say so."""
    return not one.learned and not one.backbone.startswith("untrained:")


def _bar(one: ScoredCandidate, low: float, high: float) -> dict[str, float] | None:
    score = one.accuracy
    if score.value is None or score.low is None or score.high is None:
        return None
    span = (high - low) or 1.0
    place = {k: 100 * (v - low) / span for k, v in (("value", score.value), ("low", score.low), ("high", score.high))}
    return {**place, "width": max(0.6, place["high"] - place["low"])}


def _order(one: OrderRecord) -> dict[str, Any]:
    kind = {"agrees": "helped", "opposes": "hurt"}.get(one.outcome, "")
    return {**vars(one), "kind": kind}


def _row(order: OrderRecord, shown: Sequence[ScoredCandidate]) -> dict[str, Any]:
    """A score over the candidates; the best of them is marked."""
    scores = [one.scores.get(order.score) for one in shown]
    values = [s.value for s in scores if s is not None and s.value is not None]
    top = max(values, default=None)
    cells = []
    for score in scores:
        value = score.value if score is not None else None
        has_interval = score is not None and score.low is not None
        span = (_written(score.low), _written(score.high)) if score is not None and has_interval else None
        cells.append({"value": _written(value), "span": span, "top": value is not None and value == top})
    return {"title": order.title, "needs": order.needs, "cells": cells}


def _written(value: float | None) -> str:
    """Three digits, whatever the score's scale."""
    return "–" if value is None else f"{value:.3g}"
