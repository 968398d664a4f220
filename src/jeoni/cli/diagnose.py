"""Which kind of shift lies between two domains, and how large it is."""

from __future__ import annotations

from typing import Annotated

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.errors import ConfigError
from jeoni.imports import without_collecting
from jeoni.locale import language_of, translated
from jeoni.specs import DiagnoseSpec

__all__ = ["diagnose"]


@with_options(DiagnoseSpec)
def diagnose(
    source: Annotated[
        str,
        typer.Option(
            help="Labelled data: a folder per class, a table, features (.npz, .mat), a saved dataset.",
            rich_help_panel="Data",
        ),
    ] = "",
    target: Annotated[
        str, typer.Option(help="The data to work on, with or without labels.", rich_help_panel="Data")
    ] = "",
    spec: DiagnoseSpec = DiagnoseSpec(),  # noqa: B008 - frozen
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON line, last.")] = False,
) -> None:
    """Which kind of shift lies between two domains, and how large it is.

    Example:
        jeoni diagnose --source photos_lab/ --target photos_field/
    """
    if not (source and target):
        raise ConfigError("Say both: --source and --target.")
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import escape, print_json

    found = api.diagnose(source, target, spec, quiet=quiet)
    if not distributed.is_main_process():
        return
    if json:
        print_json(found.as_dict())
        return
    from rich.console import Console

    language = language_of(spec.language)
    first, *rest = [translated(line, language) for line in found.sentences]
    out = Console(highlight=False)
    out.print(f"\n[bold]{escape(first)}[/]\n")
    for line in rest:
        out.print(escape(line))
