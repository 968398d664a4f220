"""List or clear the cached features."""

from __future__ import annotations

import time
from typing import Annotated

import typer

__all__ = ["cache"]

MOST_DAYS = 1_000_000


def cache(
    action: Annotated[str, typer.Argument(help="list or clear")] = "list",
    older_than: Annotated[float, typer.Option(help="Clear only what was not used for so many days.")] = 0.0,
) -> None:
    """List or clear the cached features."""
    from rich.console import Console
    from rich.table import Table

    from jeoni.cli._terminal import escape
    from jeoni.errors import ConfigError
    from jeoni.features.store import FeatureStore, cache_folder

    if not 0 <= older_than <= MOST_DAYS:
        raise ConfigError(f"older_than is {older_than}; it must be a number of days from 0 to {MOST_DAYS:,}.")
    store, out = FeatureStore(), Console(highlight=False)
    if action == "clear":
        freed = store.clear(older_than_s=older_than * 86_400)
        out.print(f"{freed / 1e6:,.1f} MB freed in {cache_folder()}")
        return
    if action != "list":
        raise ConfigError(f"cache can list or clear, not {action!r}.")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("backbone", "stage", "precision"):
        table.add_column(column)
    for column in ("rows", "MB", "days unused"):
        table.add_column(column, justify="right")
    records = store.listing()
    for r in records:
        days = (time.time() - float(str(r["used"]))) / 86_400
        size = int(str(r["bytes"])) / 1e6
        table.add_row(
            escape(str(r["name"])),
            str(r["stage"]),
            str(r["precision"]),
            f"{r['rows']:,}",
            f"{size:,.1f}",
            f"{days:.1f}",
        )
    out.print(table if records else "The cache is empty.")
    out.print(f"[dim]{cache_folder()}[/]")
