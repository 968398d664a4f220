"""Names of classes that look like a slip: two that read alike, or several labels in one. Reported, never merged."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

from jeoni.types import Finding

__all__ = ["odd_classes"]

SEPARATORS = r"[,;|]"
SHOWN = 5
INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")  # Unicode's categories of control, format and space characters


def odd_classes(names: Sequence[str]) -> list[Finding]:
    """Findings on the names of a data set's classes.

    Example:
        >>> [f.detail for f in odd_classes(["Pos", "neg", "pos"])]
        ["the classes 'Pos' and 'pos' differ only in case, blanks or invisible characters"]
    """
    return [*_similar(names), *_combined(names)]


def _similar(names: Sequence[str]) -> list[Finding]:
    """Names that differ only in what is easily overlooked; written so that it shows: ``'pos\\u200b'``."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[_plain(name)].append(name)
    return [
        Finding(
            "similar_classes",
            "",
            f"the classes {' and '.join(map(repr, group))} differ only in case, blanks or invisible characters",
            "kept apart; write them alike if they are one class",
        )
        for group in alike.values()
        if len(group) > 1
    ]


def _plain(name: str) -> str:
    """Without case, blanks and invisible characters, and with compatible characters as one: a full-width A is an A."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if unicodedata.category(c) not in INVISIBLE) or name


def _combined(names: Sequence[str]) -> list[Finding]:
    """Names that are lists of others: ``cat,dog`` beside ``cat``, or beside ``cat,bird`` and ``bird,dog``."""
    pieces = {name: _pieces(name) for name in names}
    uses = Counter(piece for own in pieces.values() for piece in own)
    several = []
    for name, own in pieces.items():
        of_its_own = any(pieces.get(piece) == {piece} for piece in own)
        if len(own) > 1 and (of_its_own or all(uses[piece] > 1 for piece in own)):
            several.append(name)
    if not several:
        return []
    shown = ", ".join(map(repr, several[:SHOWN])) + (" …" if len(several) > SHOWN else "")
    told = f"{len(several)} classes read like several labels in one cell, for example {shown}"
    return [
        Finding("several_labels", "", told, "each combination is a class of its own: one label per item is learned")
    ]


def _pieces(name: str) -> set[str]:
    """The parts of a name between its separators."""
    return {piece.strip() for piece in re.split(SEPARATORS, name) if piece.strip()}
