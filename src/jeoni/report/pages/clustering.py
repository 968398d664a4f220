"""The page of a clustering: clusters with their examples, the map, the number, and whether pretraining helped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jeoni.locale import measure_name, table
from jeoni.report.card import Card, score_line
from jeoni.report.figures import numbers_of_clusters_chart
from jeoni.report.files import Figures
from jeoni.report.formats import quoted
from jeoni.report.parts import findings_view, headline, map_view, shown_example
from jeoni.runs.records import ClusterMetrics, ClustersRecord, RepresentationRecord, RunRecord, told_in
from jeoni.runs.typed import read_if_there, read_record

__all__ = ["ClusteringPage"]

IN_TABLE = 24  # clusters and classes at most
MEASURES = ("clustering_accuracy", "nmi", "ari")
PERCENT = ("clustering_accuracy",)


class ClusteringPage:
    """The page of ``kind`` ``clustering``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(ClusterMetrics, run / "metrics.json")
        chart = numbers_of_clusters_chart(metrics.numbers, len(metrics.clusters), figures.folder, words)
        return {
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "metrics": metrics,
            "shown": _shown(metrics, figures),
            "scores": [(name, name in PERCENT, metrics.scores[name]) for name in MEASURES] if metrics.scores else [],
            "chart": chart,
            "map": map_view(figures, [c.name for c in metrics.clusters]),
            "arms": [_arm(one) for one in metrics.representations],
            "measures": MEASURES if metrics.scores else (),
            "percents": PERCENT,
            "table": _table(metrics),
            "findings": findings_view(run, record.findings, words),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        metrics, words = read_record(ClusterMetrics, run / "metrics.json"), table("clustering", language)
        scores = metrics.scores or {}
        told = {
            "n": f"{metrics.n:,}",
            "k": f"{len(metrics.clusters)}",
            "method": measure_name(metrics.method, language),
        }
        return Card(
            summary=" ".join(told_in(language, metrics.said, metrics.summary)),
            about=str(words["about"]).format(**told),
            scores=[score_line(words[name], scores[name], name in PERCENT) for name in MEASURES if name in scores],
        )


def _shown(metrics: ClusterMetrics, figures: Figures) -> dict[str, Any]:
    """Each cluster with the examples that are shown of it."""
    found = read_if_there(ClustersRecord, figures.folder / "clusters.json")
    pictured = {c.name: c for c in found.clusters} if found else {}
    rows = []
    for cluster in metrics.clusters:
        if cluster.name not in pictured:
            continue
        one = pictured[cluster.name]
        examples = {"typical": one.typical, "doubtful": one.doubtful}
        rows.append({"cluster": cluster, **{k: [shown_example(e, figures) for e in v] for k, v in examples.items()}})
    return {"rows": rows, "rest": len(metrics.clusters) - len(rows) if rows else 0}


def _arm(one: RepresentationRecord) -> dict[str, Any]:
    return {**vars(one), "scores": one.scores or {}, "difference": one.difference or {}}


def _table(metrics: ClusterMetrics) -> dict[str, Any] | None:
    """Classes against clusters with each cell's share of its row; None of too many to be read."""
    if not metrics.table or max(len(metrics.table), len(metrics.clusters)) > IN_TABLE:
        return None
    rows = []
    for name, counts in zip(metrics.class_names, metrics.table, strict=True):
        rows.append({"name": quoted(name), "cells": _cells(counts)})
    return {"names": [c.name for c in metrics.clusters], "rows": rows}


def _cells(counts: Sequence[float]) -> list[dict[str, float]]:
    total = sum(counts) or 1.0
    return [{"count": count, "share": count / total} for count in counts]
