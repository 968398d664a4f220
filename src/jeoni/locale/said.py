"""A sentence that knows what it says: its id and values, so that it can be told in any language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from string import Formatter
from typing import Any, Self

from jeoni.locale.language import has_table, table

__all__ = ["Said", "measure_name", "paragraph", "told", "translated"]

TABLES = ("sentences", "diagnosis", "errors")
SENTENCES = r"(?<=[.!?]) (?=[A-Z-])"  # between two sentences; some begin with an option


class Said(str):
    """A sentence in English, which :func:`translated` tells in another language.

    Values are texts, with numbers written as they shall stand, or sentences themselves, such as an amount. In a
    template ``{name}`` takes a value as it is, ``{name:term}`` the language's word for it where there is one, and
    ``{name:terms}`` the words for several with ``and`` between them, ``{name:listed}`` those with commas. Korean has particles beside: ``{name:을}``, ``{name:term 을}``.

    Args:
        id: of a template in the tables ``sentences``, ``diagnosis`` or ``errors``, or in a topic's table, with its name
            before a dot.
        values: by the names in the template.

    Raises:
        KeyError: there is no such template, or it needs a value that is not given.

    Example:
        >>> Said("chosen", candidates="probe, finetune", chosen="probe")
        'Chosen among probe, finetune: probe.'
    """

    id: str
    values: Mapping[str, str]

    def __new__(cls, id: str, **values: str) -> Self:  # noqa: D102 - of the class
        text = super().__new__(cls, told(id, values, "en"))
        text.id, text.values = id, values
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.id, dict(self.values))

    def as_dict(self) -> dict[str, Any]:
        """For JSON: ``id``, ``values`` that are texts, and ``parts`` that are sentences themselves."""
        parts = {k: v for k, v in self.values.items() if isinstance(v, Said)}
        plain = {k: str(v) for k, v in self.values.items() if k not in parts}
        return {"id": self.id, "values": plain, "parts": {k: v.as_dict() for k, v in parts.items()}}


def _again(id: str, values: dict[str, str]) -> Said:
    return Said(id, **values)


def translated(text: str, language: str) -> str:
    """A sentence in a language, or a text that the language has a phrase for; any other is left as it is."""
    if isinstance(text, Said):
        return told(text.id, text.values, language)
    if language == "en":  # in which texts are written
        return text
    return _by_phrase(text, language) or _by_sentences(text, language) or text


def _by_phrase(text: str, language: str) -> str | None:
    from jeoni.locale.phrases import phrase_of  # English loads none of it

    found = phrase_of(text, language)
    if found is None:
        return None
    template, values = found
    return _Teller(language).vformat(template, (), values)


def _by_sentences(text: str, language: str) -> str | None:
    """A text whose sentences were put together from several places, where all of them are known."""
    sentences = [_by_phrase(one, language) for one in re.split(SENTENCES, text)]
    known = [one for one in sentences if one is not None]
    return " ".join(known) if len(known) == len(sentences) else None


def paragraph(sentences: Sequence[Said], language: str) -> dict[str, Any]:
    """The fields ``summary``, in a language, and ``said``, from which it can be told in every other, of a record."""
    text = " ".join(translated(one, language) for one in sentences)
    return {"summary": text, "said": [one.as_dict() for one in sentences]}


def measure_name(title: str, language: str) -> str:
    """A measure's title in a language."""
    return told("term", {"term": title}, language)


def told(id: str, values: Mapping[str, str], language: str) -> str:
    """A sentence by its id.

    Args:
        id: of the template.
        values: by the names in it.
        language: one of :data:`jeoni.locale.LANGUAGES`.

    Raises:
        KeyError: no such template, or a value is missing.
    """
    topic = id.partition(".")[0]
    names = (*TABLES, topic) if has_table(topic) else TABLES
    template = next((words[id] for name in names if id in (words := table(name, language))), None)
    if template is None:
        raise KeyError(id)
    return _Teller(language).vformat(template, (), values)


class _Teller(Formatter):
    """Fills in templates; sentences in sentences are told in the same language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        text, forms = value if isinstance(value, str) else str(value), format_spec.split()
        if "listed" not in forms:  # of a list each part is a text of its own
            text = self._inner(text)
        for form in forms:
            text = self._in_form(text, form)
        return text

    def _in_form(self, text: str, form: str) -> str:
        if form == "term":
            return self._term(text)
        if form == "terms":
            both = table("terms", self._language)["and"]
            return str(both).join(self._term(part) for part in text.split(" and "))
        if form == "listed":
            return ", ".join(self._term(part) for part in text.split(", "))
        particles = import_module(f"jeoni.locale.{self._language}.particles")
        return str(particles.with_particle(text, form))

    def _inner(self, value: str) -> str:
        """A value that is a text of ours itself; one word is a name, and stays."""
        return translated(value, self._language) if isinstance(value, Said) or " " in value else value

    def _term(self, text: str) -> str:
        """The language's word for a term, also where a name follows it (``accuracy of defect``)."""
        terms = table("terms", self._language)
        if text.lower() in terms:
            return _as_written(text, str(terms[text.lower()]))
        for joint in (" of ", ", "):
            measure, between, name = text.partition(joint)
            if between and measure.lower() in terms:
                return str(terms["measure of"]).format(measure=self._term(measure), name=name)
        return self._inner(text)


def _as_written(text: str, word: str) -> str:
    """The word for a text; the text itself where they differ by capital letters alone."""
    return text if word.lower() == text.lower() else word
