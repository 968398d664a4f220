"""Score a saved model on labelled data it did not see."""

from __future__ import annotations

from typing import Annotated

import typer

from jeoni.cli._options import QuietOption, with_options
from jeoni.imports import without_collecting
from jeoni.locale import language_of, measure_name, table
from jeoni.specs import EvaluateSpec

__all__ = ["evaluate"]


@with_options(EvaluateSpec)
def evaluate(
    model: Annotated[str, typer.Argument(help="A model folder, or a run.")],
    data: Annotated[str, typer.Argument(help="Labelled data of any kind that fit takes.")],
    spec: EvaluateSpec,
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the scores as one JSON line, last.")] = False,
) -> None:
    """Score a saved model on labelled data it did not see.

    Example:
        jeoni evaluate runs/latest held_out/
        jeoni evaluate runs/latest held_out.csv --label-column grade --json
    """
    from rich.console import Console
    from rich.table import Table

    with without_collecting():
        from jeoni import api
    from jeoni.cli._terminal import between, print_json, say_whose_file
    from jeoni.console import console_for

    terminal = console_for(quiet=quiet, language=spec.language)
    say_whose_file(model, terminal)
    result = api.evaluate(model, data, spec, console=terminal)
    if json:
        print_json(result.as_dict())
        return
    words, language = table("cli", language_of(spec.language)), language_of(spec.language)
    scored = {words["items"].format(n=result.n): result}
    if result.unseen:
        scored[words["unseen"].format(n=result.unseen.n)] = result.unseen
    for title, scores in scored.items():
        shown = Table(box=None, pad_edge=False, header_style="dim")
        shown.add_column(title)
        shown.add_column(words["value"], justify="right")
        shown.add_column(words["interval"], justify="right")
        for name, score in scores.metrics.items():
            measure = measure_name(scores.measures[name]["title"], language)
            shown.add_row(measure, f"[bold]{score.value:.3f}", between(words, score.low, score.high))
        Console(highlight=False).print(shown)
