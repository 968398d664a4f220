"""Predictions of places in pictures, written as a table, as COCO JSON, or in a folder."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jeoni.errors import ConfigError

if TYPE_CHECKING:
    from jeoni.dense.model import DensePredictions
    from jeoni.types import Console

__all__ = ["write_places"]


def write_places(said: DensePredictions, out: str, format: str, console: Console, silent: bool = False) -> None:
    """Write them where the user asked for.

    Args:
        said: the predictions.
        out: a file, a folder, or empty: standard output.
        format: the id of a format of annotations; empty: by the ending of a file; in a folder, the one that the model
            learned from, or the usual one of its task.
        console: hears where they are.
        silent: nothing goes to standard output.

    Raises:
        ConfigError: a format that cannot hold them, or one without a folder to write to.
    """
    if not out:
        if format:
            raise ConfigError(f"--format {format} writes files; say --out FOLDER too.")
        if not silent:
            _to_output(said)
        return
    path = Path(out)
    if path.suffix.lower() == ".json":
        written = _one_file(path, said, format or "coco", console)
    elif path.suffix and not format:
        _as_table(path, said)
        written = [path]
    else:
        written = _in_folder(path, said, format, console)
    where = out if len(written) == 1 else f"{out}, {len(written)} files"
    console.say(f"{len(said)} predictions written to {where}")


def _in_folder(path: Path, said: DensePredictions, format: str, console: Console) -> list[Path]:
    from jeoni.data.annotations.notes import Notes
    from jeoni.data.annotations.numbering import Numbering
    from jeoni.data.annotations.protocol import Predicted
    from jeoni.data.annotations.write import format_to_write, listed_by, write_predictions
    from jeoni.data.checks import tell

    task = said.task.family or said.task.id
    came = "" if said.several else said.annotations  # several subjects: as COCO has them
    if not format:
        format = format_to_write(task, came)
        if came not in ("", format):
            console.say(f"{came} is not written for {task}; predictions are written as {format}.")
    notes = Notes()
    listed = listed_by(said.data.origin if said.data else "", format, task, notes)
    own = Numbering(said.class_numbers, said.annotations)
    numbering = replace(listed if listed.classes else own, pictures=listed.pictures)
    predicted = Predicted(said.names, said.sizes, said.predictions, said.task.names, said.task.edges, numbering, notes)
    written = write_predictions(path, predicted, task, format)
    tell(notes.findings(), console)
    return written


def _one_file(path: Path, said: DensePredictions, format: str, console: Console) -> list[Path]:
    """In the file of that name, where the format makes one file."""
    with tempfile.TemporaryDirectory(dir=path.absolute().parent) as folder:
        written = _in_folder(Path(folder), said, format, console)
        if len(written) != 1:
            said_of = f"--format {format} makes {len(written)} files"
            raise ConfigError(f"{said_of}; name a folder: --out {path.stem}")
        written[0].replace(path)
    return [path]


def _header(said: DensePredictions) -> list[str]:
    from jeoni.dense.written import columns_of

    return ["path", *columns_of(said.task.family, said.several)]


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
