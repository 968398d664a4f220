"""Classes that no example was seen of: from their names, descriptions or attributes."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.errors import ConfigError
from jeoni.imports import without_collecting
from jeoni.locale import language_of, measure_name, table
from jeoni.specs import ZeroShotSpec

__all__ = ["zero_shot"]

CLASSES = 20  # whose shares are shown


@with_options(ZeroShotSpec)
def zero_shot(
    data: Annotated[
        str, typer.Argument(help="Items: a folder, a table, or one of labelled data; labels, if any, only score.")
    ] = "",
    classes: Annotated[
        str,
        typer.Option(
            help="Names with commas between, each perhaps with =DESCRIPTION; or a CSV, JSON or text file of names and "
            "descriptions.",
            rich_help_panel="Data",
        ),
    ] = "",
    seen: Annotated[
        str,
        typer.Option(
            help="Labelled items of other classes, from which is learned how names go with items.",
            rich_help_panel="Data",
        ),
    ] = "",
    attributes: Annotated[
        str,
        typer.Option(
            help="A CSV of numbers: a row for each class, a column for each attribute.", rich_help_panel="Data"
        ),
    ] = "",
    spec: ZeroShotSpec = ZeroShotSpec(),  # noqa: B008 - frozen
    out: Annotated[str, typer.Option(help="The run folder; runs/<data>-zero-shot-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    resume: Annotated[str, typer.Option(help="Continue the interrupted run in this folder.")] = "",
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as one JSON line, last.")] = False,
) -> None:
    """Classes that no example was seen of: from their names, descriptions or attributes.

    Example:
        jeoni zero-shot reviews.csv --classes "praise,complaint,question"
        jeoni zero-shot reviews.csv --classes "0=a bad review,1=a good review"
        jeoni zero-shot photos/ --classes cat,dog --seen labelled/
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    if bool(data) == bool(resume):
        raise ConfigError("Say which data to classify, or --resume RUN to continue an interrupted run.")
    if resume:
        result = api.resume(resume, verb="zero-shot", quiet=quiet)
    else:
        inputs: dict[str, Any] = {"classes": classes, "seen": seen, "attributes": attributes}
        result = api.zero_shot(data, spec, **inputs, out=out, overwrite=overwrite, quiet=quiet, command=command)
    assert isinstance(result, api.ZeroShotResult)
    if not distributed.is_main_process():
        return
    if json:
        print_json({"run": str(result.run), **result.metrics})
        return
    _show(result, table("cli", language_of(spec.language)), language_of(spec.language))


def _show(result: object, words: Mapping[str, Any], language: str) -> None:
    """Scores beside guessing, and how many items each class was said of."""
    from rich.console import Console
    from rich.table import Table

    from jeoni.api import ZeroShotResult
    from jeoni.cli._terminal import between, escape, print_places

    assert isinstance(result, ZeroShotResult)
    out, metrics, own = Console(highlight=False), result.metrics, table("zero_shot", language)
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    if metrics["test"]:
        shown = Table(box=None, pad_edge=False, header_style="dim")
        shown.add_column(words["unlearned"].format(n=f"{metrics['labelled']:,}"))
        beside = {"zs_uncalibrated": metrics["uncalibrated"], "zs_majority": metrics["majority"]}
        for column in (words["value"], words["interval"], *(own[name] for name, found in beside.items() if found)):
            shown.add_column(column, justify="right")
        known = {name: score for name, score in metrics["test"].items() if math.isfinite(score["value"])}
        for name, score in known.items():  # of labels of one class alone some measures say nothing
            others = [found[name]["value"] for found in beside.values() if found]
            shown.add_row(
                measure_name(metrics["measures"][name]["title"], language),
                f"[bold]{score['value']:.3f}[/]",
                between(words, score["low"], score["high"]),
                *(f"{value:.3f}" for value in others),
            )
        out.print(shown)
        out.print()
    counts = Table(box=None, pad_edge=False, header_style="dim")
    counts.add_column(own["zs_class"])
    counts.add_column(own["zs_predicted"], justify="right")
    counts.add_column(own["zs_share"], justify="right")
    for one in metrics["classes"][:CLASSES]:
        counts.add_row(escape(one["name"]), f"{one['predicted']:,}", f"{100 * one['predicted'] / metrics['n']:.0f} %")
    out.print(counts)
    print_places(out, {words["report"]: result.run / "report.html", words["model"]: result.run / "model"})
