"""Which language is spoken, and its tables of words."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

__all__ = ["CHOICES", "LANGUAGES", "extension_text", "has_table", "help_text", "language_of", "table", "tables"]

LANGUAGES = ("en", "ko")
CHOICES = ("auto", *LANGUAGES)
PAPERS = r"\((?=[^()]*[A-Z])[^()]*(?:19|20)\d\d(?:\([^()]*\)|[^()])*\)"
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
    """A table of words by the name of its file: ``page``, ``sentences``, ``errors``, ``terms``, ``cli``, or a topic's.

    A topic such as ``clustering`` has a file of its own: the words of its page, and sentences whose ids begin with the
    topic's name and a dot.
    """
    words: Mapping[str, Any] = import_module(f"jeoni.locale.{language}.{name}").WORDS
    return words


def help_text(text: str, language: str) -> str:
    """A text of ``--help`` in a language: English is written where the option is declared, the others in ``help.py``.

    Example:
        >>> help_text("Learning rate of the head.", "ko")
        '헤드의 학습률.'
    """
    if language == LANGUAGES[0]:
        return text
    return str(table("help", language).get(text, text))


def extension_text(folder: str, name: str, text: str, language: str) -> str:
    """What an extension is, in a language: its own first line in English, the others in ``extensions.py``.

    The papers that the English text names in brackets stay behind the other text.

    Example:
        >>> extension_text("jeoni.heads", "mlp", "A multilayer perceptron (Rumelhart 1986).", "ko")
        '표준화한 특징의 다층 퍼셉트론: 데이터가 많을 때 (Rumelhart 1986)'
    """
    if language == LANGUAGES[0]:
        return text
    told = table("extensions", language).get(folder.removeprefix("jeoni."), {}).get(name)
    if told is None:
        return text
    papers = re.search(PAPERS, text)
    return f"{told} {papers[0]}" if papers else str(told)


@cache
def tables() -> tuple[str, ...]:
    """The names of all tables."""
    return tuple(sorted(module.name for module in iter_modules(import_module("jeoni.locale.en").__path__)))


def has_table(name: str) -> bool:
    """Whether there is a table of that name."""
    return name in tables()
