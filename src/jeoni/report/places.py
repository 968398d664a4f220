"""Held-out pictures on a page: what is there beside what was predicted, each with a line that says how it went."""

from __future__ import annotations

from typing import Any

from jeoni.report.files import Figures
from jeoni.report.formats import number, percent
from jeoni.runs.records import PlacesRecord, ShownPicture
from jeoni.runs.typed import read_if_there

__all__ = ["places_view"]

GROUPS = ("worst", "typical", "best")
NAMED = 6  # points that are called by their names in a picture; more are numbered
WIDTH = 330  # pixels of a picture in which lines and letters have their sizes
BESIDE, LETTER, LINE = 14, 8.5, 15  # of a name: how far from its cross, width of a letter, height of a line
CROWDED = 4  # boxes from which on names stand only in the enlarged picture


def places_view(figures: Figures, task: str, words: dict[str, Any]) -> dict[str, Any] | None:
    """The pictures in groups, their files inside the page; None where a run has none.

    Args:
        figures: the run's folder of figures.
        task: the task's id.
        words: of the page's language.

    Raises:
        DataError: a record or a file that cannot be used.
    """
    found = read_if_there(PlacesRecord, figures.folder / "places.json")
    if found is None:
        return None
    legend = list(found.legend)
    groups = []
    for name in GROUPS:
        pictures = [_picture(e, found, figures, task, words) for e in getattr(found, name)]
        groups.append({"name": name, "pictures": [p for p in pictures if p["src"]]})
    return {
        "kind": found.kind,
        "legend": legend,
        "numbered": found.kind == "points" and len(legend) > NAMED,
        "least": found.least,
        "scale": _scale(found),
        "groups": [group for group in groups if group["pictures"]],
    }


def _picture(
    e: ShownPicture, found: PlacesRecord, figures: Figures, task: str, words: dict[str, Any]
) -> dict[str, Any]:
    return {
        **vars(e),
        "src": figures.inline(e.picture, ".jpg"),
        "true_src": figures.inline(e.true, ".png"),
        "predicted_src": figures.inline(e.predicted, ".png"),
        "wrong_src": figures.inline(e.wrong, ".png"),
        "close_src": figures.inline(e.close, ".jpg"),
        "boxes": {"true": _drawn(e, found, "true"), "predicted": _drawn(e, found, "predicted")},
        "crowded": max(len(e.true_boxes), len(e.predicted_boxes)) > CROWDED,
        "marks": _named_apart([_mark(e, found, k) for k in range(len(e.points))], e.close_width),
        "lines": _lines(e, found),
        "label": {"normal": words["normal"], "defective": words["defective"]}.get(e.label, e.label),
        "said": _said(e, found, task, words),
        # lines and letters are as large in a small picture as in one of 330 pixels
        "unit": round(e.width / WIDTH, 4),
        "close_unit": round(e.close_width / WIDTH, 4),
    }


def _drawn(e: ShownPicture, found: PlacesRecord, side: str) -> list[dict[str, Any]]:
    """The boxes of a side, what went wrong on top."""
    boxes = e.true_boxes if side == "true" else e.predicted_boxes
    shown = []
    for box in boxes:
        entry = found.legend[box.number] if box.number < len(found.legend) else None
        shown.append(
            {
                **vars(box),
                "width": max(0.0, box.right - box.left),
                "height": max(0.0, box.bottom - box.top),
                "name": entry.name if entry else "",
                "colour": entry.colour if entry else "#ffffff",
            }
        )
    return sorted(shown, key=lambda box: box["outcome"] in ("missed", "false"))


def _mark(e: ShownPicture, found: PlacesRecord, k: int) -> dict[str, Any]:
    """A keypoint: where it is, where it was found, and what it is called."""
    point = e.points[k]
    entry = found.legend[point.number] if point.number < len(found.legend) else None
    name = entry.name if entry else ""
    shown = name if len(found.legend) <= NAMED else str(point.number + 1)
    return {**vars(point), "name": name, "shown": shown, "colour": entry.colour if entry else "#ffffff"}


def _lines(e: ShownPicture, found: PlacesRecord) -> list[tuple[float, float, float, float]]:
    """The edges between keypoints where those were found: x and y of both ends."""
    places = {point.number: point.predicted for point in e.points}
    return [(*places[a], *places[b]) for a, b in found.edges if a in places and b in places]


def _named_apart(marks: list[dict[str, Any]], width: float) -> list[dict[str, Any]]:
    """The same keypoints with places for their names: beside the cross, inside the picture, no two on each other."""
    unit, taken = width / WIDTH, list[tuple[float, float, float]]()
    for mark in sorted(marks, key=lambda one: one["predicted"][1]):
        x, y = mark["predicted"]
        long = LETTER * unit * len(mark["shown"])
        inside = x + BESIDE * unit + long <= width
        left = x + BESIDE * unit if inside else x - BESIDE * unit - long
        while any(abs(y - there) < LINE * unit and left < b and a < left + long for a, b, there in taken):
            y += LINE * unit
        taken.append((left, left + long, y))
        mark |= {"left": round(left if inside else left + long, 1), "base": round(y + LETTER * unit / 2, 1)}
        mark["anchor"] = "start" if inside else "end"
    return marks


def _scale(found: PlacesRecord) -> dict[str, Any] | None:
    """The ends of the heat's scale, and where on it the threshold lies, in percent."""
    if found.low is None or found.high is None or found.least is None or found.high <= found.low:
        return None
    place = 100 * (found.least - found.low) / (found.high - found.low)
    return {"low": found.low, "high": found.high, "threshold": found.least, "place": min(100.0, max(0.0, place))}


def _said(e: ShownPicture, found: PlacesRecord, task: str, words: dict[str, Any]) -> str:
    """How the picture went, in a few words."""
    if found.kind == "heat":
        alarm = e.alarm is not None and e.alarm > (found.least if found.least is not None else 1.0)
        outcome = ("hit" if alarm else "missed") if e.defective else ("false_alarm" if alarm else "quiet")
        return str(words["went"][outcome].format(score=number(e.alarm, 2)))
    if e.score is None:
        return ""
    how = words["item_score"].get(task, words["item_score"][""])
    return str(how.format(percent=percent(e.score), number=number(abs(e.score), 2)))
