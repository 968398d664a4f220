"""Durations as they are typed: ``90s``, ``10m``, ``2h``, ``1h30m``."""

from __future__ import annotations

import re

from jeoni.errors import ConfigError

__all__ = ["parse_duration"]

UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
WRITTEN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s)?", re.IGNORECASE)


def parse_duration(text: str, option: str = "budget") -> float:
    """Seconds.

    Raises:
        ConfigError: not a duration, or none at all; the message shows some.

    Example:
        >>> parse_duration("1h30m"), parse_duration("90s"), parse_duration("10 min")
        (5400.0, 90.0, 600.0)
    """
    found = WRITTEN.fullmatch(text.replace(" ", ""))
    parts = found.groups() if found else ()
    seconds = sum(float(part) * unit for part, unit in zip(parts, UNITS.values(), strict=False) if part)
    if not seconds:
        raise ConfigError(f"{option} is {text!r}; a duration is needed, such as 90s, 10m, 2h or 1h30m.")
    return seconds
