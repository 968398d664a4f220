"""Texts without an id, such as most errors: their templates in another language, found by the English text itself.

Where a text is raised it is written once, in English, as an f-string. Another language has a folder ``phrases`` whose
tables map the English template to its own, with the values as names in braces. A text that came is held against the
templates, and its values are read out of it again. English needs none of this and loads nothing.

In a key ``{name:d}`` stands for a number only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pkgutil import iter_modules
from string import Formatter

from jeoni.locale.language import table

__all__ = ["phrase_keys", "phrase_of"]

FINDINGS = {"errors": "finding.", "zero_shot": "zero_shot.", "dense": "dense."}  # where sentences about findings stand
LEAST_LETTERS = 12  # of such a sentence: one that is hardly more than its values would fit anything
NUMBER = r"-?\d[\d,.]*(?:e[-+]?\d+)?"


@dataclass(frozen=True)
class Phrase:
    """A template in English, and in another language."""

    english: str
    other: str

    @cached_property
    def parts(self) -> list[tuple[str, str | None, str]]:
        """Literal texts, each with the name and the form of the value after it."""
        return [(text, name, form or "") for text, name, form, _ in Formatter().parse(self.english)]

    @cached_property
    def longest(self) -> str:
        """The longest literal text: a message without it is another one."""
        return max((text for text, _, _ in self.parts), key=len, default="")

    @cached_property
    def letters(self) -> int:
        """How much of it is fixed: of two that fit, the one that says more is meant."""
        return sum(len(text) for text, _, _ in self.parts)

    def values(self, message: str) -> Mapping[str, str] | None:
        """The values of a message that this template made; None of one that it did not."""
        if self.longest not in message:
            return None
        found = self._pattern.fullmatch(message)
        return None if found is None else found.groupdict()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pieces = []
        for text, name, form in self.parts:
            pieces.append(re.escape(text))
            if name is not None:
                pieces.append(f"(?P<{name}>{NUMBER if form == 'd' else '.*?'})")
        return re.compile("".join(pieces), re.DOTALL)


def phrase_of(message: str, language: str) -> tuple[str, Mapping[str, str]] | None:
    """The template of a message in a language, and its values; None of a message that no template makes.

    Args:
        message: in English, with its values in it.
        language: another one.

    Example:
        >>> phrase_of("3x.csv holds no data in any sheet.", "ko")
        ('{file}: 데이터가 있는 시트가 없습니다.', {'file': '3x.csv'})
    """
    whole = _wholes(language).get(message)
    if whole is not None:
        return whole, {}
    for phrase in _templates(language):
        values = phrase.values(message)
        if values is not None:
            return phrase.other, values
    return None


def phrase_keys(language: str) -> list[str]:
    """The English templates that a language has."""
    return [phrase.english for phrase in _phrases(language)]


@cache
def _phrases(language: str) -> tuple[Phrase, ...]:
    folder = f"jeoni.locale.{language}.phrases"
    tables = [import_module(f"{folder}.{module.name}").WORDS for module in iter_modules(import_module(folder).__path__)]
    without_id = [Phrase(english, other) for words in tables for english, other in words.items()]
    return (*without_id, *_findings(language))


def _findings(language: str) -> list[Phrase]:
    """What checks find has an id while a run lasts; its table of findings keeps the English text alone."""
    found: dict[str, Phrase] = {}  # one sentence may stand under several ids
    for name, start in FINDINGS.items():
        english, other = table(name, "en"), table(name, language)
        found |= {text: Phrase(text, other[id]) for id, text in english.items() if id.startswith(start)}
    return [phrase for phrase in found.values() if phrase.letters >= LEAST_LETTERS]


@cache
def _wholes(language: str) -> dict[str, str]:
    """Those without values, by their text."""
    return {phrase.english: phrase.other for phrase in _phrases(language) if phrase.letters == len(phrase.english)}


@cache
def _templates(language: str) -> tuple[Phrase, ...]:
    """Those with values, the most telling first."""
    with_values = [phrase for phrase in _phrases(language) if phrase.letters < len(phrase.english)]
    return tuple(sorted(with_values, key=lambda phrase: -phrase.letters))
