"""The page of a fit: scores and controls, figures of each task, examples, stages and training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jeoni.errors import DataError
from jeoni.report.card import LEADING, Card, about, score_rows
from jeoni.report.figures import numbers_chart, reliability_chart
from jeoni.report.files import Figures
from jeoni.report.label_quality import more_labels_view, suspects_view
from jeoni.report.parts import (
    confusion_view,
    findings_view,
    headline,
    map_view,
    score_row,
    shown_example,
    stages_view,
    training_view,
)
from jeoni.report.plans import plan_view
from jeoni.report.thresholds import thresholds_view
from jeoni.runs.records import (
    Controls,
    Explained,
    ExplanationsRecord,
    FitMetrics,
    GalleryRecord,
    InsideRecord,
    PairsRecord,
    PlanRecord,
    RunRecord,
    Shared,
    TaskDetails,
    told_in,
)
from jeoni.runs.typed import read_if_there, read_record

__all__ = ["FitPage"]

CLASSES_ON_CARD = 12
MOST_KEYS = 4
SINGLES = ("average_precision", "precision", "recall", "f1", "mae")


class FitPage:
    """The page of ``kind`` ``report``, of a fit."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(FitMetrics, run / "metrics.json")
        if record.cut is None or record.head is None:
            raise DataError(
                f"{run / 'run.json'} cannot be used: cut or head is missing; repeat the run.", path=str(run)
            )
        measured, training = metrics.control or Controls(), record.training
        # what was measured on other examples does not stand beside the scores
        control = replace(measured, untrained=None, difference=None) if measured.sample else measured
        rows = {name: score_row(name, score, control, metrics.measures) for name, score in metrics.scores.items()}
        plan = read_if_there(PlanRecord, run / "plan.json")
        alike = read_if_there(PairsRecord, figures.folder / "pairs.json")
        explanations = read_if_there(ExplanationsRecord, figures.folder / "explanations.json") or read_if_there(
            ExplanationsRecord, figures.folder / "looks.json"
        )
        return {
            "metrics": metrics,
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "how": metrics.estimate,
            "scores": list(rows.values()),
            "keys": [rows[name] for name in _leading(metrics) if name in rows],
            "control": control,
            "sampled": _sampled(measured, metrics),
            "blocks": [_block(name, part, figures, words) for name, part in (metrics.parts or {"": metrics}).items()],
            "singles": [key for key in SINGLES if any(getattr(row, key) for row in metrics.per_class)],
            "gallery": _gallery(figures),
            "explanations": _explanations(explanations, figures),
            "explained_by_words": bool(
                explanations and any(e.words for e in (*explanations.hits, *explanations.mistakes))
            ),
            "inside": _inside(figures),
            "map": map_view(figures, metrics.class_names),
            "sharing": [_shared(one, words["lang"]) for one in metrics.sharing],
            "findings": findings_view(run, record.findings, words, shown=alike is not None),
            "alike": _alike(alike, figures),
            "suspects": suspects_view(metrics.label_noise, figures, words["lang"], metrics.measures),
            "more_labels": more_labels_view(metrics.more_labels, figures, words["lang"]),
            "stages": stages_view(record.cut.stages),
            "head_shape": _head_shape(metrics, record, words),
            "training": training_view(training, figures, words),
            "contest": [{"name": name, **vars(score)} for name, score in (record.contest or {}).items()],
            "contest_scratch": "scratch" in (record.contest or {}),
            **(plan_view(plan, words) if plan else {"plan": None}),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(FitMetrics, run / "metrics.json")
        how = "held_out" if metrics.estimate == "test" else "cross_validated"
        return Card(
            summary=" ".join(told_in(language, metrics.said, metrics.summary)),
            about=about(how, language, n=f"{metrics.n:,}"),
            scores=score_rows(metrics.scores, metrics.measures, language),
            confusion=_confusion_on_card(metrics),
        )


def _leading(metrics: FitMetrics) -> list[str]:
    """The measures that stand in large letters."""
    if metrics.parts:
        return [f"{name}.{part.headline}" for name, part in metrics.parts.items()][:MOST_KEYS]
    return list(dict.fromkeys((metrics.headline, *LEADING)))


def _block(name: str, part: TaskDetails, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    """The figures of one task: its confusion matrix and calibration, or predicted against true numbers."""
    mark = f"-{name}" if name else ""
    return {
        "name": name,
        "confusion": confusion_view(part) if part.class_names else None,
        "thresholds": thresholds_view(part.thresholds),
        "reliability": reliability_chart(part.reliability, figures.folder, words, mark) if part.reliability else "",
        "numbers": [
            {"name": n.name, "unit": n.unit, "chart": numbers_chart(n, figures.folder, words, f"{mark}-{k}")}
            for k, n in enumerate(part.numbers)
        ],
    }


def _sampled(control: Controls, metrics: FitMetrics) -> dict[str, Any]:
    """Pretrained against untrained features on the sample that both were scored on; empty where there is none."""
    sample = control.sample
    if sample is None:
        return {}
    beside = Controls(untrained=control.untrained, difference=control.difference)
    pretrained = control.pretrained or {}
    rows = [score_row(name, score, beside, metrics.measures) for name, score in pretrained.items()]
    return {"sample": sample, "rows": rows, "looked": ", ".join(f"{n:,}" for n in sample.looks[:-1])}


def _shared(one: Shared, language: str) -> dict[str, str]:
    """Whether sharing helped a task, in the page's language."""
    return {"part": one.part, "sentence": " ".join(told_in(language, one.said, one.sentence))}


def _gallery(figures: Figures) -> dict[str, list[dict[str, Any]]]:
    """Mistakes and doubts, each with its text or thumbnail inside the page."""
    shown = read_if_there(GalleryRecord, figures.folder / "gallery.json") or GalleryRecord()

    return {kind: [shown_example(e, figures) for e in entries] for kind, entries in vars(shown).items()}


def _alike(found: PairsRecord | None, figures: Figures) -> dict[str, Any]:
    """Pairs of examples that are identical or nearly so."""
    pairs = [
        {
            "kind": p.kind,
            "action": p.action,
            "left": shown_example(p.left, figures),
            "right": shown_example(p.right, figures),
        }
        for p in (found.pairs if found else ())
    ]
    return {"pairs": pairs, "rest": found.rest if found else 0}


def _explanations(shown: ExplanationsRecord | None, figures: Figures) -> dict[str, list[dict[str, Any]]]:
    """Explanations: where the network looked, each picture inside the page, or which words counted."""
    if shown is None or not (shown.hits or shown.mistakes):
        return {}

    def entry(e: Explained) -> dict[str, Any]:
        sources = [source for f in e.files if (source := figures.inline(f, ".jpg"))]
        return {
            **vars(e),
            "sources": sources,
            "words": [{"name": w.name, "pieces": _weighed(w.pieces)} for w in e.words],
        }

    return {kind: [entry(e) for e in entries] for kind, entries in vars(shown).items()}


def _weighed(pieces: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Words with the strength of their shade, 0 … 1 of the strongest; faint ones have none."""
    top = max([0.02, *(abs(weight) for _, weight in pieces)])
    return [
        {"text": text, "strength": abs(w) / top if abs(w) > 0.05 * top else 0, "against": w < 0, "weight": w}
        for text, w in pieces
    ]


def _inside(figures: Figures) -> dict[str, Any] | None:
    """First filters, and what stages respond to, each picture inside the page."""
    found = read_if_there(InsideRecord, figures.folder / "inside.json")
    if found is None:
        return None
    filters = figures.inline(found.filters, ".png")
    stages = [{"stage": s.stage, "sources": [figures.inline(f, ".jpg") for f in s.files]} for s in found.stages]
    return {"filters": filters, "stages": stages} if filters or stages else None


def _head_shape(metrics: FitMetrics, record: RunRecord, words: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs and parameters of a linear head on pooled features, and of which stages these are if of several."""
    width, head = metrics.width or len(metrics.class_names), record.head
    assert head is not None
    name = words["head_on"].format(stages=" + ".join(head.stages)) if head.stages else ""
    return {"name": name, "output": width, "parameters": ((head.dim or record.backbone.dim) + 1) * width}


def _confusion_on_card(metrics: FitMetrics) -> dict[str, Any] | None:
    """Names, and rows of counts with each cell's share of its row."""
    if not 2 <= len(metrics.class_names) <= CLASSES_ON_CARD:
        return None
    rows = []
    for name, counts in zip(metrics.class_names, metrics.confusion, strict=True):
        total = sum(counts) or 1
        rows.append({"name": name, "cells": [{"count": f"{c:g}", "share": c / total} for c in counts]})
    return {"names": metrics.class_names, "rows": rows}
