"""A sentence that knows what it says: its id and values, so that it can be told in any language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any, Self

from jeoni.locale.language import has_table, table

__all__ = ["Said", "measure_name", "paragraph", "retold", "said_fault", "told", "translated"]

TABLES = ("sentences", "diagnosis", "errors", "faults")


class Said(str):
    """A sentence in English, which :func:`translated` tells in another language.

    Values are texts, with numbers written as they shall stand, or sentences themselves, such as an amount. In a
    template ``{name}`` takes a value as it is, ``{name:term}`` the language's word for it where there is one, and
    ``{name:terms}`` the words for several with ``and`` between them.

    Args:
        id: of a template in the tables ``sentences``, ``diagnosis`` or ``errors``, or in a topic's table, with its name
            before a dot; in the table ``faults`` the English template itself.
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
    """A sentence in a language; a text that is none is left as it is."""
    return told(text.id, text.values, language) if isinstance(text, Said) else text


def said_fault(template: str, **values: str) -> str:
    """A fault of annotations by its English template; one that no table has, such as a stranger's, as it is.

    Example:
        >>> translated(said_fault("{n} boxes have no size", n="3"), "ko")
        '상자 3개의 크기가 0임'
        >>> said_fault("{n} boxes are blue", n="3")
        '3 boxes are blue'
    """
    return Said(template, **values) if template in table("faults", "en") else template.format(**values)


def retold(text: str, language: str) -> str:
    """A fault that was written in English, in a language; another text is left as it is.

    Example:
        >>> retold("2 boxes have no size (line 3, line 8)", "ko")
        '상자 2개의 크기가 0임 (line 3, line 8)'
    """
    whole = re.fullmatch(r"(?P<what>.*?)(?P<places> \(.*\))?", text)
    words, there = table("faults", language), whole["what"] if whole else text
    places = (whole["places"] or "") if whole else ""
    for template in table("faults", "en"):
        pattern = re.escape(template).replace(re.escape("{n}"), r"(?P<n>[\d,]+)")
        found = None if "{what}" in template else re.fullmatch(pattern, there)
        if found:
            return str(words[template]).format(**found.groupdict()) + places
    return text


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
        text = translated(str(value) if not isinstance(value, str) else value, self._language)
        if format_spec == "term":
            return self._term(text)
        if format_spec == "terms":
            both = table("terms", self._language)["and"]
            return str(both).join(self._term(part) for part in text.split(" and "))
        return text

    def _term(self, text: str) -> str:
        """The language's word for a term, also where a name follows it (``accuracy of defect``)."""
        terms = table("terms", self._language)
        if text.lower() in terms:
            return _as_written(text, str(terms[text.lower()]))
        for joint in (" of ", ", "):
            measure, between, name = text.partition(joint)
            if between and measure.lower() in terms:
                return str(terms["measure of"]).format(measure=self._term(measure), name=name)
        return text


def _as_written(text: str, word: str) -> str:
    """The word for a text; the text itself where they differ by capital letters alone."""
    return text if word.lower() == text.lower() else word
