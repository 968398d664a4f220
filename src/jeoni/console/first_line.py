"""The line that a command shows before its libraries are loaded. Only the standard library is needed for it."""

from __future__ import annotations

import sys

__all__ = ["clear_first_line", "show_first_line"]

ERASE = "\r\x1b[2K"
_shown: list[str] = []


def show_first_line(text: str) -> None:
    """Write a line to standard error at once; on a terminal it goes away when something else is shown."""
    stays = not sys.stderr.isatty()
    sys.stderr.write(f"{text}\n" if stays else text)
    sys.stderr.flush()
    if not stays:
        _shown.append(text)


def clear_first_line() -> None:
    """Take the line away, if it is there."""
    if _shown:
        _shown.clear()
        sys.stderr.write(ERASE)
        sys.stderr.flush()
