"""How numbers, shares, seconds and paths are written on a page."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

__all__ = ["count", "number", "options_whole", "percent", "quoted", "rate", "seconds", "short", "whole"]

OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")


def quoted(name: str) -> str:
    """A class's name in quotes: it may be a number."""
    return f"'{name}'"


def options_whole(sentence: str) -> Markup:
    """A sentence as HTML in which no line ends within an option of the command line, such as ``--budget``."""
    return Markup(OPTION.sub(r'<span class="option">\g<0></span>', str(escape(sentence))))


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many digits behind its point; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share in percent, without the sign."""
    return "–" if value is None else f"{100 * value:.{digits}f}"


def count(value: float | None) -> str:
    """A count; with one digit where weights make it a fraction."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def seconds(value: float | None, written: str) -> str:
    """Seconds as a language writes them: ``written`` holds ``{n}``."""
    return "–" if value is None else written.format(n=f"{value:.1f}")


def whole(value: float) -> str:
    """A number without digits behind its point."""
    return f"{value:,.0f}"


def rate(value: float | None) -> str:
    """A learning rate, such as ``3.0e-4``."""
    return "–" if value is None else f"{value:.1e}".replace("e-0", "e-")


def short(path: str) -> str:
    """The last two parts of a path: the folder often says the class."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])
