"""Transfer to labelled data: a model, honest scores, a report and a model folder."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.errors import ConfigError
from jeoni.imports import without_collecting
from jeoni.specs import FitSpec

if TYPE_CHECKING:
    from jeoni.runs.records import Cut, TrainingRecord

__all__ = ["fit"]


@with_options(FitSpec)
def fit(
    data: Annotated[
        str,
        typer.Argument(help="A folder per class, a table, features (.npz, .mat), a saved dataset or hub:OWNER/NAME."),
    ] = "",
    spec: FitSpec = FitSpec(),  # noqa: B008 - frozen
    out: Annotated[str, typer.Option(help="The run folder; runs/<data>-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    resume: Annotated[str, typer.Option(help="Continue the interrupted run in this folder.")] = "",
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON line, last.")] = False,
) -> None:
    """Transfer to labelled data: a model, honest scores, a report and a model folder.

    Example:
        jeoni fit photos/
        jeoni fit reviews.csv --strategy finetune --test held_out.csv
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    if bool(data) == bool(resume):
        raise ConfigError("Say which data to fit to, or --resume RUN to continue an interrupted run.")
    if resume:
        result = api.resume(resume, verb="fit", quiet=quiet)
    else:
        result = api.fit(data, spec, out=out, overwrite=overwrite, quiet=quiet, command=command)
    assert isinstance(result, api.FitResult)
    if not distributed.is_main_process():
        return
    if json:
        scores = result.metrics[result.metrics["estimate"]]
        print_json(
            {
                "run": str(result.run),
                "summary": result.summary,
                "estimate": result.metrics["estimate"],
                "n": result.metrics["n"],
                "counts": result.counts,
                "scores": scores,
                "timings": result.timings,
            }
        )
        return
    _show(result)


def _show(result: object) -> None:
    """The result as a person wants to see it."""
    from rich.console import Console
    from rich.table import Table

    from jeoni.api import FitResult
    from jeoni.cli._terminal import escape
    from jeoni.runs.records import RunRecord
    from jeoni.runs.typed import read_record

    assert isinstance(result, FitResult)
    out, metrics = Console(highlight=False), result.metrics
    how = "test" if metrics["estimate"] == "test" else "cross-validation"
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column, side in ((f"{how}, {metrics['n']} items", "left"), ("value", "right"), ("95 % interval", "right")):
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    controls = {k: metrics["control"][k] for k in ("probe", "untrained") if metrics["control"].get(k)}
    for name in controls:
        table.add_column(name, justify="right")
    for name, score in metrics[metrics["estimate"]].items():
        beside = [f"{c[name]['value']:.3f}" if c[name]["value"] is not None else "" for c in controls.values()]
        table.add_row(
            name.replace("_", " "), f"[bold]{score['value']:.3f}", f"{score['low']:.3f} to {score['high']:.3f}", *beside
        )
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    out.print(table)
    record = read_record(RunRecord, result.run / "run.json")
    if record.training and record.cut:
        _show_stages(record.cut, record.training, out)
    if metrics["estimate"] == "cv":
        out.print("\n[dim]No separate test set was kept: with so few items, cross-validation is the estimate.[/]")
    seconds = result.timings["total_s"] or 0.0
    out.print(f"\n[dim]{seconds:.1f} s[/]   report  {escape(str(result.run / 'report.html'))}")
    out.print(f"[dim]{' ' * len(f'{seconds:.1f} s')}[/]   model   {escape(str(result.run / 'model'))}")


def _show_stages(cut: Cut, training: TrainingRecord, out: Any) -> None:
    """Show what was frozen, what was trained and how, and whether frozen tensors are what they were."""
    from rich.table import Table

    from jeoni.cli._terminal import escape

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column, side in (("stage", "left"), ("parameters", "right"), ("state", "left"), ("learning rate", "right"),
                         ("batch norm", "left"), ("output", "left"), ("kept", "right")):  # fmt: skip
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    for s in cut.stages:
        rate, kept = s.learning_rate, s.kept_bytes
        table.add_row(
            escape(s.name),
            f"{s.parameters:,}",
            s.state if s.state != "new" else "from random",
            "" if rate is None else f"{rate:.1e}",
            s.batch_norm,
            " x ".join(map(str, s.output_shape)),
            "" if kept is None else f"{kept / 1000:,.1f} kB",
            style="" if s.state in ("trained", "new") else "dim",
        )
    rows = training.rows
    views = f" in each of {rows.views} random views" if rows.views else ""
    what = f"{rows.bytes / 1e6:,.0f} MB are kept{views}" if rows.cached else "rows are computed again every epoch"
    same = "identical, bit for bit" if training.frozen_identical else "NOT what they were"
    out.print()
    out.print(table)
    out.print(f"[dim]{what}; frozen tensors are {same}[/]")
