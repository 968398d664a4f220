"""Durations, sizes and windows as people write them: ``90s``, ``1h30m``; ``500MB``, ``5GB``; ``40/400``."""

from __future__ import annotations

import re

from jeoni.errors import ConfigError
from jeoni.locale import Said

__all__ = ["parse_duration", "parse_size", "parse_window", "write_duration", "write_size"]

NUMBER = r"\d+(?:\.\d+)?"
DURATION = re.compile(rf"(?:({NUMBER})h)?(?:({NUMBER})m(?:in)?)?(?:({NUMBER})s)?", re.IGNORECASE)
SIZE = re.compile(rf"({NUMBER})([KMGT])B?", re.IGNORECASE)
REAL = r"[+-]?\d+(?:\.\d+)?"
WINDOW = re.compile(rf"({REAL})([,/])({REAL})")
UNITS = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
HOUR, MINUTE = 3600.0, 60.0


def parse_duration(text: str, name: str = "budget") -> float:
    """Seconds of a duration in words.

    Args:
        text: hours, minutes and seconds, each with its letter; spaces do not matter.
        name: of the option, for the message.

    Raises:
        ConfigError: something else, or nothing at all; the message shows examples.

    Example:
        >>> [parse_duration(text) for text in ("90s", "10m", "1h30m", "1.5 h")]
        [90.0, 600.0, 5400.0, 5400.0]
    """
    found = DURATION.fullmatch(text.replace(" ", ""))
    hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (0.0, 0.0, 0.0)
    whole = HOUR * hours + MINUTE * minutes + seconds
    if not whole:
        raise ConfigError(Said("error.duration", name=name, value=repr(text)))
    return whole


def parse_window(text: str) -> tuple[float, float] | None:
    """The values that become black and white; None of an empty text.

    Args:
        text: the lower and the higher one with a comma between, or centre and width with a slash between.

    Raises:
        ConfigError: something else, or a window without a width.

    Example:
        >>> parse_window("-160,240"), parse_window("40/400")
        ((-160.0, 240.0), (-160.0, 240.0))
    """
    if not text:
        return None
    found = WINDOW.fullmatch(text.replace(" ", ""))
    low, high = (float(found[1]), float(found[3])) if found else (0.0, 0.0)
    if found and found[2] == "/":
        low, high = low - high / 2, low + high / 2
    if not low < high:
        raise ConfigError(
            f"window is {text!r}. Needed: the values that become black and white, LOW,HIGH such as -160,240, or "
            "CENTER/WIDTH such as 40/400."
        )
    return low, high


def parse_size(text: str, name: str = "disk") -> int:
    """Bytes of a size in words; a GB is a billion of them.

    Args:
        text: a number and KB, MB, GB or TB.
        name: of the option, for the message.

    Raises:
        ConfigError: something else, or nothing at all; the message shows examples.

    Example:
        >>> parse_size("5GB"), parse_size("1.5 mb")
        (5000000000, 1500000)
    """
    found = SIZE.fullmatch(text.replace(" ", ""))
    size = int(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    if not size:
        raise ConfigError(Said("error.size", name=name, value=repr(text)))
    return size


def write_duration(seconds: float) -> str:
    """A duration as :func:`parse_duration` reads it, never shorter than it is.

    Example:
        >>> write_duration(41.2), write_duration(75), write_duration(3700)
        ('42s', '1m15s', '1h2m')
    """
    whole = int(-(-seconds // 1))
    if whole >= HOUR:
        whole = int(-(-seconds // MINUTE) * MINUTE)
    hours, rest = divmod(whole, int(HOUR))
    minutes, left = divmod(rest, int(MINUTE))
    parts = ((hours, "h"), (minutes, "m"), (left, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "1s"


def write_size(size: float) -> str:
    """A size as :func:`parse_size` reads it, never less than it is, to three digits.

    Example:
        >>> write_size(1_234_567), write_size(5e9)
        ('1.24MB', '5GB')
    """
    unit = next((u for u in ("T", "G", "M") if size >= UNITS[u]), "K")
    hundredths = -(-size * 100 // UNITS[unit])
    return f"{max(1.0, hundredths) / 100:g}{unit}B"
