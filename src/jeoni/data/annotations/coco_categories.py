"""What COCO's categories say: their names and ids, and the lines between keypoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.numbering import agreed
from jeoni.data.kinds import composed
from jeoni.errors import DataError

__all__ = ["agreed_classes", "edges_of", "is_id", "named_categories"]


def named_categories(categories: Sequence[Mapping[str, Any]], path: Path) -> dict[Any, str]:
    """The names of categories by their ids.

    Raises:
        DataError: one lacks its id or its name, its keypoints are no list, or an id has two names.
    """
    named: dict[Any, str] = {}
    for number, one in enumerate(categories):
        name = composed(str(one.get("name") or "").strip())
        if not is_id(one.get("id")) or not name:
            raise DataError(f"{path}: categories[{number}] has no id or no name.", path=str(path))
        if not isinstance(one.get("keypoints") or [], list):
            said = f"{path}: categories[{number}] has keypoints that are no list. Needed: their names."
            raise DataError(said, path=str(path))
        first = named.setdefault(one["id"], name)
        if first != name:  # nothing says which of both an annotation means
            raise DataError(
                f"{path} gives the category id {one['id']} to {first} and to {name}. Needed: an id of its own for each "
                "category, and annotations that name the right one.",
                path=str(path),
            )
    return named


def edges_of(written: Any, count: int) -> tuple[tuple[int, int], ...]:
    """Pairs of keypoints that a skeleton joins, by numbers from 0; what is no such pair is left out.

    COCO counts keypoints from 1; where a 0 stands, and no number that only counting from 1 has, it was done from 0.
    """
    listed = written if isinstance(written, list) else []
    pairs = [tuple(pair) for pair in listed if isinstance(pair, list) and len(pair) == 2]
    whole = [pair for pair in pairs if all(isinstance(k, int) for k in pair)]
    numbers = [k for pair in whole for k in pair]
    first = 0 if 0 in numbers and max(numbers) < count else 1
    edges = [(a - first, b - first) for a, b in whole if a != b]
    return tuple(dict.fromkeys(edge for edge in edges if min(edge) >= 0 and max(edge) < count))


def agreed_classes(pairs: Sequence[tuple[str, int]], notes: Notes) -> dict[str, int]:
    """Ids by name; none where files contradict each other, which is told."""
    numbers = agreed(pairs)
    if numbers is None:
        notes.tell("category_ids", "", "the JSON files give categories different ids", "predictions get new ones")
    return numbers or {}


def is_id(value: Any) -> bool:
    """Whether it can be an id: a number or a text, no list and not nothing."""
    return isinstance(value, (int, float, str))
