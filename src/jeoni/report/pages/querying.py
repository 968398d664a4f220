"""The page of a query: what to label next, the pool, and what a simulation found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.locale import table
from jeoni.report.card import Card
from jeoni.report.figures import labels_chart
from jeoni.report.files import Figures
from jeoni.report.parts import findings_view, headline
from jeoni.runs.records import (
    Measure,
    PoolItem,
    PoolMapRecord,
    QueriesRecord,
    QueryMetrics,
    RunRecord,
    told_in,
)
from jeoni.runs.typed import read_if_there, read_record

__all__ = ["QueryingPage"]

PALETTE = 8
WIDTH, HEIGHT = 1000, 640


class QueryingPage:
    """The page of ``kind`` ``querying``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(QueryMetrics, run / "metrics.json")
        simulation = metrics.simulation
        chart = ""
        if simulation is not None:
            accuracy = Measure(words["simulation_axis"], "%", True)
            named = words | {"curve_labels": words["simulation"], "axis_labels": words["simulated_labels"]}
            chart = labels_chart(simulation.points, accuracy, figures.folder, named)
        return {
            **headline(told_in(words["lang"], metrics.said, metrics.summary)),
            "metrics": metrics,
            "simulation": simulation,
            "chart": chart,
            "queries": _queries(run, figures),
            "score": words["score_of"].get(metrics.score, metrics.score),
            "pool": _map(run / "figures", metrics, words),
            "findings": findings_view(run, record.findings, words),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        found = read_record(QueryMetrics, run / "metrics.json")
        words = table("querying", language)
        values = {"asked": f"{found.asked:,}", "pool": f"{found.pool:,}"}
        about = words["about_list"]
        if found.simulation is not None:
            about, values["draws"] = words["about_simulation"], f"{found.simulation.draws:,}"
        return Card(
            summary=" ".join(told_in(language, found.said, found.summary)), about=about.format(**values), scores=[]
        )


def _queries(run: Path, figures: Figures) -> list[dict[str, Any]]:
    """The first of the list with their pictures inside the page."""
    found = read_if_there(QueriesRecord, run / "figures" / "queries.json")
    if found is None:
        return []
    return [
        {
            **vars(query),
            "src": figures.inline(query.thumb, ".jpg"),
            "sound": figures.inline(query.sound, ".flac", ".mp3"),
        }
        for query in found.queries
    ]


def _map(figures: Path, metrics: QueryMetrics, words: dict[str, Any]) -> dict[str, Any] | None:
    """Places of the pool's items; what is chosen lies on top."""
    found = read_if_there(PoolMapRecord, figures / "pool.json")
    if found is None:
        return None
    number = {name: k for k, name in enumerate(metrics.class_names)}
    points = [
        {
            "state": item.state,
            "color": number.get(item.label, 0) % PALETTE,
            "title": _title(item, words),
            "x": round(WIDTH * item.x, 1),
            "y": round(HEIGHT * (1 - item.y), 1),
        }
        for item in found.items
    ]
    return {"method": found.method, "points": points}


def _title(item: PoolItem, words: dict[str, Any]) -> str:
    said = words["query_rank"].format(rank=item.rank) if item.rank else item.label or words["pool_states"][item.state]
    return f"{said} · {item.path.rsplit('/', 1)[-1]}"
