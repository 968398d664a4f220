"""Transfer to labelled data: a model, honest scores, a report and a model folder."""

from __future__ import annotations

import math
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
from jeoni.specs import FitSpec

if TYPE_CHECKING:
    from jeoni.runs.records import Cut, TrainingRecord

__all__ = ["fit"]


@with_options(FitSpec)
def fit(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder per class, a table, pictures with boxes, masks or keypoints, features (.npz, .mat), a saved "
            "dataset or hub:OWNER/NAME."
        ),
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
        jeoni fit street/ --task segmentation
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json
    from jeoni.runs.typed import finite

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
        scores = finite(result.metrics[result.metrics["estimate"]])
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
    _show(result, table("cli", language_of(spec.language)), language_of(spec.language))


def _show(result: object, words: Mapping[str, Any], language: str) -> None:
    """The result as a person wants to see it."""
    from rich.console import Console
    from rich.table import Table

    from jeoni.api import FitResult
    from jeoni.cli._terminal import between, escape, print_places
    from jeoni.runs.records import RunRecord
    from jeoni.runs.typed import read_record

    assert isinstance(result, FitResult)
    out, metrics = Console(highlight=False), result.metrics
    how = words[metrics["estimate"]].format(n=metrics["n"])
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column, side in ((how, "left"), (words["value"], "right"), (words["interval"], "right")):
        shown.add_column(column, justify=side, no_wrap=side == "right")  # type: ignore[arg-type]
    control = metrics["control"]
    # an untrained control on a sample has other examples than the scores; the summary tells of it
    beside_scores = ("probe",) if control.get("sample") else ("probe", "untrained")
    controls = {k: control[k] for k in beside_scores if control.get(k)}
    for name in controls:
        shown.add_column(words[name], justify="right", no_wrap=True)
    for name, score in metrics[metrics["estimate"]].items():
        if not _known(score["value"]):
            continue
        beside = [f"{c[name]['value']:.3f}" if _known(c[name]["value"]) else "" for c in controls.values()]
        measure = metrics["measures"][name]
        title = measure_name(measure["title"], language)
        unit = "" if measure["unit"] in ("", "%") else f", {measure_name(measure['unit'], language)}"
        span = between(words, score["low"], score["high"])
        shown.add_row(escape(f"{title}{unit}"), f"[bold]{score['value']:.3f}", span, *beside)
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    out.print(shown)
    record = read_record(RunRecord, result.run / "run.json")
    if record.training and record.cut:
        _show_stages(record.cut, record.training, out, words)
    if metrics["estimate"] == "cv":
        out.print(f"\n[dim]{words['no_test_set']}[/]")
    seconds = result.timings["total_s"] or 0.0
    taken = words["seconds"].format(n=f"{seconds:.1f}")
    places = {words["report"]: result.run / "report.html", words["model"]: result.run / "model"}
    print_places(out, places, before=f"[dim]{taken}[/]   ")


def _known(value: float | None) -> bool:
    """Whether a score could be measured."""
    return value is not None and not math.isnan(value)


def _show_stages(cut: Cut, training: TrainingRecord, out: Any, words: Mapping[str, Any]) -> None:
    """Show what was frozen, what was trained and how, and whether frozen tensors are what they were."""
    from rich.table import Table

    from jeoni.cli._terminal import escape

    stages = Table(box=None, pad_edge=False, header_style="dim")
    for column, side in (("stage", "left"), ("parameters", "right"), ("state", "left"), ("learning_rate", "right"),
                         ("batch_norm", "left"), ("output", "left"), ("kept", "right")):  # fmt: skip
        stages.add_column(words[column], justify=side)  # type: ignore[arg-type]
    for s in cut.stages:
        rate, kept = s.learning_rate, s.kept_bytes
        stages.add_row(
            escape(s.name),
            f"{s.parameters:,}",
            words["states"].get(s.state, s.state),
            "" if rate is None else f"{rate:.1e}",
            s.batch_norm,
            " x ".join(map(str, s.output_shape)),
            "" if kept is None else f"{kept / 1000:,.1f} kB",
            style="" if s.state in ("trained", "new") else "dim",
        )
    rows = training.rows
    kept_rows = "rows_kept_views" if rows.views else "rows_kept"
    same = words["identical" if training.frozen_identical else "not_identical"]
    values = {"mb": f"{rows.bytes / 1e6:,.0f}", "views": rows.views, "same": same}
    said = words[kept_rows if rows.cached else "rows_again"].format(**values)
    out.print()
    out.print(stages)
    out.print(f"[dim]{said}[/]")
