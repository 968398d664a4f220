"""What the page of an adaptation shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jeoni.cells import read_rows
from jeoni.runs import read_json

__all__ = ["adaptation_view"]

MOVED = 60
PALETTE = 8
WIDTH, HEIGHT = 480, 400


def adaptation_view(
    run: Path, words: dict[str, Any], score_row: Callable[[str, dict[str, Any], dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Scores side by side, the diagnosis, what was tried, both domains in one map, and what changed.

    Args:
        run: the folder.
        words: of the report's language.
        score_row: makes one line of scores.
    """
    metrics = read_json(run / "metrics.json")
    rows = read_rows(run / "predictions.csv")
    control = {"untrained": metrics["source_only"]["metrics"]} if metrics["target"] else {}
    scores = metrics["target"]["metrics"] if metrics["target"] else {}
    return {
        "metrics": metrics,
        "method": metrics["method"],
        "scores": [score_row(name, score, control) for name, score in scores.items()],
        "classes": _classes(metrics, rows),
        "moves": _moves(rows),
        "moved": _moved(rows),
        "maps": _maps(run / "figures", metrics["class_names"], words),
        "diagnosis": metrics.get("diagnosis") or {},
        "weighing": metrics.get("weighing") or {},
        "tried": metrics.get("tried") or [],
        "validators": list(next((t["gains"] for t in metrics.get("tried") or [] if t["gains"]), {})),
    }


def _classes(metrics: dict[str, Any], rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """How many are taken for each class, before and after, and how many of its items are found."""
    before, after = Counter(r["source_only"] for r in rows), Counter(r["predicted"] for r in rows)
    found = [{r["class"]: r for r in metrics[k]["per_class"]} if metrics[k] else {} for k in ("source_only", "target")]
    return [
        {
            "name": name,
            "before": before[name],
            "after": after[name],
            "true": found[1][name]["support"] if found[1] else None,
            "recall_before": found[0][name]["recall"]["value"] if found[0] else None,
            "recall_after": found[1][name]["recall"]["value"] if found[1] else None,
        }
        for name in metrics["class_names"]
    ]


def _moves(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """From which class to which, the most frequent first; where labels are known, how many became right."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for r in rows:
        if r["predicted"] != r["source_only"]:
            move = found.setdefault((r["source_only"], r["predicted"]), {"count": 0, "right": 0, "wrong": 0})
            move["count"] += 1
            move["right"] += r["label"] == r["predicted"]
            move["wrong"] += r["label"] == r["source_only"]
    ordered = sorted(found.items(), key=lambda kv: -kv[1]["count"])
    return [{"before": a, "after": b, **counts} for (a, b), counts in ordered[:12]]


def _moved(rows: list[dict[str, str]]) -> dict[str, Any]:
    """The items that changed their class, the surest first."""
    moved = sorted((r for r in rows if r["predicted"] != r["source_only"]), key=lambda r: -float(r["confidence"]))
    shown = [{**r, "confidence": float(r["confidence"])} for r in moved[:MOVED]]
    return {"rows": shown, "rest": max(0, len(moved) - MOVED)}


def _maps(figures: Path, names: list[str], words: dict[str, Any]) -> list[dict[str, Any]]:
    """Places of both domains' items, before and, where rows were moved, after."""
    if not (figures / "domains.json").exists():
        return []
    found = read_json(figures / "domains.json")
    number = {name: k for k, name in enumerate(names)}
    items = [
        {
            "source": item["domain"] == "source",
            "color": number.get(item["label"] if item["domain"] == "source" else item["predicted"], 0) % PALETTE,
            "title": _title(item, words),
        }
        for item in found["items"]
    ]
    titles = words["map_before"], words["map_after"]
    return [
        {
            "title": title if len(found["maps"]) > 1 else words["map_same"],
            "method": one["method"],
            "points": [
                {**item, "x": round(WIDTH * x, 1), "y": round(HEIGHT * (1 - y), 1)}
                for item, (x, y) in zip(items, one["points"], strict=True)
            ],
        }
        for title, one in zip(titles, found["maps"], strict=False)
    ]


def _title(item: dict[str, str], words: dict[str, Any]) -> str:
    domain = words["domains"][item["domain"]]
    said = item["label"] if item["domain"] == "source" else words["is_taken"].format(predicted=item["predicted"])
    return f"{domain}: {said} · {item['path'].rsplit('/', 1)[-1]}"
