"""A plan as pages show it: the candidates, the similarity stage by stage, the table of rules, one's own source."""

from __future__ import annotations

from typing import Any

from jeoni.console.durations import duration
from jeoni.locale import table, translated
from jeoni.runs.records import PlanRecord
from jeoni.runs.records.values import Interval, Score

__all__ = ["plan_view"]

PLACES = "places_"  # how the rules of another table begin, that of places in pictures
UNKNOWN = "–"
SIZES, LEVELS = ("few", "many"), ("similar", "different")


def plan_view(plan: PlanRecord, words: dict[str, Any]) -> dict[str, Any]:
    """What a plan shows, on its own page and on that of the fit that followed it."""
    share = plan.unit == "%"
    return {
        "plan": plan,
        "pw": {**words, **table("planning", words["lang"])},
        "plan_trained": any(one.trains and one.folds for one in plan.candidates),
        "plan_folds": max((one.folds for one in plan.candidates), default=0),
        "plan_rows": [
            {
                "record": one,
                "score": _span(one.score, share),
                "difference": _span(one.to_chosen, share, signed=True),
                "disk": _megabytes(one.disk_bytes),
                "memory": _megabytes(one.memory_bytes),
                "time": "" if one.final_s is None else translated(duration(one.final_s), words["lang"]),
            }
            for one in plan.candidates
        ],
        "plan_stages": _stages(plan, share),
        "plan_upstream": [
            {"name": name, "score": _span(score, share)}
            for name in ("target_only", "source_only", "both")
            if (score := getattr(plan.source, name, None)) is not None
        ],
        "plan_cells": [
            {"size": size, "level": level, "fired": plan.rule == f"{size}_{level}"}
            for size in SIZES
            for level in LEVELS
            if not plan.rule.startswith(PLACES)
        ],
    }


def _megabytes(size: float | None) -> str:
    return "" if size is None else f"{max(1, round(size / 1e6)):,}\u00a0MB"


def _stages(plan: PlanRecord, share: bool) -> list[dict[str, Any]]:
    """A bar for each stage, and one for random weights; widths in percent of the longest."""
    similarity = plan.similarity
    if similarity is None:
        return []
    rows = [(stage.name, stage.score, stage.name == similarity.peak) for stage in similarity.stages]
    rows.append(("", similarity.untrained, False))
    top = max(1e-9, *(abs(score.high) for _, score, _ in rows))
    return [
        {
            "name": name,
            "peak": peak,
            "untrained": not name,
            "value": _span(score, share),
            "width": round(100 * max(0.0, score.value) / top, 1),
            "low": round(100 * max(0.0, score.low) / top, 1),
            "high": round(100 * max(0.0, score.high) / top, 1),
        }
        for name, score, peak in rows
    ]


def _span(score: Interval | Score | None, share: bool, signed: bool = False) -> dict[str, str] | None:
    """Value and bounds as they are written; a dash for a bound that is not known."""
    if score is None or score.value is None:
        return None
    scale, digits = (100, 1) if share else (1, 3)
    sign = "+" if signed else ""
    low, high = (UNKNOWN if bound is None else f"{scale * bound + 0.0:.{digits}f}" for bound in (score.low, score.high))
    return {"value": f"{scale * score.value + 0.0:{sign}.{digits}f}", "low": low, "high": high}
