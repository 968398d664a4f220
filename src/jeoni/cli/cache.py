"""List or clear the cached features."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Annotated

import typer

from jeoni.cli._completion import complete_choices

if TYPE_CHECKING:
    from jeoni.features.cleaning import CachedTable
    from jeoni.features.store import FeatureStore

__all__ = ["cache"]

ACTIONS = ("list", "clear")


def cache(
    action: Annotated[str, typer.Argument(help="list or clear", autocompletion=complete_choices(ACTIONS))] = "list",
    older_than: Annotated[float, typer.Option(help="Clear only what was not used for so many days.")] = 0.0,
) -> None:
    """List or clear the cached features.

    Example:
        jeoni cache
        jeoni cache clear --older-than 30
    """
    from jeoni.errors import ConfigError
    from jeoni.features.store import FeatureStore

    if action not in ACTIONS:
        raise ConfigError(f"cache can list or clear, not {action!r}.")
    if not 0 <= older_than < math.inf:
        raise ConfigError(f"--older-than is {older_than}; a number of days is needed, 0 or more.")
    store = FeatureStore()
    if action == "clear":
        _clear(store, older_than)
    else:
        _list(store)


def _clear(store: FeatureStore, older_than: float) -> None:
    from rich.console import Console

    from jeoni.cli._terminal import escape

    out = Console(highlight=False)
    cleared = store.clear(older_than_s=older_than * 86_400)
    out.print(f"{cleared.bytes / 1e6:,.1f} MB freed in {escape(str(store.root.parent))}")
    if cleared.in_use:
        out.print(
            f"{cleared.in_use} tables are in use by a running process and were left alone; "
            "clear again when it has ended."
        )
    for path in cleared.left:
        out.print(f"Left alone: {escape(str(path))} holds what jeoni did not write, or may not be changed.")


def _list(store: FeatureStore) -> None:
    from rich.console import Console
    from rich.table import Table

    from jeoni.cli._terminal import escape

    out = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("backbone", "stage", "precision"):
        table.add_column(column)
    for column in ("rows", "MB", "days unused"):
        table.add_column(column, justify="right")
    table.add_column("")
    tables = store.listing()
    for one in tables:
        key = one.key
        named = (escape(key.name), str(key.stage), escape(key.precision)) if key else ("?", "?", "?")
        days = (time.time() - one.used) / 86_400
        table.add_row(*named, f"{one.rows:,}", f"{one.bytes / 1e6:,.1f}", f"{days:.1f}", _damage(one))
    out.print(table if tables else "The cache is empty.")
    out.print(f"[dim]{escape(str(store.root.parent))}[/]")


def _damage(table: CachedTable) -> str:
    """The defect of a table; nothing need be done about it but, if wanted, `jeoni cache clear`."""
    if table.key is None:
        return "damaged: key.json"
    return f"damaged: {table.damaged} shards" if table.damaged else ""
