"""What to transfer, how deep, what that costs, and whether it pays: a table and a few sentences."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.imports import without_collecting
from jeoni.locale import language_of, measure_name, table, translated
from jeoni.specs import PlanSpec

if TYPE_CHECKING:
    from jeoni.runs.records import CandidateRecord

__all__ = ["plan"]


@with_options(PlanSpec)
def plan(
    data: Annotated[
        str,
        typer.Argument(help="A folder per class, a table, features (.npz, .mat), a saved dataset or hub:OWNER/NAME."),
    ],
    spec: PlanSpec = PlanSpec(),  # noqa: B008 - frozen
    source: Annotated[
        str, typer.Option(help="Labelled data of one's own that might be learned from too.", rich_help_panel="Data")
    ] = "",
    out: Annotated[str, typer.Option(help="The run folder; runs/<data>-plan-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the plan as one JSON line, last.")] = False,
) -> None:
    """Say what to transfer, how deep, what that costs, and whether it pays, before anything is trained.

    Example:
        jeoni plan photos/
        jeoni plan photos/ --budget 10m
        jeoni plan target/ --source source/
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    result = api.plan(data, spec, source=source, out=out, overwrite=overwrite, quiet=quiet, command=command)
    if not distributed.is_main_process():
        return
    if json:
        print_json({"run": str(result.run), "summary": result.summary, "options": result.options})
        return
    _show(result, table("planning", language_of(spec.language)), language_of(spec.language))


def _show(result: Any, words: Mapping[str, Any], language: str) -> None:
    """One table, the sentences, and the command that does it."""
    from rich.console import Console
    from rich.table import Table

    from jeoni.cli._terminal import escape, print_places

    out, record = Console(highlight=False), result.record
    shown, columns = Table(box=None, pad_edge=False, header_style="dim"), words["plan_columns"]
    for name, side in (("name", "left"), ("score", "right"), ("difference", "right"), ("time", "right")):
        shown.add_column(columns[name], justify=side)  # type: ignore[arg-type]
    shown.add_column("")
    for one in record.candidates:
        shown.add_row(*_row(one, record.unit == "%", words, language))
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    out.print(shown)
    out.print(f"\n[dim]{words['plan_do']}[/]  {escape(_command(result))}", soft_wrap=True)
    print_places(out, {words["plan_report"]: result.run / "report.html", "plan": result.run / "plan.json"})


def _row(one: CandidateRecord, share: bool, words: Mapping[str, Any], language: str) -> list[str]:
    from jeoni.console.durations import duration

    scale, digits = (100, 1) if share else (1, 3)
    value, gain = one.score.value if one.score else None, one.to_chosen
    score, against = "" if value is None else f"{scale * value:.{digits}f}", ""
    if gain is not None and gain.value is not None:
        against = f"{scale * gain.value:+.{digits}f}"
        if gain.low is not None and gain.high is not None:  # of items of one group there are no bounds
            against += f" ({scale * gain.low:.{digits}f} … {scale * gain.high:.{digits}f})"
    time = "" if one.final_s is None else translated(duration(one.final_s), language)
    shown = measure_name(one.name, language)
    name = f"[bold]{shown}[/]" if one.state == "chosen" else shown
    return [name, score, against, time, words["plan_states"][one.state]]


def _command(result: Any) -> str:
    return f"jeoni fit … --plan {result.run}"
