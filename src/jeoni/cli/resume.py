"""Continue a run that was interrupted."""

from __future__ import annotations

from typing import Annotated

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption
from jeoni.imports import without_collecting

__all__ = ["resume"]


def resume(
    run: Annotated[str, typer.Argument(help="The folder of an interrupted run of fit, compare, adapt or pretrain.")],
    verb: Annotated[
        str, typer.Option(help="fit, compare, adapt or pretrain, if it must be a run of that.", rich_help_panel="Data")
    ] = "",
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line, last.")] = False,
) -> None:
    """Continue an interrupted run of fit, compare, adapt or pretrain; the result is that of an undisturbed one.

    Example:
        jeoni resume runs/photos-20261123-101500
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._generic import content_of, show_result
    from jeoni.cli._terminal import print_json

    result = api.resume(run, verb=verb, quiet=quiet)
    if not distributed.is_main_process():
        return
    if json:
        print_json(content_of(result))
    else:
        show_result(result)
