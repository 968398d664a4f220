"""Versions, threads, engines, caches; what is missing and how to get it."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["doctor"]


def doctor(
    imports: Annotated[
        bool, typer.Option("--imports/--no-imports", help="Try what scripts import, each in a fresh Python.")
    ] = True,
) -> None:
    """Versions, threads, engines, caches; what is missing and how to get it.

    Example:
        jeoni doctor
    """
    import shutil

    import torch
    from rich.console import Console
    from rich.table import Table

    from jeoni import distributed, plugins
    from jeoni.backbones.catalog import list_backbones
    from jeoni.cli._terminal import escape, in_words, word
    from jeoni.features.store import FeatureStore, cache_folder
    from jeoni.runs.environment import machine, versions
    from jeoni.runs.imports import told_once, try_imports

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    host = machine(distributed.cores(), str(distributed.device()))
    built = f"{host['system']}, {host['processor']}, {host['cores']} cores, {host['memory_gb']} GB"
    table.add_row(word("machine"), in_words(built))
    table.add_row(word("accelerator"), host["accelerator"] or word("none"))
    table.add_row(in_words("torch threads"), str(torch.get_num_threads()))
    if imports:
        for statement, outcome in told_once(try_imports(at_once=distributed.cores())):
            table.add_row(escape(statement), escape(word(outcome)))
    for name, number in versions().items():
        table.add_row(name, number or in_words("not installed"))
    for name in plugins.names("jeoni.features.engines"):
        engine = plugins.load("jeoni.features.engines", name)()
        lacking = engine.missing()
        ready = in_words(f"ready ({', '.join(engine.precisions())})")
        table.add_row(in_words(f"engine {name}"), escape(in_words(lacking)) or ready)
    root = cache_folder()
    used = sum(t.bytes for t in FeatureStore().listing())
    near = next(p for p in (root, *root.parents) if p.exists())
    room = f"{root}: {used / 1e6:,.1f} MB used, {shutil.disk_usage(near).free / 1e9:,.1f} GB free"
    table.add_row(word("cache"), escape(in_words(room)))
    for backbone in list_backbones():
        if backbone["packaged"]:
            state = "ready" if backbone["available"] else str(backbone["how"])
            table.add_row(in_words(f"weights {backbone['name']}"), escape(word(state)))
    Console(highlight=False).print(table)
