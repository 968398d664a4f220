"""Which language is spoken, and its tables of words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

__all__ = ["CHOICES", "LANGUAGES", "language_of", "table"]

LANGUAGES = ("en", "ko")
CHOICES = ("auto", *LANGUAGES)
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as POSIX has it


def language_of(option: str = "auto") -> str:
    """The language that an option stands for; ``auto`` goes by the environment, and English where that says another.

    Example:
        >>> language_of("ko")
        'ko'
    """
    if option in LANGUAGES:
        return option
    said = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    spoken = said.partition("_")[0].partition(".")[0].lower()
    return spoken if spoken in LANGUAGES else "en"


def table(name: str, language: str) -> Mapping[str, Any]:
    """A table of words: ``page``, ``sentences``, ``diagnosis``, ``errors``, ``terms`` or ``cli``."""
    words: Mapping[str, Any] = import_module(f"jeoni.locale.{language}.{name}").WORDS
    return words
