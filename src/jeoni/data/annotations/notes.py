"""Faults of annotations, gathered while they are read: one finding for each picture and kind, not for each box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from jeoni.errors import DataError
from jeoni.types import Finding

__all__ = ["DAMAGED", "Fault", "Notes", "understood"]

T = TypeVar("T")

MOST_PLACES = 3  # lines or ids that one finding shows
MOST_PICTURES = 100  # findings of one kind, before the rest is only counted
# what Python raises where a file is well-formed, but not as its format has it
DAMAGED = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Attributes:
        kind: of the finding.
        one: what is wrong where it befalls one annotation of a picture.
        several: the same of ``{n}`` annotations.
        action: what is done about it.
    """

    kind: str
    one: str
    several: str
    action: str


class Notes:
    """Collects faults.

    Example:
        >>> notes = Notes()
        >>> fault = Fault("box_outside", "a box lies outside", "{n} boxes lie outside", "left out")
        >>> for line in (12, 30):
        ...     notes.add(fault, "1.jpg", f"line {line}")
        >>> notes.findings()[0].detail
        '2 boxes lie outside (line 12, line 30)'
    """

    def __init__(self) -> None:
        self._places: dict[Fault, dict[str, list[str]]] = {}
        self._others: list[Finding] = []

    def add(self, fault: Fault, picture: str, place: str = "") -> None:
        """One more annotation of a picture has a fault; the place is a line, an id, or a name."""
        self._places.setdefault(fault, {}).setdefault(picture, []).append(place)

    def tell(self, kind: str, path: str, detail: str, action: str) -> None:
        """A finding of its own."""
        self._others.append(Finding(kind, path, detail, action))

    def findings(self) -> tuple[Finding, ...]:
        """All that was collected."""
        found = _first_of_each_kind(self._others)
        for fault, pictures in self._places.items():
            for picture, places in list(pictures.items())[:MOST_PICTURES]:
                found.append(Finding(fault.kind, picture, _said(fault, places), fault.action))
            rest = list(pictures.values())[MOST_PICTURES:]
            if rest:
                more = f"{fault.several.format(n=sum(map(len, rest)))}, in {len(rest)} more pictures"
                found.append(Finding(fault.kind, "", more, fault.action))
        return tuple(found)


def understood(read: Callable[[], T], picture: str, where: str, notes: Notes) -> T | None:
    """What is made of the annotations of one picture; None where they are damaged: it costs this picture, and is told.

    Args:
        read: reads them.
        picture: its name.
        where: the file, or the part of it, for the message.
        notes: is told.

    Example:
        >>> notes = Notes()
        >>> understood(lambda: {}["label"], "1.jpg", "1.json", notes)
        >>> notes.findings()[0].detail
        "1.json lacks what a shape needs: 'label'"
    """
    try:
        return read()
    except DataError as error:
        said = str(error)
    except DAMAGED as error:
        said = f"{where} lacks what a shape needs: {error}"
    notes.tell("unreadable_annotation", picture, said, "skipped")
    return None


def _first_of_each_kind(findings: list[Finding]) -> list[Finding]:
    """Findings, of one kind no more than :data:`MOST_PICTURES` and a count of the rest."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    kept: list[Finding] = []
    for kind, own in by_kind.items():
        kept.extend(own[:MOST_PICTURES])
        rest = own[MOST_PICTURES:]
        if rest:
            kept.append(Finding(kind, "", f"the same of {len(rest)} more", own[0].action))
    return kept


def _said(fault: Fault, places: list[str]) -> str:
    said = fault.one if len(places) == 1 else fault.several.format(n=len(places))
    shown = [place for place in places if place][:MOST_PLACES]
    if not shown:
        return said
    more = " …" if len(places) > len(shown) else ""
    return f"{said} ({', '.join(shown)}{more})"
