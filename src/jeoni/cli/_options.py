"""Command-line options from the fields of a frozen dataclass: they are declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from jeoni.cli._completion import complete_choices, complete_names
from jeoni.specs import Options, may_be_left_out, ordered_fields, section_of
from jeoni.specs.options import type_name

__all__ = ["QuietOption", "with_options"]

QuietOption = Annotated[bool, typer.Option("--quiet", help="Show neither progress nor remarks, only the result.")]

METAVARS = {"str": "TEXT", "int": "INT", "float": "FLOAT", "bool": ""}


def with_options(record: type[Options]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a verb one option per field of its spec; the verb gets them together as its argument ``spec``."""
    offered = ordered_fields(record)

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        own = [p for p in inspect.signature(verb, eval_str=True).parameters.values() if p.name != "spec"]

        @functools.wraps(verb)
        def called(**given: Any) -> Any:
            options = {f.name: given.pop(f.name) for f in offered}
            said = {name: value for name, value in options.items() if value is not None}
            return verb(**given, spec=record(**said))

        made = [
            inspect.Parameter(
                f.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=f.default,
                annotation=Annotated[_kind(f), _option(f, section_of(record, f.name))],
            )
            for f in offered
        ]
        keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        called.__signature__ = inspect.Signature([*keyword, *made])  # type: ignore[attr-defined]
        called.__annotations__ = {p.name: p.annotation for p in [*keyword, *made]}
        return called

    return decorate


def _kind(field: Any) -> Any:
    """The field's type, or None where nothing is said; annotations are strings."""
    kind = {"str": str, "int": int, "float": float, "bool": bool}[type_name(field)]
    return kind | None if may_be_left_out(field) else kind


def _option(field: Any, section: str) -> Any:
    """The option of the command line: its names, type or choices, text and heading, and what the shell completes."""
    about = field.metadata
    names = [name.replace("_", "-") for name in (field.name, *about["aliases"])]
    flags = [f"--{name}/--no-{name}" if field.default is True else f"--{name}" for name in names]
    kind, choices = type_name(field), about["choices"]
    metavar = f"[{'|'.join(choices)}]" if choices else METAVARS[kind]
    completer = None
    if choices:
        completer = complete_choices(choices)
    elif about["names"]:
        completer = complete_names(about["names"])
    return typer.Option(
        *flags,
        help=about["help"],
        metavar=metavar if kind != "bool" else None,
        show_default=field.default not in ("", False, None, "auto"),
        rich_help_panel=section,
        autocompletion=completer,
    )
