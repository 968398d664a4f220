"""A command from a verb's own signature: what a file in ``verbs/`` needs to be called in a terminal is in it already.

A parameter without a default is an argument, ``spec`` gives an option for each of its fields, ``console`` and
``command`` are filled in, and the others are options by their names. The result is printed by its ``summary`` and its
run folder, or as JSON. A verb whose output deserves more than that has a file of its name in ``cli/``.
"""

from __future__ import annotations

import inspect
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, get_args, get_type_hints

import typer

from jeoni import distributed
from jeoni.cli._help import describe_command
from jeoni.cli._options import with_options
from jeoni.specs import Options

__all__ = ["command_of", "content_of", "show_result"]

ROLE = re.compile(r":\w+:`~?([^`]+)`")
PLAIN = (bool, int, float, str)
ABOUT_OUTPUT = ("out", "overwrite", "resume")
KEYWORD = inspect.Parameter.KEYWORD_ONLY


def command_of(verb: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function that typer makes a command of.

    Args:
        verb: a function of ``jeoni.verbs``, or of another package.
        name: what it is called on the command line.
    """
    hints, parameters = get_type_hints(verb), inspect.signature(verb).parameters
    filled = {"console", "command"} & set(parameters)
    spec = next((t for t in _kinds(hints.get("spec")) if isinstance(t, type) and issubclass(t, Options)), None)
    about = typer.Option("--json", help="Print one JSON line.")
    json = inspect.Parameter("json", KEYWORD, default=False, annotation=Annotated[bool, about])
    of_spec = {f.name for f in fields(spec)} if spec else set[str]()  # a verb's signature may list them, for editors
    texts, own = _described(verb), [p for name, p in parameters.items() if name not in {*filled, *of_spec, "spec"}]
    typed = [
        _parameter(p, hints.get(p.name, str), texts.get(p.name, ""))
        for p in own
        if p.kind is not inspect.Parameter.VAR_KEYWORD
    ]

    def called(*, json: bool, **given: Any) -> None:
        from jeoni.cli._terminal import print_json
        from jeoni.console import console_for

        usual = {
            "console": console_for(quiet=given.get("quiet", False)),
            "command": shlex.join(["jeoni", *sys.argv[1:]]),
        }
        result = verb(**given, **{name: usual[name] for name in filled})
        if not distributed.is_main_process():
            return
        if json:
            print_json(content_of(result))
        else:
            show_result(result)

    placeholder = [inspect.Parameter("spec", KEYWORD, annotation=Any)] if spec else []
    called.__name__, called.__doc__ = verb.__name__, _with_example(verb, name)
    called.__signature__ = inspect.Signature([*typed, json, *placeholder])  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in [*typed, json]}
    return with_options(spec)(called) if spec else called


def _parameter(parameter: inspect.Parameter, hint: Any, text: str) -> inspect.Parameter:
    """The same parameter with a type that can be typed: the first plain one of its types, else a text."""
    kind = next((t for t in PLAIN if t in _kinds(hint)), str)
    required = parameter.default is inspect.Parameter.empty
    section = None if parameter.name in ABOUT_OUTPUT else "Data"
    about: Any = typer.Argument(help=text) if required else typer.Option(help=text, rich_help_panel=section)
    default = inspect.Parameter.empty if required else parameter.default
    return inspect.Parameter(parameter.name, KEYWORD, default=default, annotation=Annotated[kind, about])


def _described(verb: Callable[..., Any]) -> dict[str, str]:
    """The texts of the parameters, from the section ``Args`` of a docstring."""
    section = (inspect.getdoc(verb) or "").partition("\nArgs:\n")[2]
    entries = re.findall(r"^    (\w+): (.*(?:\n      .*)*)", re.split(r"^\S", section, flags=re.M)[0], re.M)
    return {name: _as_help(text) for name, text in entries}


def _with_example(verb: Callable[..., Any], name: str) -> str:
    """A docstring with a command line in it: the one that is there, else the arguments that the verb needs."""
    text = inspect.getdoc(verb) or ""
    if describe_command(verb)[1]:
        return text
    required = [p.name.upper() for p in inspect.signature(verb).parameters.values() if p.default is p.empty]
    return "\n".join([text, "", "Example:", f"    {shlex.join(['jeoni', name, *required])}"])


def _as_help(text: str) -> str:
    """A parameter's description as a sentence without markup."""
    plain = ROLE.sub(r"\1", " ".join(text.split())).replace("``", "`")
    return plain[:1].upper() + plain[1:]


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, UnionType) or get_args(hint) else (hint,)


def content_of(result: Any) -> dict[str, Any]:
    """A result for JSON: what it says of itself, or its run folder and summary."""
    if hasattr(result, "as_dict"):
        return dict(result.as_dict())
    if hasattr(result, "run") and hasattr(result, "summary"):
        return {"run": str(result.run), "summary": result.summary}
    if is_dataclass(result) and not isinstance(result, type):
        return asdict(result)
    return {"result": result}


def show_result(result: Any) -> None:
    """Print the summary and where the report lies, or the result itself."""
    from rich.console import Console

    from jeoni.cli._terminal import escape, print_places, word

    out = Console(highlight=False)
    out.print(f"\n[bold]{escape(str(getattr(result, 'summary', result)))}[/]")
    if hasattr(result, "run"):
        print_places(out, {word("report"): result.run / "report.html"})
