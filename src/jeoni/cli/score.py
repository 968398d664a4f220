"""Score backbones and stages on labelled data, and say how well each score foretold what was measured."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from jeoni import distributed
from jeoni.cli._options import QuietOption, with_options
from jeoni.imports import without_collecting
from jeoni.locale import language_of, measure_name, table
from jeoni.specs import ScoreSpec

__all__ = ["score"]

SHOWN = 20  # candidates


@with_options(ScoreSpec)
def score(
    data: Annotated[str, typer.Argument(help="Labelled data, as for `jeoni fit`; the labels are classes.")],
    spec: ScoreSpec = ScoreSpec(),  # noqa: B008 - frozen
    out: Annotated[str, typer.Option(help="The run folder; runs/<data>-score-<time> if left out.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is there.")] = False,
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as one JSON line, last.")] = False,
) -> None:
    """Score backbones, and their stages, on labelled data, and say how well the scores foretold what was measured.

    Example:
        jeoni score photos/
        jeoni score photos/ --backbones efficientnet_lite0,mobilenet_v2 --stages
    """
    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import print_json

    command = shlex.join(["jeoni", *sys.argv[1:]])
    result = api.score(data, spec, out=out, overwrite=overwrite, quiet=quiet, command=command)
    if not distributed.is_main_process():
        return
    if json:
        print_json({"run": str(result.run), **result.metrics})
        return
    language = language_of(spec.language)
    _show(result, {**table("cli", language), **table("scoring", language)}, language)


def _show(result: Any, words: Mapping[str, Any], language: str) -> None:
    """The summary, the candidates as measured, how each score ordered them, and where all lies."""
    from rich.console import Console

    from jeoni.cli._terminal import escape, print_places

    out = Console(highlight=False)
    out.print(f"\n[bold]{escape(result.summary)}[/]\n")
    out.print(_candidates(result.metrics["candidates"], words))
    out.print()
    out.print(_orders(result.metrics["orders"], words, language))
    print_places(out, {words["report"]: result.run / "report.html", words["table_of"]: result.run / "scores.csv"})


def _candidates(candidates: list[dict[str, Any]], words: Mapping[str, Any]) -> Any:
    from rich.table import Table

    from jeoni.cli._terminal import escape

    shown = Table(box=None, pad_edge=False, header_style="dim")
    shown.add_column(words["candidate"])
    shown.add_column(words["stage"])
    for name in ("accuracy", "interval", "behind"):
        shown.add_column(words[name], justify="right")
    for one in candidates[:SHOWN]:
        accuracy, behind = one["accuracy"], one["behind"]
        gap = f"{100 * behind['value']:.1f}"
        cells = [escape(one["backbone"]), escape(one["stage"]), f"[bold]{100 * accuracy['value']:.1f} %[/]"]
        shown.add_row(*cells, _span(accuracy, words, 100, 1), gap)
    return shown


def _orders(orders: list[dict[str, Any]], words: Mapping[str, Any], language: str) -> Any:
    from rich.table import Table

    from jeoni.cli._terminal import escape

    shown = Table(box=None, pad_edge=False, header_style="dim")
    shown.add_column(words["score"])
    for name in ("tau", "interval"):
        shown.add_column(words[name], justify="right")
    shown.add_column(words["pick"])
    shown.add_column(words["missed"], justify="right")
    for one in orders:
        tau, behind = one["tau"], one["behind"]
        value = "–" if tau["value"] is None else f"[bold]{tau['value']:.2f}[/]"
        missed = "–" if behind["value"] is None else f"{100 * behind['value']:.1f}"
        title = escape(measure_name(one["title"], language))
        shown.add_row(title, value, _span(tau, words, 1, 2), escape(one["pick"] or "–"), missed)
    return shown


def _span(score: Mapping[str, float | None], words: Mapping[str, Any], scale: float, digits: int) -> str:
    low, high = score["low"], score["high"]
    if low is None or high is None:
        return ""
    return str(words["span"]).format(low=f"{scale * low:.{digits}f}", high=f"{scale * high:.{digits}f}")
