"""Predict new items with a saved model."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["predict"]


def predict(
    model: Annotated[str, typer.Argument(help="A model folder, or a run.")],
    data: Annotated[str, typer.Argument(help="An image, a folder or a table.")],
    out: Annotated[str, typer.Option(help="Where to write a CSV; standard output if left out.")] = "",
    engine: Annotated[str, typer.Option(help="What runs the frozen stages; see `jeoni doctor`.")] = "auto",
    workers: Annotated[int, typer.Option(help="Threads; 0 is one per core.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad item.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON line, last.")] = False,
) -> None:
    """Predict new items with a saved model."""
    import csv
    import sys

    from jeoni.cli._terminal import Terminal, print_json
    from jeoni.errors import StorageError
    from jeoni.features.examples import Context
    from jeoni.features.store import FeatureStore
    from jeoni.model import load_model

    terminal = Terminal()
    context = Context(FeatureStore(console=terminal), engine, workers, strict, console=terminal)
    said = load_model(model).predict(data, context)
    for name, text in list(said.errors.items())[:5]:
        terminal.warn(f"skipped {name}: {text}")
    if len(said.errors) > 5:
        terminal.warn(f"and {len(said.errors) - 5} more were skipped")
    try:
        file = open(out, "w", newline="", encoding="utf-8") if out else sys.stdout
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror or error}.") from error
    writer = csv.writer(file, lineterminator="\n")
    if out or not json:
        writer.writerow(["path", "predicted", "confidence", *(f"prob:{c}" for c in said.class_names)])
        for name, label, probs in zip(said.names, said.labels, said.probs, strict=True):
            writer.writerow([name, label, f"{probs.max():.6f}", *(f"{p:.6f}" for p in probs)])
    if out:
        file.close()
        terminal.say(f"{len(said)} predictions written to {out}")
    if json:
        print_json({"predicted": len(said), "skipped": len(said.errors), "out": out})
