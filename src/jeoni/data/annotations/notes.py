"""Faults of annotations, gathered while they are read: one finding for each picture and kind, not for each box."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.locale import said_fault
from jeoni.types import Finding

__all__ = ["Fault", "Notes"]

MOST_PLACES = 3  # lines or ids that one finding shows
MOST_PICTURES = 100  # findings of one kind, before the rest is only counted


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
                what = said_fault(fault.several, n=f"{sum(map(len, rest))}")
                more = said_fault("{what}, in {pictures} more pictures", what=what, pictures=f"{len(rest)}")
                found.append(Finding(fault.kind, "", more, fault.action))
        return tuple(found)


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
            kept.append(Finding(kind, "", said_fault("the same of {n} more", n=f"{len(rest)}"), own[0].action))
    return kept


def _said(fault: Fault, places: list[str]) -> str:
    said = said_fault(fault.one) if len(places) == 1 else said_fault(fault.several, n=f"{len(places)}")
    shown = [place for place in places if place][:MOST_PLACES]
    if not shown:
        return said
    more = " …" if len(places) > len(shown) else ""
    return said_fault("{what} ({places})", what=said, places=f"{', '.join(shown)}{more}")
