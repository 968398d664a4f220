"""The page of an adaptation: scores beside the source model's, the shift, what was tried, and what changed."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoni.errors import DataError
from jeoni.report.card import Card, about, score_rows
from jeoni.report.files import Figures, read_rows
from jeoni.report.parts import findings_view, headline, opened, score_row, training_view
from jeoni.runs.records import AdaptMetrics, Controls, DomainItem, DomainsRecord, RowScores, RunRecord, told_in
from jeoni.runs.typed import read_if_there, read_record

__all__ = ["AdaptationPage"]

MOVED = 60
MOVES = 12
MEASURES = 3  # of each of several methods
PALETTE = 8
WIDTH, HEIGHT = 480, 400
COLUMNS = ("path", "label", "predicted", "confidence", "source_only")


class AdaptationPage:
    """The page of ``kind`` ``adaptation``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        metrics = read_record(AdaptMetrics, run / "metrics.json")
        language = words["lang"]
        changes = _changes(run / "predictions.csv", metrics)
        control = Controls(untrained=metrics.source_only.metrics) if metrics.source_only else Controls()
        scores = metrics.target.metrics if metrics.target else {}
        tried = metrics.tried or ()
        why = " ".join(told_in(language, metrics.why_said, metrics.why))
        return {
            **headline(told_in(language, metrics.said, metrics.summary)),
            "metrics": metrics,
            "method": metrics.method,
            "scores": [score_row(name, score, control) for name, score in scores.items()],
            "classes": _classes(metrics, changes),
            "moves": _moves(changes),
            "moved": {"rows": changes.surest, "rest": max(0, changes.moved - MOVED)},
            "maps": _maps(run / "figures", metrics.class_names, words),
            "diagnosis": metrics.diagnosis,
            "weighing": metrics.weighing,
            "tried": tried,
            "compared": _compared(metrics),
            "used": metrics.labels,
            "used_items": metrics.labels.items if metrics.labels else (),
            "used_classes": ", ".join(
                words["used_count"].format(n=f"{n:,}", name=name)
                for name, n in (metrics.labels.classes if metrics.labels else {}).items()
                if n
            ),
            "validators": list(next((t.gains for t in tried if t.gains), {})),
            "why": opened(why),
            "why_saved": why,
            "advice": " ".join(told_in(language, metrics.advice_said, metrics.advice)),
            "told": lambda part: told_in(language, part.said, "") if part.said else part.sentences,
            "findings": findings_view(run, record.findings, words),
            "training": training_view(record.training, figures, words),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        found = read_record(AdaptMetrics, run / "metrics.json")
        return Card(
            summary=" ".join(told_in(language, found.said, found.summary)),
            about=about("adapted", language, method=found.method, n=f"{found.labelled:,}"),
            scores=score_rows(found.target.metrics if found.target else {}, {}, language),
        )


def _compared(metrics: AdaptMetrics) -> dict[str, Any]:
    """Several methods side by side: the measures, and a row for each method with their scores."""
    methods = metrics.compared or ()
    measures = list(next((one.target for one in methods if one.target), {}))[:MEASURES]
    rows = [
        {
            "name": one.name,
            "moved": one.moved,
            "scores": [one.target[m] for m in measures] if one.target else [None] * len(measures),
            "note": one.note,
        }
        for one in methods
    ]
    return {"measures": measures, "rows": rows}


@dataclass
class _Changes:
    """Count how predictions changed, in one pass over their table: it may be longer than the memory."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    moves: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    moved: int = 0
    surest: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> bool:
        """Count a row; whether its item changed its class."""
        before, after = row["source_only"], row["predicted"]
        self.before[before] += 1
        self.after[after] += 1
        if before == after:
            return False
        self.moved += 1
        move = self.moves.setdefault((before, after), Counter())
        move["count"] += 1
        move["right"] += row["label"] == after
        move["wrong"] += row["label"] == before
        return True


def _changes(path: Path, metrics: AdaptMetrics) -> _Changes:
    found = _Changes()
    moved = (row for row in _predictions(path, metrics) if found.add(row))
    found.surest = heapq.nlargest(MOVED, moved, key=lambda row: row["confidence"])
    return found


def _predictions(path: Path, metrics: AdaptMetrics) -> Iterator[dict[str, Any]]:
    """The rows of ``predictions.csv``.

    Raises:
        DataError: it is no such table, or a row names a class or a confidence that cannot be.
    """
    known = set(metrics.class_names)
    for number, row in enumerate(read_rows(path, COLUMNS), start=1):
        for column in ("predicted", "source_only"):
            if row[column] not in known:
                needed = "a class of metrics.json"
                raise DataError(_wrong(path, number, column, row[column], needed), path=str(path), row=number)
        try:
            confidence = float(row["confidence"])
        except ValueError:
            confidence = -1.0
        if not 0 <= confidence <= 1:
            wrong = _wrong(path, number, "confidence", row["confidence"], "a number from 0 to 1")
            raise DataError(wrong, path=str(path), row=number)
        yield {**row, "confidence": confidence}


def _wrong(path: Path, row: int, column: str, value: str, needed: str) -> str:
    return f"{path}, row {row}: {column} is {ascii(value)[:60]}; {needed} is needed. Repeat the run."


def _recall(row: RowScores) -> float | None:
    return row.recall.value if row.recall else None


def _classes(metrics: AdaptMetrics, changes: _Changes) -> list[dict[str, Any]]:
    """How many are taken for each class, before and after, and how many of its items are found."""
    before = metrics.source_only.per_class if metrics.source_only else ()
    after = metrics.target.per_class if metrics.target else ()
    return [
        {
            "name": name,
            "before": changes.before[name],
            "after": changes.after[name],
            "true": after[k].support if after else None,
            "recall_before": _recall(before[k]) if before else None,
            "recall_after": _recall(after[k]) if after else None,
        }
        for k, name in enumerate(metrics.class_names)
    ]


def _moves(changes: _Changes) -> list[dict[str, Any]]:
    """From which class to which, the most frequent first; where labels are known, how many became right."""
    ordered = sorted(changes.moves.items(), key=lambda kv: -kv[1]["count"])
    return [{"before": a, "after": b, **counts} for (a, b), counts in ordered[:MOVES]]


def _maps(figures: Path, names: Sequence[str], words: dict[str, Any]) -> list[dict[str, Any]]:
    """Places of both domains' items, before and, where rows were moved, after."""
    found = read_if_there(DomainsRecord, figures / "domains.json")
    if found is None:
        return []
    number = {name: k for k, name in enumerate(names)}
    items = [
        {
            "source": item.domain == "source",
            "color": number.get(item.label if item.domain == "source" else item.predicted, 0) % PALETTE,
            "title": _title(item, words),
        }
        for item in found.items
    ]
    titles = words["map_before"], words["map_after"]
    return [
        {
            "title": title if len(found.maps) > 1 else words["map_same"],
            "method": one.method,
            "points": [
                {**item, "x": round(WIDTH * x, 1), "y": round(HEIGHT * (1 - y), 1)}
                for item, (x, y) in zip(items, one.points, strict=True)
            ],
        }
        for title, one in zip(titles, found.maps, strict=False)
    ]


def _title(item: DomainItem, words: dict[str, Any]) -> str:
    domain = words["domains"][item.domain]
    said = item.label if item.domain == "source" else words["is_taken"].format(predicted=item.predicted)
    return f"{domain}: {said} · {item.path.rsplit('/', 1)[-1]}"
