"""Durations and rates in words."""

from __future__ import annotations

from jeoni.locale import Said

__all__ = ["duration", "rate"]

MINUTE, HOUR = 60, 3600


def duration(seconds: float) -> Said:
    """A duration as people say it, no finer than an estimate can be; :func:`jeoni.locale.translated` tells it.

    Example:
        >>> [duration(s) for s in (0.4, 7.2, 43, 100, 754, 5400)]
        ['1 s', '7 s', '45 s', '1.5 min', '13 min', '1 h 30 min']
    """
    if seconds < 10:
        return Said("duration.seconds", n=f"{max(1, round(seconds))}")
    if seconds < 57:
        return Said("duration.seconds", n=f"{5 * round(seconds / 5)}")
    if seconds < 5 * MINUTE:
        halves = round(2 * seconds / MINUTE)
        return Said("duration.minutes", n=f"{halves / 2:g}")
    minutes = round(seconds / MINUTE)
    if minutes < HOUR // MINUTE:
        return Said("duration.minutes", n=f"{minutes}")
    hours, rest = divmod(5 * round(minutes / 5), 60)
    if not rest:
        return Said("duration.hours", n=f"{hours}")
    return Said("duration.hours_and_minutes", hours=f"{hours}", minutes=f"{rest}")


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
        written = f"{each:.1f}" if each < 10 and round(each, 1) % 1 else f"{each:,.0f}"
        return Said("rate.each", seconds=written)
    return Said("rate.per_second", n=f"{1 / each:,.0f}" if 1 / each >= 10 else f"{1 / each:.1f}")
