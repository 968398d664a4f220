"""Durations and rates in words."""

from __future__ import annotations

__all__ = ["duration", "rate"]

MINUTE, HOUR = 60, 3600


def duration(seconds: float) -> str:
    """A duration as people say it, no finer than an estimate can be.

    Example:
        >>> [duration(s) for s in (0.4, 7.2, 43, 100, 754, 5400)]
        ['1 s', '7 s', '45 s', '1.5 min', '13 min', '1 h 30 min']
    """
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 57:
        return f"{5 * round(seconds / 5)} s"
    if seconds < 5 * MINUTE:
        halves = round(2 * seconds / MINUTE)
        return f"{halves / 2:g} min"
    minutes = round(seconds / MINUTE)
    if minutes < HOUR // MINUTE:
        return f"{minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def rate(steps: int, seconds: float) -> str:
    """How fast steps are made: how many a second, or where they are slower, how long each takes.

    Example:
        >>> rate(500, 2.0), rate(3, 2.0), rate(4, 12.0)
        ('250/s', '1.5/s', '3 s each')
    """
    if not steps or seconds <= 0:
        return ""
    each = seconds / steps
    if each >= 1:
        return f"{each:.1f} s each" if each < 10 and round(each, 1) % 1 else f"{each:,.0f} s each"
    return f"{1 / each:,.0f}/s" if 1 / each >= 10 else f"{1 / each:.1f}/s"
