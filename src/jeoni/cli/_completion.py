"""What the shell completes after an option: its choices, or names of extension files; none of them is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jeoni import plugins
from jeoni.extensions import folders_of

__all__ = ["Completer", "complete_choices", "complete_names"]

Completer = Callable[[str], list[str]]
SOURCES = "jeoni.backbones.sources"


def complete_choices(choices: Sequence[str]) -> Completer:
    """A completer of one out of several."""

    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete


def complete_names(points: Sequence[str]) -> Completer:
    """A completer of names of extension files, and of the last of several with commas between.

    Args:
        points: extension points, as in ``jeoni list NAME``; or ``backbones``.
    """

    def complete(incomplete: str) -> list[str]:
        done, comma, last = incomplete.rpartition(",")
        earlier = set(done.split(","))
        fitting = [name for name in _names_of(points) if name.startswith(last) and name not in earlier]
        return [f"{done}{comma}{name}" for name in fitting]

    return complete


def _names_of(points: Sequence[str]) -> list[str]:
    names: list[str] = []
    for point in points:
        names += _backbones() if point == "backbones" else _extensions(point)
    return names


def _extensions(point: str) -> list[str]:
    return [name for folder in folders_of(point) for name in plugins.names(folder)]


def _backbones() -> list[str]:
    """Those in packages, and the prefixes of the sources; timm's thousand would take seconds."""
    from jeoni.backbones.packaged_names import PACKAGED_NAMES

    return ["auto", *PACKAGED_NAMES, *(f"{source}:" for source in plugins.names(SOURCES))]
