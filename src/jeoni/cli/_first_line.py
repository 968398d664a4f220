"""What a command says before anything else is loaded: within the first second, whatever the libraries take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jeoni.console.first_line import show_first_line

__all__ = ["announce"]

SILENT = {"--help", "--quiet"}
ALSO_SLOW = {"doctor"}


def announce(words: Sequence[str]) -> None:
    """Say that the libraries are loaded, where a command needs them.

    Args:
        words: the command line behind ``jeoni``.
    """
    if not words or SILENT & set(words):
        return
    verbs = Path(__file__).parent.parent / "verbs"
    if words[0] in ALSO_SLOW or (words[0].isidentifier() and (verbs / f"{words[0]}.py").is_file()):
        show_first_line("Loading libraries …")
