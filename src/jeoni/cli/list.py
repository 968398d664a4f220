"""What there is to choose from: backbones, strategies, heads, metrics, engines."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["list_"]

FOLDERS = {
    "strategies": "jeoni.strategies",
    "heads": "jeoni.heads",
    "metrics": "jeoni.evaluation.metrics",
    "engines": "jeoni.features.engines",
    "sources": "jeoni.backbones.sources",
}


def list_(
    what: Annotated[
        str, typer.Argument(help="backbones, strategies, heads, metrics, engines or sources")
    ] = "backbones",
    match: Annotated[str, typer.Option(help="Only names that contain this.")] = "",
) -> None:
    """What there is to choose from."""
    from rich.console import Console
    from rich.table import Table

    from jeoni import plugins
    from jeoni.errors import ConfigError, did_you_mean

    table = Table(box=None, pad_edge=False, header_style="dim")
    if what == "backbones":
        from jeoni.backbones.catalog import list_backbones

        records = [r for r in list_backbones() if match in str(r["name"])]
        for column in ("name", "source", "licence", "available", "how"):
            table.add_column(column, overflow="fold")
        for r in records:
            table.add_row(
                str(r["name"]), str(r["source"]), str(r["licence"]), "yes" if r["available"] else "", str(r["how"])
            )
    elif what in FOLDERS:
        table.add_column("name")
        table.add_column("what it is")
        for name in plugins.names(FOLDERS[what]):
            if match in name:
                table.add_row(name, plugins.describe(FOLDERS[what], name))
    else:
        known = ["backbones", *FOLDERS]
        raise ConfigError(f"There is no list of {what!r}.{did_you_mean(what, known)} Known: {', '.join(known)}.")
    Console(highlight=False).print(table)
