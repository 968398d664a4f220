"""Which items of a pool to label next (active learning)."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.cli._queries import show_query
from jeoni.imports import without_collecting
from jeoni.locale import language_of
from jeoni.specs import QuerySpec

__all__ = ["query"]


@with_options(QuerySpec)
def query(
    pool: Annotated[str, typer.Argument(help="Items to choose from: a folder, a table, features.")],
    labelled: Annotated[
        str,
        typer.Option(
            help="The labels there are: a table of paths or texts and labels, such as a queries.csv that was filled in "
            "(several with commas between), or a folder per class.",
            rich_help_panel="Data",
        ),
    ] = "",
    spec: QuerySpec = QuerySpec(),  # noqa: B008 - frozen
    out: Annotated[str, typer.Option(help="The run folder; runs/<pool>-query-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as one JSON line, last.")] = False,
) -> None:
    """Choose which items of a pool to label next.

    Example:
        jeoni query photos/ --budget 20
        jeoni query photos/ --labelled runs/latest/queries.csv --budget 20
        jeoni query labelled_photos/ --simulate --budget 200
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    result = api.query(pool, spec, labelled=labelled, out=out, overwrite=overwrite, quiet=quiet, command=command)
    if not distributed.is_main_process():
        return
    if json:
        print_json({"run": str(result.run), **result.metrics})
        return
    show_query(result, language_of(spec.language))
