"""Which items of a pool to label next (active learning)."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.imports import without_collecting
from jeoni.locale import language_of, table
from jeoni.specs import QuerySpec

__all__ = ["query"]

SHOWN = 10  # queries


@with_options(QuerySpec)
def query(
    pool: Annotated[
        str, typer.Argument(help="Items to choose from: a folder, a table, features; labels, if any, count.")
    ],
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
    _show(result, language_of(spec.language))


def _show(result: object, language: str) -> None:
    """The summary, then the first of the list, or each method against random."""
    from rich.console import Console

    from jeoni.api import QueryResult
    from jeoni.cli._terminal import escape

    assert isinstance(result, QueryResult)
    out, words = Console(highlight=False), table("cli", language)
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    if result.metrics.get("simulation"):
        _show_simulation(result.metrics["simulation"], out, language)
    else:
        _show_list(result, out, language)
    out.print(f"\n{words['report']}  {escape(str(result.run / 'report.html'))}")
    if not result.metrics.get("simulation"):
        out.print(f"{table('querying', language)['list']}  {escape(str(result.run / 'queries.csv'))}")


def _show_list(result: object, out: object, language: str) -> None:
    from rich.table import Table

    from jeoni.api import QueryResult
    from jeoni.cli._terminal import escape

    assert isinstance(result, QueryResult)
    words, queries = table("querying", language), result.queries
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("rank", "item", "suggested"):
        shown.add_column(words["columns"][column], no_wrap=column == "rank")
    for row in queries.head(SHOWN).itertuples():
        item = getattr(row, "text", "") or row.path
        suggested = row.suggested if isinstance(row.suggested, str) else ""
        shown.add_row(str(row.rank), escape(str(item)[:80]), escape(suggested))
    out.print(shown)  # type: ignore[attr-defined]
    if len(queries) > SHOWN:
        out.print(words["more"].format(n=f"{len(queries) - SHOWN:,}"))  # type: ignore[attr-defined]


def _show_simulation(found: dict[str, object], out: object, language: str) -> None:
    from rich.table import Table

    words = table("querying", language)
    span = table("cli", language)["span"]
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("method", "gain", "saved", "outcome"):
        shown.add_column(words["columns"][column])
    for one in found["methods"]:  # type: ignore[attr-defined]
        gain, saved = one["gain"], one["saved"]
        between = span.format(low=f"{100 * gain['low']:+.1f}", high=f"{100 * gain['high']:+.1f}")
        labels = words["simulation_never"]
        if saved:
            labels = f"{saved['value']:.0f} [dim]{span.format(low=round(saved['low']), high=round(saved['high']))}[/]"
        outcome = words["simulation_outcomes"][one["outcome"]]
        shown.add_row(one["name"], f"[bold]{100 * gain['value']:+.1f}[/] [dim]{between}[/]", labels, outcome)
    out.print(shown)  # type: ignore[attr-defined]
