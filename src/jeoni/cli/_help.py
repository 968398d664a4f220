"""A verb's help page: its options under headings, choices as choices, examples last, as wide as the terminal."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from typer.core import TyperCommand

from jeoni.cli._spoken import spoken
from jeoni.locale import help_text, translated

__all__ = ["OUTPUT", "SECTIONS", "WIDEST", "Verb", "describe_command", "in_language", "write_examples", "write_usage"]

SECTIONS = ("Data", "Transfer", "Training", "Evaluation", "Machine", "Output")
OUTPUT = SECTIONS[-1]
WIDEST = 110  # columns; longer lines are hard to read
NAMES_WIDTH = 27
EXAMPLE = re.compile(r"^\s*`*(jeoni [^`]+?)`*$", re.MULTILINE)


PLACES = ("[OPTIONS]", "COMMAND", "[ARGS]...")
TYPES = {"<str>": "TEXT", "<int>": "INT", "<float>": "FLOAT"}


class Verb(TyperCommand):
    """A command whose help page has a heading for each kind of option; what has none is about the output."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """How it is called."""
        write_usage(self, ctx, formatter)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """What the verb does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(in_language()(self.help or ""))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments, then the options by section."""
        told = in_language()
        arguments: list[tuple[str, str]] = []
        sections: dict[str, list[tuple[str, str]]] = {name: [] for name in SECTIONS}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if row is None:
                continue
            if parameter.param_type_name == "argument":
                arguments.append((str(parameter.metavar or parameter.name), _told(row[1], told)))
            else:
                section = getattr(parameter, "rich_help_panel", None) or OUTPUT
                sections.setdefault(section, []).append((_with_type(row[0]), _told(row[1], told)))
        filled = {"Arguments": arguments, **sections}
        longest = max(len(name) for rows in filled.values() for name, _ in rows)
        width = min(longest, NAMES_WIDTH)  # one for all sections: the texts stand below each other
        for title, rows in filled.items():
            if rows:
                with formatter.section(told(title)):
                    formatter.write_dl([(name.ljust(width), text) for name, text in rows], col_max=width)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples, a line each: they can be copied."""
        write_examples(formatter, self.epilog or "")


def write_usage(command: Any, ctx: Any, formatter: Any) -> None:
    """The line that says how a command is called."""
    told = in_language()
    pieces = " ".join(command.collect_usage_pieces(ctx))
    for word in PLACES:
        pieces = pieces.replace(word, told(word))
    formatter.write_usage(ctx.command_path, pieces, f"{told('Usage')}: ")


def write_examples(formatter: Any, examples: str) -> None:
    """Command lines, one a line, below a heading of their own; nothing where there are none."""
    if examples:
        with formatter.section(in_language()("Examples")):
            for line in examples.splitlines():
                formatter.write(f"  {line}\n")


def in_language() -> Callable[[str], str]:
    """What tells a text of the help in the command line's language."""
    return partial(_in_language, language=spoken(sys.argv))


def _in_language(text: str, language: str) -> str:
    return translated(help_text(text, language), language)


def _told(text: str, told: Callable[[str], str]) -> str:
    """An option's text; what click puts behind it, such as its default, stays."""
    said, bracket, behind = text.partition("  [")
    shown = told(said) + bracket + behind
    return shown.replace("[default:", f"[{told('default')}:").replace("[required]", f"[{told('required')}]")


def describe_command(function: Callable[..., Any]) -> tuple[str, str]:
    """The sentence that a docstring begins with, and the command lines in it.

    >>> def grow():
    ...     \"\"\"Grow plants.
    ...
    ...     Example:
    ...         jeoni grow seeds/
    ...     \"\"\"
    >>> describe_command(grow)
    ('Grow plants.', 'jeoni grow seeds/')
    """
    text = inspect.getdoc(function) or ""
    first, _, rest = text.partition("\n\n")
    summary = " ".join(first.split()).replace("``", "`")
    return summary, "\n".join(EXAMPLE.findall(rest))


def _with_type(name: str) -> str:
    """An option's name and the type of its value, written as everywhere."""
    for typed, written in TYPES.items():
        name = name.replace(typed, written)
    return name
