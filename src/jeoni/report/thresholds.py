"""ROC and precision-recall curves of two classes, as lines in a drawing and as numbers for the slider."""

from __future__ import annotations

import json
from typing import Any

from jeoni.runs.records import ThresholdsRecord

__all__ = ["thresholds_view"]

SIDE = 300


def thresholds_view(found: ThresholdsRecord | None) -> dict[str, Any] | None:
    """Both curves as points of an SVG of 300 by 300, and what the page's script needs; None where there are none.

    Args:
        found: counts at each threshold, thresholds rising.
    """
    if found is None or not found.points:
        return None
    positives = found.points[0].hits + found.points[0].misses
    negatives = found.points[0].false_alarms + found.points[0].rejections
    if not positives or not negatives:
        return None
    rows = [
        [p.threshold, round(p.hits, 2), round(p.false_alarms, 2), round(p.misses, 2), round(p.rejections, 2)]
        for p in found.points
    ]
    roc = [(p.false_alarms / negatives, p.hits / positives) for p in found.points]
    recalled = [p for p in found.points if p.hits + p.false_alarms]
    precision = [(p.hits / positives, p.hits / (p.hits + p.false_alarms)) for p in recalled]
    return {
        "positive": found.positive,
        "roc": _line([(1.0, 1.0), *roc, (0.0, 0.0)]),
        "precision_recall": _line(precision),
        "base": round(SIDE * (1 - positives / (positives + negatives)), 1),
        "rows": json.dumps(rows),
        "start": min(range(len(rows)), key=lambda k: abs(rows[k][0] - 0.5)),
        "last": len(rows) - 1,
    }


def _line(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{SIDE * x:.1f},{SIDE * (1 - y):.1f}" for x, y in points)
