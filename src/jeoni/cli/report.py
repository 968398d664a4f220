"""Rebuild report.html from a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["report"]


def report(
    run: Annotated[str, typer.Argument(help="A run folder, such as runs/latest.")],
    language: Annotated[
        str, typer.Option(help="Its language: auto (by LC_ALL or LANG), en or ko.", rich_help_panel="Output")
    ] = "auto",
) -> None:
    """Rebuild report.html from a run folder; needs neither the data nor torch.

    Example:
        jeoni report runs/latest
    """
    from jeoni.files.names import visible
    from jeoni.report import render

    typer.echo(visible(str(render(Path(run), language))))
