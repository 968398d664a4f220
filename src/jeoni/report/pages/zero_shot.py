"""The page of a zero-shot run: what was known of the classes, what was predicted, and how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.report.card import Card, about, score_rows
from jeoni.report.figures import reliability_chart
from jeoni.report.files import Figures
from jeoni.report.parts import confusion_view, findings_view, headline, score_row, shown_example
from jeoni.report.thresholds import thresholds_view
from jeoni.runs.records import Controls, GalleryRecord, RunRecord, SurestRecord, ZeroShotMetrics, told_in
from jeoni.runs.typed import read_if_there, read_record

__all__ = ["ZeroShotPage"]

KEYS = ("accuracy", "balanced_accuracy", "macro_f1")
TEXTS = 4  # of each class
NAMED = 12  # seen classes


class ZeroShotPage:
    """The page of ``kind`` ``zero_shot``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(ZeroShotMetrics, run / "metrics.json")
        control = Controls(majority=metrics.majority, untrained=metrics.uncalibrated)
        scores = {
            name: score_row(name, score, control, metrics.measures) for name, score in (metrics.test or {}).items()
        }
        details = metrics.details
        reliable = details.reliability if details else ()
        surest = read_if_there(SurestRecord, figures.folder / "surest.json") or SurestRecord({})
        gallery = read_if_there(GalleryRecord, figures.folder / "gallery.json") or GalleryRecord()
        return {
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "metrics": metrics,
            "keys": [scores[name] for name in KEYS if name in scores],
            "scores": list(scores.values()),
            "known": _known(metrics, record, words),
            "classes": _classes(metrics),
            "similarity": _similarity(metrics),
            "confusion": confusion_view(details) if details else None,
            "thresholds": thresholds_view(details.thresholds) if details else None,
            "reliability": reliability_chart(reliable, figures.folder, words) if reliable else "",
            "surest": {name: [shown_example(e, figures) for e in some] for name, some in surest.classes.items()},
            "gallery": {kind: [shown_example(e, figures) for e in some] for kind, some in vars(gallery).items()},
            "findings": findings_view(run, record.findings, words | {"kinds": words["kinds"] | words["zs_kinds"]}),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(ZeroShotMetrics, run / "metrics.json")
        how = "zero_shot" if metrics.test else "zero_shot_unlabelled"
        n = metrics.labelled if metrics.test else metrics.n
        return Card(
            summary=" ".join(told_in(language, metrics.said, metrics.summary)),
            about=about(how, language, method=metrics.method, n=f"{n:,}"),
            scores=score_rows(metrics.test or {}, metrics.measures, language),
        )


def _known(metrics: ZeroShotMetrics, record: RunRecord, words: dict[str, Any]) -> list[str]:
    """What was seen and what was not, and how probabilities are to be read, in sentences."""
    unseen = [one.name for one in metrics.classes if not one.seen]
    if metrics.learned:
        what = words["zs_what_names" if metrics.classes[0].texts else "zs_what_attributes"]
        said = [
            words["zs_from_seen"].format(
                n=f"{metrics.seen_items:,}",
                k=len(metrics.seen_names),
                names=_listed(metrics.seen_names),
                what=what,
                unseen=_listed(unseen),
            )
        ]
        if metrics.learned.folds:
            setting = ", ".join(f"{name} {value:g}" for name, value in metrics.learned.setting.items())
            said.append(words["zs_setting"].format(folds=metrics.learned.folds, setting=setting))
        if metrics.handicap is not None:
            said.append(words["zs_handicap"].format(value=f"{metrics.handicap:.3g}"))
        certain = words["zs_probabilities_seen" if metrics.learned.folds else "zs_probabilities_raw"]
    else:
        said = [words["zs_names_alone"].format(k=len(unseen), backbone=record.backbone.name)]
        certain = words["zs_probabilities"].format(scale=f"{metrics.scale:g}")
    how = f"zs_{metrics.calibration}"
    calibrated = [words[how]] if how in words else []
    scored = [words["zs_labels_score"]] if metrics.test else []
    return [*said, *calibrated, certain, *scored]


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def _classes(metrics: ZeroShotMetrics) -> list[dict[str, Any]]:
    """Of each class what was read, its share of the predictions and, where labels are known, its scores."""
    rows = metrics.per_class or (None,) * len(metrics.classes)
    return [
        {
            **vars(one),
            "texts": one.texts[:TEXTS],
            "more": max(0, len(one.texts) - TEXTS),
            "share": one.predicted / metrics.n if metrics.n else 0.0,
            "scores": scores,
        }
        for one, scores in zip(metrics.classes, rows, strict=True)
    ]


def _similarity(metrics: ZeroShotMetrics) -> list[dict[str, Any]]:
    """Rows of cosines with the shade of each cell: from the smallest cosine of two classes, 0, to 1."""
    matrix = metrics.similarity
    low = min((c for row in matrix for c in row), default=0.0)
    span = max(1e-6, 1 - low)
    return [
        {"name": name, "cells": [{"value": c, "share": max(0.0, (c - low) / span)} for c in row]}
        for name, row in zip(metrics.class_names, matrix, strict=False)
    ]
