"""What pages show of the data: sizes, classes, lengths, scripts, and what stands out."""

from __future__ import annotations

from typing import Any

from jeoni.locale import table
from jeoni.runs.records import ProfileRecord, told_in

__all__ = ["profile_view"]

CLASSES = 30  # that are shown


def profile_view(found: ProfileRecord | None, language: str) -> dict[str, Any] | None:
    """The macro ``profile`` of ``profile.html`` is filled with this; None where there is no profile.

    Args:
        found: part of a record.
        language: of the page.
    """
    if found is None:
        return None
    words = table("profile", language)
    top = max([1, *(one.items for one in found.classes)])
    classes = [{"name": one.name, "items": one.items, "share": 100 * one.items / top} for one in found.classes]
    return {
        "words": words,
        "profile": found,
        "sentences": told_in(language, found.said, "") if found.said else [],
        "classes": classes[:CLASSES],
        "rest": max(0, len(classes) - CLASSES),
        "spreads": [
            {"name": words["quantities"].get(name, name), **vars(spread)}
            for name, spread in found.measured.spreads.items()
        ],
        "scripts": [
            {"name": words["scripts"].get(name, name), "share": share} for name, share in found.measured.scripts.items()
        ],
    }
