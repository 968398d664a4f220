"""Predictions of places in pictures, written as a table, as COCO JSON, or in a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jeoni.errors import ConfigError

if TYPE_CHECKING:
    from jeoni.dense.model import DensePredictions
    from jeoni.types import Console

__all__ = ["write_places"]

FORMATS = {"segmentation": "mask_png", "detection": "voc", "pose": "deeplabcut"}  # of a folder


def write_places(said: DensePredictions, out: str, console: Console, silent: bool = False) -> None:
    """Write them where the user asked for.

    Args:
        said: the predictions.
        out: a file, a folder, or empty: standard output.
        console: hears where they are.
        silent: nothing goes to standard output.

    Raises:
        ConfigError: a format that cannot hold them.
    """
    if not out:
        if not silent:
            _to_output(said)
        return
    path = Path(out)
    if path.suffix.lower() == ".json":
        written = _in_format("coco", path, said)
    elif path.suffix:
        _as_table(path, said)
        written = [path]
    else:
        written = _in_format(_format_of(said.task.id, out), path, said)
    where = out if len(written) == 1 else f"{out}, {len(written)} files"
    console.say(f"{len(said)} predictions written to {where}")


def _format_of(task: str, out: str) -> str:
    if task not in FORMATS:
        raise ConfigError(f"--out {out} is a folder; predictions of {task} go to a file such as predictions.csv.")
    return FORMATS[task]


def _in_format(name: str, path: Path, said: DensePredictions) -> list[Path]:
    from jeoni.data.annotations.protocol import Predicted
    from jeoni.data.annotations.read import load_format

    made = load_format(name)
    able = getattr(made, "writes", ())
    if said.task.id not in able:
        raise ConfigError(
            f"{made.title} cannot hold predictions of {said.task.id}; name a file such as predictions.csv."
        )
    predicted = Predicted(said.names, said.sizes, said.predictions, said.task.names)
    written: list[Path] = made.write(path, predicted)  # type: ignore[attr-defined]  # of formats with `writes`
    return written


def _header(said: DensePredictions) -> list[str]:
    from jeoni.dense.written import columns_of

    return ["path", *columns_of(said.task.id)]


def _rows(said: DensePredictions) -> Iterator[list[str]]:
    from jeoni.dense.written import rows_of

    for name, prediction in zip(said.names, said.predictions, strict=True):
        for row in rows_of(prediction, said.task.names):
            yield [name, *row]


def _as_table(path: Path, said: DensePredictions) -> None:
    from jeoni.files.cells import write_table
    from jeoni.files.outputs import writing

    with writing(path, follow=True) as file:
        write_table(file, _header(said), _rows(said), "\n")


def _to_output(said: DensePredictions) -> None:
    from jeoni.files.cells import write_rows
    from jeoni.files.names import visible
    from jeoni.files.outputs import reporting

    shown = visible if sys.stdout.isatty() else str
    rows = ([shown(cell) for cell in row] for row in _rows(said))
    with reporting(Path("standard output")):
        write_rows(sys.stdout, _header(said), rows, "\n")
        sys.stdout.flush()
