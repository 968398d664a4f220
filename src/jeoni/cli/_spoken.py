"""The language of a command line, also before its options are read or where they cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from jeoni.locale import CHOICES, language_of

__all__ = ["spoken"]


def spoken(words: Sequence[str]) -> str:
    """The language that ``--language`` names, or else the environment's.

    Args:
        words: the command line.

    Example:
        >>> spoken(["fit", "photos/", "--language", "ko"])
        'ko'
    """
    for word, following in pairwise([*words, ""]):
        if word == "--language" and following in CHOICES:
            return language_of(following)
        if word.startswith("--language=") and word.partition("=")[2] in CHOICES:
            return language_of(word.partition("=")[2])
    return language_of()
