"""What to label next, and what a simulation found, in a terminal."""

from __future__ import annotations

from typing import Any

from jeoni.locale import table

__all__ = ["show_query"]

SHOWN = 10  # queries


def show_query(result: object, language: str) -> None:
    """The summary, then the first of the list, or each method against random."""
    from rich.console import Console

    from jeoni.api import QueryResult
    from jeoni.cli._terminal import escape, print_places

    assert isinstance(result, QueryResult)
    out, words = Console(highlight=False), table("cli", language)
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    if result.metrics.get("simulation"):
        _show_simulation(result.metrics["simulation"], out, language)
    else:
        _show_list(result, out, language)
    places = {words["report"]: result.run / "report.html"}
    if not result.metrics.get("simulation"):
        places[table("querying", language)["list"]] = result.run / "queries.csv"
    print_places(out, places)


def _show_list(result: object, out: Any, language: str) -> None:
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
    out.print(shown)
    if len(queries) > SHOWN:
        out.print(words["more"].format(n=f"{len(queries) - SHOWN:,}"))


def _show_simulation(found: dict[str, Any], out: Any, language: str) -> None:
    from rich.table import Table

    words = table("querying", language)
    span = table("cli", language)["span"]
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("method", "gain", "saved", "outcome"):
        shown.add_column(words["columns"][column])
    for one in found["methods"]:
        gain, saved = one["gain"], one["saved"]
        between = span.format(low=f"{100 * gain['low']:+.1f}", high=f"{100 * gain['high']:+.1f}")
        labels = words["simulation_never"]
        if saved:
            labels = f"{saved['value']:.0f} [dim]{span.format(low=round(saved['low']), high=round(saved['high']))}[/]"
        outcome = words["simulation_outcomes"][one["outcome"]]
        shown.add_row(one["name"], f"[bold]{100 * gain['value']:+.1f}[/] [dim]{between}[/]", labels, outcome)
    out.print(shown)
