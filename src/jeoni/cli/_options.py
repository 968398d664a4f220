"""Command-line options from the fields of a frozen dataclass: they are declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from jeoni.specs import AUTO, Options, ordered_fields, out_of_bounds
from jeoni.specs.options import type_name

__all__ = ["QuietOption", "with_options"]

QuietOption = Annotated[bool, typer.Option("--quiet", help="Show neither progress nor remarks, only the result.")]


def with_options(record: type[Options]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a verb one option per field of its spec; the verb gets them together as its argument ``spec``."""
    offered = ordered_fields(record)

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        own = [p for p in inspect.signature(verb, eval_str=True).parameters.values() if p.name != "spec"]

        @functools.wraps(verb)
        def called(**given: Any) -> Any:
            options = {f.name: given.pop(f.name) for f in offered}
            said = {name: value for name, value in options.items() if value is not None}
            for f in offered:
                if f.default == AUTO and said.get(f.name) == AUTO:  # which stands for an option that is left out
                    raise out_of_bounds(f.name, said[f.name], AUTO, f.metadata["bounds"])
            return verb(**given, spec=record(**said))

        made = [
            inspect.Parameter(
                f.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None if f.default == AUTO else f.default,
                annotation=Annotated[_kind(f), _option(f)],
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
    return kind | None if field.default == AUTO else kind


def _option(field: Any) -> Any:
    name = field.name.replace("_", "-")
    choices = field.metadata["choices"]
    text = field.metadata["help"] + (f" One of: {', '.join(choices)}." if choices else "")
    flags = (f"--{name}/--no-{name}",) if field.default is True else (f"--{name}",)
    return typer.Option(*flags, help=text, show_default=field.default not in ("", False, AUTO, "auto"))
