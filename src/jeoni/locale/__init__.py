"""Every word that a person reads, once per language; English is the source, the others have the same keys.

A sentence is a template under an id. :class:`Said` is one with its values: a text in English that can be told again in
another language, now or from a record of a run. What is no sentence, such as a heading, stands in tables by page.
"""

from __future__ import annotations

from jeoni.locale.language import CHOICES, LANGUAGES, has_table, help_text, language_of, table, tables
from jeoni.locale.said import Said, measure_name, paragraph, retold, said_fault, told, translated

__all__ = [
    "CHOICES",
    "LANGUAGES",
    "Said",
    "has_table",
    "help_text",
    "language_of",
    "measure_name",
    "paragraph",
    "retold",
    "said_fault",
    "table",
    "tables",
    "told",
    "translated",
]
