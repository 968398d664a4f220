"""What pages of several kinds show: a headline, rows of scores, examples, findings, a training."""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jeoni import plugins
from jeoni.locale import measure_name
from jeoni.report.figures import training_chart
from jeoni.report.files import Figures, read_rows
from jeoni.report.formats import quoted
from jeoni.runs.records import (
    Controls,
    Example,
    MapRecord,
    Measure,
    Score,
    Stage,
    TaskDetails,
    TrainedRows,
    TrainingRecord,
)
from jeoni.runs.typed import read_if_there

__all__ = [
    "confusion_view",
    "findings_view",
    "headline",
    "map_view",
    "opened",
    "score_row",
    "shown_example",
    "stages_view",
    "training_view",
]

METRICS = "jeoni.evaluation.metrics.classification"
ROWS = 200
CLASSES_IN_MATRIX = 15
PAIRS = 12
PALETTE = 8
ALIKE = ("duplicate", "near_duplicate", "leak", "label_conflict")


def headline(sentences: Sequence[str]) -> dict[str, Any]:
    """The first sentence stands in large letters, the others below it. Numbers keep their units and particles."""
    whole = [re.sub(r"%(?=[가-힣])", "%\u2060", sentence.replace(" %", "\u00a0%")) for sentence in sentences]
    first, *rest = whole
    return {"headline": first, "details": rest}


def score_row(
    name: str, score: Score, control: Controls, measures: Mapping[str, Measure] | None = None
) -> dict[str, Any]:
    """One measure: its title, its place on a bar from 0 to its top, and the controls beside it."""
    kind: Any = (measures or {}).get(name)
    if kind is None and name in plugins.names(METRICS):  # of runs that did not say what their measures are
        kind = plugins.load(METRICS, name)
    unit = getattr(kind, "unit", "")
    others = {k: scores.get(name) if isinstance(scores, dict) else None for k, scores in vars(control).items()}
    shown = {"score": score, "untrained": others["untrained"], "majority": others["majority"]}
    values = [v for s in shown.values() if s for v in (s.value, s.low, s.high) if v is not None]
    top = 1.0 if unit == "%" else max([1e-9, *values]) * 1.1
    return {
        "name": name,
        "title": getattr(kind, "title", name.replace("_", " ")),
        "unit": unit,
        "higher": getattr(kind, "higher_is_better", True),
        "score": score,
        **others,
        "bar": {k: _span(s, top) for k, s in shown.items() if s},
    }


def _span(score: Score, top: float) -> dict[str, float] | None:
    """Places in percent of a bar's width."""
    if score.value is None:
        return None
    low = score.value if score.low is None else score.low
    high = score.value if score.high is None else score.high
    place = {k: 100 * min(1.0, max(0.0, v / top)) for k, v in (("value", score.value), ("low", low), ("high", high))}
    return {**place, "width": max(0.4, place["high"] - place["low"])}


def shown_example(e: Example, figures: Figures) -> dict[str, Any]:
    """An example with its thumbnail and audio inside the page."""
    pictures = {"src": figures.inline(e.thumb, ".jpg"), "sound": figures.inline(e.sound, ".flac", ".mp3")}
    return {**vars(e), **pictures}


def findings_view(run: Path, counts: dict[str, int], words: dict[str, Any], shown: bool = False) -> dict[str, Any]:
    """The findings by kind, and one by one; those of examples that are alike only where the page has no pictures."""
    rows: list[dict[str, str]] = []
    rest, path = 0, run / "issues.csv"
    if os.path.lexists(path):
        for row in read_rows(path, ("kind", "path", "detail", "action")):
            if shown and row["kind"] in ALIKE and row["path"]:
                continue
            if len(rows) < ROWS:
                said = {**row, "kind": row["kind"].replace("_", " ")}
                told = {name: measure_name(said[name], words["lang"]) for name in ("kind", "detail", "action")}
                rows.append({**row, **told})
            else:
                rest += 1
    kinds = words["kinds"]
    summary = [{"count": n, "text": kinds.get(k, k.replace("_", " "))} for k, n in counts.items() if n]
    return {"summary": summary, "rows": rows, "rest": rest}


def _decoded_again(rows: TrainedRows, words: dict[str, Any]) -> str:
    """Why rows were not kept: no room, or no gain."""
    if rows.kept_s is None or rows.live_s is None:
        return str(words["rows_live"])
    return str(words["rows_decoded"].format(live=rows.live_s, kept=rows.kept_s))


def training_view(record: TrainingRecord | None, figures: Figures, words: dict[str, Any]) -> dict[str, Any] | None:
    """The training in sentences, with the curve of the losses."""
    if record is None:
        return None
    rows = record.rows
    between = words["share_between"].format(percent=100 * record.share)
    views = words["rows_views"].format(n=rows.views) if rows.views else ""
    kept = words["rows_cached"].format(kb=rows.row_bytes / 1000, mb=rows.bytes / 1e6, views=views)
    failed = words["trial_failed_or_beaten" if record.search.stopped else "trial_failed"]
    trials = ", ".join(f"{rate}: {failed if v is None else f'{v:.3f}'}" for rate, v in record.trials.items())
    note = "training_note_all"
    if record.held_out:
        note = "training_note_last" if record.moment == "last" else "training_note"
    return {
        **vars(record),
        "note": words[note],
        "share_note": words["share"].get(record.share, between),
        "rows_note": kept if rows.cached else _decoded_again(rows, words),
        "trials_said": trials,
        "searched": _searched(record, words),
        "head_rate": record.rates["head"].learning_rate if "head" in record.rates else None,
        "per_s": round(record.examples / record.seconds) if record.seconds else 0,
        "chart": training_chart(record.evaluations, record.best_step, figures.folder, words),
    }


def _searched(record: TrainingRecord, words: dict[str, Any]) -> str:
    """What the search of the learning rate took, and how pictures grew; empty where neither was."""
    search = record.search
    said = [words["search"].format(seconds=f"{search.seconds:,.0f}", stopped=search.stopped)] if search.seconds else []
    if record.sides:
        said.append(grown(search.sides[0] if search.sides else 0, record.sides, words))
    return " ".join(said)


def grown(tried_at: int, sides: Sequence[int], words: dict[str, Any]) -> str:
    """The sizes of pictures in trials and in a training, in a sentence."""
    listed = ", ".join(str(side) for side in sides)
    return str(words["grown_tried" if tried_at else "grown"].format(tried=tried_at, sides=listed))


def map_view(figures: Figures, names: Sequence[str]) -> dict[str, Any] | None:
    """The map of the features, its points coloured by group; None where there is none."""
    found = read_if_there(MapRecord, figures.folder / "map.json")
    if found is None:
        return None
    number = {n: k for k, n in enumerate(names)}
    points = [
        {
            **vars(p),
            "color": (number.get(p.label, 0) if p.group is None else p.group) % PALETTE,
            "wrong": p.label != p.predicted if p.wrong is None else p.wrong,
            "index": i,
        }
        for i, p in enumerate(found.points)
    ]
    # mistakes last, so that they lie on top
    points.sort(key=lambda p: p["wrong"])
    return {
        **vars(found),
        "groups": found.groups or names,
        "points": points,
        "src": figures.inline(found.sprite, ".jpg"),
    }


def opened(text: str) -> str:
    """A clause as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def confusion_view(metrics: TaskDetails) -> dict[str, Any]:
    """The matrix with each cell's share of its row; of many classes, only the worst pairs."""
    names, totals = metrics.class_names, [sum(row) for row in metrics.confusion]
    wrong = (
        (count, i, j) for i, row in enumerate(metrics.confusion) for j, count in enumerate(row) if i != j and count > 0
    )
    worst = heapq.nlargest(PAIRS, wrong, key=lambda pair: pair[0])
    pairs = [{"true": names[i], "predicted": names[j], "count": count, "total": totals[i]} for count, i, j in worst]
    few = len(names) <= CLASSES_IN_MATRIX
    rows = [
        {"name": quoted(name), "cells": [{"count": c, "share": c / total if total else 0.0} for c in row]}
        for name, row, total in zip(names, metrics.confusion, totals, strict=True)
        if few
    ]
    fractional = any(not float(c).is_integer() for row in metrics.confusion for c in row)
    return {"names": [quoted(name) for name in names], "rows": rows, "pairs": pairs, "fractional": fractional}


def stages_view(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """With the shares of parameters and time, for their bars."""
    parameters = sum(s.parameters for s in stages) or 1
    time = sum(s.ms_per_image for s in stages) or 1
    return [
        {
            **vars(s),
            "state": s.state or ("frozen" if s.frozen else "trained"),
            "parameter_share": 100 * s.parameters / parameters,
            "time_share": 100 * s.ms_per_image / time,
            "shape": " × ".join(str(d) for d in s.output_shape),
        }
        for s in stages
    ]
