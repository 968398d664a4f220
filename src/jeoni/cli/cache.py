"""List or clear the cached features."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Annotated

import typer

from jeoni.cli._completion import complete_choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table as RichTable

    from jeoni.features.cleaning import CachedTable
    from jeoni.features.store import FeatureStore

__all__ = ["cache"]

ACTIONS = ("list", "clear")
LARGEST = 15  # entries that are listed unless all are asked for
IDLE_DAYS = 30
DAY_S = 86_400


def cache(
    action: Annotated[str, typer.Argument(help="list or clear", autocompletion=complete_choices(ACTIONS))] = "list",
    older_than: Annotated[
        float,
        typer.Option(metavar="DAYS", help="Clear only what was not used for so many days.", rich_help_panel="Data"),
    ] = 0.0,
    everything: Annotated[bool, typer.Option("--all", help="List all entries, not the largest only.")] = False,
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
        _list(store, everything)


def _clear(store: FeatureStore, older_than: float) -> None:
    from rich.console import Console

    from jeoni.cli._terminal import escape, in_words
    from jeoni.planning.timings import Timings

    out = Console(highlight=False)
    if not older_than:
        Timings.beside(store.root).forget()
    cleared = store.clear(older_than_s=older_than * DAY_S)
    said = [f"{cleared.bytes / 1e6:,.1f} MB freed in {store.root.parent}"]
    if cleared.in_use:
        said.append(
            f"{cleared.in_use} tables are in use by a running process and were left alone; "
            "clear again when it has ended."
        )
    said += [f"Left alone: {path} holds what jeoni did not write, or may not be changed." for path in cleared.left]
    for line in said:
        out.print(escape(in_words(line)))


def _list(store: FeatureStore, everything: bool) -> None:
    """The totals, the largest tables, and how to clear."""
    from rich.console import Console

    from jeoni.cli._terminal import escape, in_words

    out, tables = Console(highlight=False), store.listing()
    where = str(store.root.parent)
    if not tables:
        out.print(f"{in_words('The cache is empty.')}\n[dim]{escape(where)}[/]")
        return
    first, *others = _totals(tables, where)
    out.print(f"[bold]{escape(in_words(first))}[/]")
    for line in others:
        out.print(escape(in_words(line)))
    largest = sorted(tables, key=lambda t: -t.bytes)
    shown = largest if everything else largest[:LARGEST]
    out.print()
    out.print(_as_table(shown))
    if len(shown) < len(tables):
        rest = sum(t.bytes for t in largest[LARGEST:])
        more = f"and {len(tables) - len(shown)} smaller ones, {_size(rest)}: jeoni cache list --all"
        out.print(f"[dim]{in_words(more)}[/]")
    idle = f"To clear what was not used for {IDLE_DAYS} days: jeoni cache clear --older-than {IDLE_DAYS}"
    out.print(f"\n{in_words(idle)}")
    out.print(in_words("To clear all; features are computed again when they are needed: jeoni cache clear"))


def _totals(tables: Sequence[CachedTable], where: str) -> list[str]:
    """Sentences on the cache as a whole."""
    from jeoni.features.cleaning import CacheTotals

    totals = CacheTotals.of(tables, IDLE_DAYS * DAY_S)
    lines = [f"{_entries(totals.tables)}, {_size(totals.bytes)} in {where}"]
    if totals.idle:
        lines.append(f"{_entries(totals.idle)}, {_size(totals.idle_bytes)}, not used for {IDLE_DAYS} days")
    if totals.damaged:
        lines.append(f"{_entries(totals.damaged)} damaged: what is damaged is computed again when it is needed")
    if totals.orphaned:
        lines.append(f"{_size(totals.orphaned)} left over from writing that was interrupted")
    return lines


def _as_table(tables: Sequence[CachedTable]) -> RichTable:
    from rich.table import Table

    from jeoni.cli._terminal import escape, in_words, word

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("backbone", "stage", "precision"):
        table.add_column(word(column))
    for column in ("rows", "size", "days unused"):
        table.add_column(word(column), justify="right")
    table.add_column("")
    for one in tables:
        key = one.key
        named = (escape(key.name), str(key.stage), escape(key.precision)) if key else ("?", "?", "?")
        days = (time.time() - one.used) / DAY_S
        table.add_row(*named, f"{one.rows:,}", _size(one.bytes), f"{days:.1f}", in_words(_damage(one)))
    return table


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _size(count: int) -> str:
    """Bytes in the unit that suits them."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1e3:,.1f} kB"


def _damage(table: CachedTable) -> str:
    """The defect of a table; nothing need be done about it but, if wanted, `jeoni cache clear`."""
    if table.key is None:
        return "damaged: key.json"
    return f"damaged: {table.damaged} shards" if table.damaged else ""
