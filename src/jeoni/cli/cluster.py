"""Group items without labels, and say how far the clusters can be trusted."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.errors import ConfigError
from jeoni.imports import without_collecting
from jeoni.locale import language_of, table
from jeoni.specs import ClusterSpec

__all__ = ["cluster"]

MEASURES = ("clustering_accuracy", "nmi", "ari")


@with_options(ClusterSpec)
def cluster(
    data: Annotated[
        str,
        typer.Argument(help="A folder of items, a table, features (.npz, .npy, .mat); labels, if any, only score."),
    ] = "",
    spec: ClusterSpec = ClusterSpec(),  # noqa: B008 - frozen
    out: Annotated[str, typer.Option(help="The run folder; runs/<data>-cluster-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    resume: Annotated[str, typer.Option(help="Continue the interrupted run in this folder.")] = "",
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as one JSON line, last.")] = False,
) -> None:
    """Group items without labels: the clusters, how sure they are, and whether pretraining helped.

    Example:
        jeoni cluster photos/
        jeoni cluster reviews.csv --clusters 10 --method turtle
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    if bool(data) == bool(resume):
        raise ConfigError("Say which data to cluster, or --resume RUN to continue an interrupted run.")
    if resume:
        result = api.resume(resume, verb="cluster", quiet=quiet)
    else:
        result = api.cluster(data, spec, out=out, overwrite=overwrite, quiet=quiet, command=command)
    assert isinstance(result, api.ClusterResult)
    if not distributed.is_main_process():
        return
    if json:
        print_json({"run": str(result.run), **result.metrics})
        return
    language = language_of(spec.language)
    _show(result, {**table("cli", language), **table("clustering", language)})


def _show(result: object, words: Mapping[str, Any]) -> None:
    """The summary, the clusters' sizes, scores where there are labels, and where all lies."""
    from rich.console import Console
    from rich.table import Table

    from jeoni.api import ClusterResult
    from jeoni.cli._terminal import escape, print_places

    assert isinstance(result, ClusterResult)
    out, metrics = Console(highlight=False), result.metrics
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    shown = Table(box=None, pad_edge=False, header_style="dim")
    columns = ("cluster", "size", "confidence", *(("suits", "purity") if metrics["scores"] else ()))
    for name in columns:
        shown.add_column(words[name], justify="left" if name in ("cluster", "suits") else "right")
    for one in metrics["clusters"]:
        cells = [one["name"], f"{one['size']:,}", f"{100 * one['confidence']:.0f} %"]
        if metrics["scores"]:
            purity = f"{100 * one['purity']:.1f} %" if "purity" in one else ""
            cells += [escape(one.get("class_name", "")), purity]
        shown.add_row(*cells)
    out.print(shown)
    if metrics["scores"]:
        out.print(_scores(metrics["scores"], words))
    places = {words["report"]: result.run / "report.html", words["table_of"]: result.run / "clusters.csv"}
    print_places(out, places | ({words["model"]: result.run / "model"} if result.model is not None else {}))


def _scores(scores: Mapping[str, Any], words: Mapping[str, Any]) -> Any:
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="dim")
    shown.add_column("")
    shown.add_column(words["value"], justify="right")
    shown.add_column(words["interval"])
    for name in MEASURES:
        score = scores[name]
        known = score["low"] is not None
        between = words["span"].format(low=f"{score['low']:.3f}", high=f"{score['high']:.3f}") if known else ""
        shown.add_row(words[name], f"[bold]{score['value']:.3f}[/]", between)
    return shown
