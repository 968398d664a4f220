"""Labels in one domain, the work in another: domain adaptation."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.cli._queries import show_query
from jeoni.errors import ConfigError
from jeoni.imports import without_collecting
from jeoni.locale import language_of, measure_name, table, translated
from jeoni.specs import AdaptSpec

__all__ = ["adapt"]

INDENT = (0, 0, 0, 2)
SHOWN = 2  # measures of each of several methods


@with_options(AdaptSpec)
def adapt(
    source: Annotated[
        str,
        typer.Option(
            help="Labelled data: a folder per class, a table, features (.npz, .mat), a saved dataset.",
            rich_help_panel="Data",
        ),
    ] = "",
    target: Annotated[
        str, typer.Option(help="The data to work on; labels, if any, only score.", rich_help_panel="Data")
    ] = "",
    model: Annotated[
        str, typer.Option(help="A model of the source, in the place of its data.", rich_help_panel="Data")
    ] = "",
    labels: Annotated[
        str,
        typer.Option(
            help="Labels of some target items: a table of paths or texts and labels (several with commas between). "
            "They weigh methods and teach them, and score nothing.",
            rich_help_panel="Data",
        ),
    ] = "",
    spec: AdaptSpec = AdaptSpec(),  # noqa: B008 - frozen
    out: Annotated[str, typer.Option(help="The run folder; runs/<target>-adapt-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    resume: Annotated[str, typer.Option(help="Continue the interrupted run in this folder.")] = "",
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as one JSON line, last.")] = False,
) -> None:
    """Labels in one domain, the work in another: domain adaptation.

    Example:
        jeoni adapt --source photos_lab/ --target photos_field/ --method coral,msda
        jeoni adapt --source photos_lab/ --target photos_field/ --query 20
        jeoni adapt --source lab/ --target field/ --labels runs/latest/queries.csv
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    if resume and (source or target or model or labels):
        raise ConfigError("Say --resume RUN alone, or which source and target.")
    result: object
    if resume:
        result = api.resume(resume, verb="adapt", quiet=quiet)
    else:
        result = api.adapt(
            source, target, spec, model=model, labels=labels, out=out, overwrite=overwrite, quiet=quiet, command=command
        )
    assert isinstance(result, (api.AdaptResult, api.QueryResult))
    if not distributed.is_main_process():
        return
    if json:
        print_json({"run": str(result.run), **result.metrics})
        return
    if isinstance(result, api.QueryResult):
        show_query(result, language_of(spec.language))
        return
    _show(result, table("cli", language_of(spec.language)), language_of(spec.language))


def _show_compared(metrics: dict[str, Any], out: Any, words: Mapping[str, Any], language: str) -> None:
    """Show several methods side by side, and why the model of which one is kept."""
    from rich.table import Table

    from jeoni.cli._terminal import escape

    compared, chosen = metrics["compared"], metrics["method"]
    shown = Table(box=None, pad_edge=False, header_style="dim")
    shown.add_column(words["method"])
    measures = list(next((one["target"] for one in compared if one["target"]), {}))[:SHOWN]
    for measure in measures:
        name = measure_name(measure.replace("_", " "), language)
        shown.add_column(f"{name}, 95 %", justify="right", no_wrap=True)
    shown.add_column(words["moved"], justify="right")
    shown.add_column("")
    for one in compared:
        scores = [one["target"][m] for m in measures] if one["target"] else []
        cells = [_cell(score, words) for score in scores] or [""] * len(measures)
        moved = "" if one["moved"] is None else f"{one['moved']:,}"
        note = words["saved"] if one["name"] == chosen else escape(one["note"])
        shown.add_row(escape(one["name"]), *cells, moved, note)
    out.print()
    out.print(shown)
    why = translated(metrics["why"], language)
    out.print(f"\n{escape(words['saved_model'].format(method=chosen, why=why))}")


def _cell(score: Mapping[str, float], words: Mapping[str, Any]) -> str:
    """A value and its interval."""
    from jeoni.cli._terminal import between

    return f"[bold]{score['value']:.3f}[/] [dim]{between(words, score['low'], score['high'])}[/]"


def _show(result: object, words: Mapping[str, Any], language: str) -> None:
    """Target scores beside the source model's, and what decided."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table

    from jeoni.api import AdaptResult
    from jeoni.cli._terminal import between, escape, print_places

    assert isinstance(result, AdaptResult)
    out, metrics = Console(highlight=False), result.metrics
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    if metrics["target"]:
        shown = Table(box=None, pad_edge=False, header_style="dim")
        shown.add_column(words["target"].format(n=metrics["labelled"]))
        alone = result.method == "source_only"
        source_alone = [words["source_only"], words["interval"]]
        for column in source_alone if alone else [result.method, words["interval"], words["source_only"]]:
            shown.add_column(column, justify="right")
        for name, score in metrics["target"]["metrics"].items():
            before = metrics["source_only"]["metrics"][name]["value"]
            shown.add_row(
                measure_name(metrics["target"]["measures"][name]["title"], language),
                f"[bold]{score['value']:.3f}",
                between(words, score["low"], score["high"]),
                *([] if alone else [f"{before:.3f}"]),
            )
        out.print(shown)
    if metrics.get("compared"):
        _show_compared(metrics, out, words, language)
    for part in ("diagnosis", "weighing"):
        for line in (metrics.get(part) or {}).get("sentences", ()):
            out.print(Padding(escape(translated(line, language)), INDENT))
    if "advice" in metrics:
        out.print(Padding(escape(translated(metrics["advice"], language)), INDENT))
    print_places(out, {words["report"]: result.run / "report.html", words["model"]: result.run / "model"})
