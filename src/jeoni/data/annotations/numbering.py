"""The numbers that a data set gives its classes and its pictures: kept, so that predictions are scored against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeoni.data.kinds import composed

__all__ = ["Numbering", "agreed", "in_order", "number_classes", "number_pictures"]


@dataclass(frozen=True)
class Numbering:
    """Numbers as a format has them.

    Attributes:
        classes: those of classes by their names, also of classes that no object has; of keypoints, of their subjects.
        format: the id of the format that these are numbers of.
        pictures: the ids of pictures by their names.
    """

    classes: Mapping[str, int] = field(default_factory=dict)
    format: str = ""
    pictures: Mapping[str, Any] = field(default_factory=dict)


def in_order(numbers: Mapping[str, int]) -> tuple[str, ...]:
    """The names of a table of classes, in the order of their numbers.

    Example:
        >>> in_order({"ant": 2, "zebra": 0})
        ('zebra', 'ant')
    """
    return tuple(sorted(numbers, key=lambda name: numbers[name]))


def number_classes(names: Sequence[str], numbering: Numbering, format: str, first: int) -> dict[str, int]:
    """The numbers of classes in a format that is written, in their order; those of the table that no object has too.

    Numbers of the same format stay; those of another give their order. What has none follows.

    Args:
        names: of the classes of the predictions.
        numbering: of the data.
        format: the id of the format that is written.
        first: the number that it begins with.

    Example:
        >>> number_classes(["ant", "bee"], Numbering({"ant": 7, "zebra": 3}, "coco"), "coco", 1)
        {'zebra': 3, 'ant': 7, 'bee': 8}
    """
    table = in_order(numbering.classes)
    numbers = {name: k for k, name in enumerate(table, start=first)}
    if numbering.format == format:
        numbers = {name: numbering.classes[name] for name in table}
    for name in names:
        if name not in numbers:
            numbers[name] = max(numbers.values(), default=first - 1) + 1
    return numbers


def number_pictures(names: Sequence[str], ids: Mapping[str, Any]) -> list[Any]:
    """``(n,)`` the ids of pictures: those that are known, and for others numbers that none has, from 1 on.

    Example:
        >>> number_pictures(["a.jpg", "b.jpg"], {"a.jpg": 40})
        [40, 41]
    """
    known = [ids.get(composed(name)) for name in names]
    following = max([0, *(one for one in ids.values() if isinstance(one, int))]) + 1
    numbers = iter(range(following, following + len(names)))
    return [next(numbers) if one is None else one for one in known]


def agreed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any] | None:
    """Numbers by name; None where a name has two of them, or two names have one."""
    found: dict[str, Any] = {}
    for name, number in pairs:
        if found.setdefault(name, number) != number:
            return None
    return found if len(set(found.values())) == len(found) else None
