"""Strategies against each other on the same draws: did transfer help, hurt, or can these data not tell?"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.errors import ConfigError
from jeoni.imports import without_collecting
from jeoni.locale import language_of, measure_name, table
from jeoni.specs import CompareSpec

if TYPE_CHECKING:
    from jeoni.types import Interval

__all__ = ["compare"]


@with_options(CompareSpec)
def compare(
    data: Annotated[str, typer.Argument(help="A folder per class, a table, a saved dataset or hub:OWNER/NAME.")] = "",
    spec: CompareSpec = CompareSpec(),  # noqa: B008 - frozen
    out: Annotated[str, typer.Option(help="The run folder; runs/<data>-compare-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    resume: Annotated[str, typer.Option(help="Continue the interrupted comparison in this folder.")] = "",
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the verdict as one JSON line, last.")] = False,
) -> None:
    """Strategies against each other on the same draws: did transfer help, hurt, or can these data not tell?

    Example:
        jeoni compare photos/ --strategies probe,finetune,scratch --budgets 5,20,all
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    if bool(data) == bool(resume):
        raise ConfigError("Say which data to compare on, or --resume RUN to continue an interrupted comparison.")
    if resume:
        result = api.resume(resume, verb="compare", quiet=quiet)
    else:
        result = api.compare(data, spec, out=out, overwrite=overwrite, quiet=quiet, command=command)
    assert isinstance(result, api.CompareResult)
    if not distributed.is_main_process():
        return
    if json:
        print_json({"run": str(result.run), **result.verdict})
        return
    _show(result, table("cli", language_of(spec.language)), language_of(spec.language))


def _show(result: object, words: Mapping[str, Any], language: str) -> None:
    """Accuracy by strategy and budget, and the verdict."""
    from rich.console import Console
    from rich.table import Table

    from jeoni.api import CompareResult
    from jeoni.cli._terminal import escape, print_places
    from jeoni.runs.records import VerdictRecord, told_in
    from jeoni.runs.typed import read_record

    assert isinstance(result, CompareResult)
    out = Console(highlight=False)
    budgets = list(dict.fromkeys(p.budget for p in result.points))
    shown = Table(box=None, pad_edge=False, header_style="dim")
    verdict = read_record(VerdictRecord, result.run / "verdict.json")
    measure = verdict.compared_by
    title = measure_name(measure.title, language)
    shown.add_column(f"{title}, {measure.unit}" if measure.unit else title)
    for budget in budgets:
        shown.add_column(
            words["all"] if budget is None else words[f"per_{verdict.per}"].format(n=budget), justify="right"
        )
    for name in dict.fromkeys(p.strategy for p in result.points):
        cells = {p.budget: p for p in result.points if p.strategy == name}
        row = []
        for budget in budgets:
            p = cells.get(budget)
            row.append(_cell(p.score, measure.unit == "%", words["span"]) if p else "")
        shown.add_row(name, *row)
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    out.print(shown)
    for line in filter(None, told_in(language, verdict.advised, " ".join(verdict.advice))):
        out.print(f"  {escape(line)}")
    print_places(out, {words["report"]: result.run / "report.html"})


def _cell(score: Interval, share: bool, span: str) -> str:
    """A value and its interval: percent of a share, else the number."""
    if share:
        between = span.format(low=f"{100 * score.low:.0f}", high=f"{100 * score.high:.0f}")
        return f"[bold]{100 * score.value:.1f}[/] [dim]{between}[/]"
    return f"[bold]{score.value:.3g}[/] [dim]{span.format(low=f'{score.low:.2g}', high=f'{score.high:.2g}')}[/]"
