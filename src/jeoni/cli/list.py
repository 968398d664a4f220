"""List what there is to choose from: backbones, tasks, strategies, adapters, heads, metrics, engines."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from jeoni.cli._completion import complete_choices
from jeoni.cli._spoken import spoken
from jeoni.extensions import POINTS, folders_of
from jeoni.locale import extension_text

__all__ = ["list_"]

LISTS = ("backbones", *(point.name for point in POINTS))


def list_(
    what: Annotated[
        str,
        typer.Argument(help=f"One of: {', '.join(LISTS)}.", autocompletion=complete_choices(LISTS)),
    ] = "backbones",
    match: Annotated[str, typer.Option(help="Only names that contain this.", rich_help_panel="Data")] = "",
) -> None:
    """List what there is to choose from; of the backbones that need a hub, those that match.

    Example:
        jeoni list strategies
        jeoni list backbones --match resnet50
    """
    from rich.console import Console
    from rich.table import Table

    from jeoni import plugins
    from jeoni.cli._terminal import escape, in_words, word
    from jeoni.errors import ConfigError, did_you_mean

    table = Table(box=None, pad_edge=False, header_style="dim")
    out = Console(highlight=False)
    if what == "backbones":
        for column in ("name", "for", "source", "licence", "how to get it"):
            table.add_column(word(column), overflow="fold", no_wrap=column == "name")
        rows, rest = _backbones(match)
        for row in rows:
            name, modality, *others = row
            table.add_row(escape(name), word(modality), *(escape(word(cell)) for cell in others))
        out.print(table)
        for line in rest:
            out.print(escape(in_words(line)), style="dim")
    elif folders := folders_of(what):
        table.add_column(word("name"), no_wrap=True)
        table.add_column(word("what it is"), overflow="fold")
        for folder in folders:
            kind = f" ({folder.rpartition('.')[2]})" if len(folders) > 1 else ""
            for name in plugins.names(folder):
                if match in name:
                    text = extension_text(folder, name, plugins.describe(folder, name), spoken(sys.argv))
                    table.add_row(name, escape(text + kind))
        out.print(table)
    else:
        raise ConfigError(f"There is no list of {what!r}.{did_you_mean(what, LISTS)} Known: {', '.join(LISTS)}.")


def _backbones(match: str) -> tuple[list[tuple[str, ...]], list[str]]:
    """Rows to show, and sentences about those that are not."""
    from jeoni.backbones.catalog import list_backbones

    records: list[dict[str, Any]] = [r for r in list_backbones() if match in r["name"]]
    shown = [r for r in records if match or r["packaged"]]
    rows: list[tuple[str, ...]] = [
        (r["name"], r["modality"], r["source"], r["licence"], "here" if r["available"] else r["how"]) for r in shown
    ]
    hidden = len(records) - len(shown)
    rest = [
        "",
        f"{hidden:,} more from timm with a hub, or with --weights FILE: jeoni list backbones --match resnet50",
        "Any encoder of transformers, for texts or audio: transformers:HUB-ID, or the folder of one that was saved.",
        "Features that exist already: vectors:LENGTH, which is taken for them by itself.",
        "A model that jeoni saved: its folder. A control at random: untrained:ARCHITECTURE.",
    ]
    return rows, rest if hidden else []
