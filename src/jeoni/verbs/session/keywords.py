"""A verb's options as keyword arguments that ``help``, notebooks and editors show."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any, TypeVar

from jeoni.specs import Options, ordered_fields

__all__ = ["takes_options"]

Verb = TypeVar("Verb", bound=Callable[..., Any])
WIDTH = 116


def takes_options(spec: type[Options]) -> Callable[[Verb], Verb]:
    """Show the fields of a spec in the signature and in the docstring of a verb that takes them as ``**options``.

    Args:
        spec: of the verb.

    Example:
        >>> from jeoni.specs import PredictSpec
        >>> @takes_options(PredictSpec)
        ... def guess(data, **options): ...
        >>> list(inspect.signature(guess).parameters)[:4]
        ['data', 'column', 'format', 'frames']
    """
    offered = ordered_fields(spec)

    def decorate(verb: Verb) -> Verb:
        signature = inspect.signature(verb)
        own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        keyword = inspect.Parameter.KEYWORD_ONLY
        options = [inspect.Parameter(f.name, keyword, default=f.default, annotation=f.type) for f in offered]
        verb.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        listed = [line for f in offered for line in _entry(f.name, f.metadata["help"], f.metadata["choices"])]
        verb.__doc__ = "\n".join([inspect.cleandoc(verb.__doc__ or ""), "", "Options:", *listed])
        return verb

    return decorate


def _entry(name: str, text: str, choices: tuple[str, ...]) -> list[str]:
    """``name: its help``, as an entry of a section of a docstring."""
    said = f"{name}: {text}" + (f" One of {', '.join(choices)}." if choices else "")
    return textwrap.wrap(said, WIDTH, initial_indent="    ", subsequent_indent="        ", break_on_hyphens=False)
