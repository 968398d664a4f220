"""Predict new items with a saved model."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from jeoni.cli._options import QuietOption, with_options
from jeoni.imports import without_collecting
from jeoni.specs import PredictSpec

if TYPE_CHECKING:
    from pathlib import Path

    from jeoni.models.predictions import Predictions

__all__ = ["predict"]

SHOWN = 5


@with_options(PredictSpec)
def predict(
    model: Annotated[str, typer.Argument(help="A model folder, or a run.")],
    data: Annotated[
        str,
        typer.Argument(help="An image, text or recording, a folder of them, a table, or features (.npz, .npy, .mat)."),
    ],
    spec: PredictSpec,
    out: Annotated[
        str,
        typer.Option(
            help="Where to write a CSV; standard output if left out. Of places in pictures also a .json as COCO has "
            "it, or a new folder, such as for masks."
        ),
    ] = "",
    keep_columns: Annotated[
        bool, typer.Option("--keep-columns", help="Write the table's own columns beside the predictions.")
    ] = False,
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON line, last.")] = False,
) -> None:
    """Predict new items with a saved model.

    Example:
        jeoni predict runs/latest new_photos/ --out predictions.csv
        jeoni predict runs/latest new.csv --column comment --out predictions.csv
    """
    from jeoni.cli._beside import check_table
    from jeoni.cli._places import write_places
    from jeoni.cli._terminal import print_json, say_whose_file

    with without_collecting():
        from jeoni import api
        from jeoni.dense.model import DensePredictions
    from jeoni.console import console_for
    from jeoni.errors import ConfigError
    from jeoni.locale import Said

    terminal = console_for(quiet=quiet)
    say_whose_file(model, terminal)
    if out:
        _check(out, {"data": data, "model": model})
    table = check_table(data) if keep_columns else None
    said = api.predict(model, data, spec, console=terminal)
    if isinstance(said, DensePredictions):
        if table:
            raise ConfigError(Said("dense.no_keep_columns"))
        write_places(said, out, spec.format, terminal, silent=json)
        if json:
            print_json({"predicted": len(said), "skipped": len(said.errors), "out": out})
        return
    if len(said.errors) > 1:  # one is named already
        more = f" and {len(said.errors) - SHOWN} more" if len(said.errors) > SHOWN else ""
        terminal.warn(f"skipped: {', '.join(islice(said.errors, SHOWN))}{more}")
    if out or not json:
        _write(said, out, table)
    if out:
        terminal.say(f"{len(said)} predictions written to {out}")
    if json:
        print_json({"predicted": len(said), "skipped": len(said.errors), "out": out})


def _check(out: str, inputs: dict[str, str]) -> None:
    """Whether the predictions can be written, before anything is computed."""
    from pathlib import Path

    from jeoni.data.kinds import SUFFIXES
    from jeoni.errors import ConfigError
    from jeoni.files.outputs import check_output, refuse_overlap
    from jeoni.runs import refuse_kept

    path = check_output(out)
    refuse_overlap(path, inputs)
    refuse_kept(path)
    if path.is_file() and path.suffix.lower() in (*SUFFIXES["image"], *SUFFIXES["audio"]):
        table = path.with_suffix(".csv")
        raise ConfigError(
            f"--out {out} is a picture or a recording, which would be lost. Needed: another file, such as {table}."
        )
    if path.is_dir() and any(path.iterdir()):
        raise ConfigError(
            f"--out {out} is a folder that holds files already; a file is needed, such as "
            f"{Path(out) / 'predictions.csv'}."
        )
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"--out {out} lies in a folder that does not exist. Make it, or choose another --out.")


def _write(said: Predictions, out: str, table: Path | None) -> None:
    """As CSV, to a file or standard output; with the columns of a table, if one is given."""
    import sys
    from pathlib import Path

    from jeoni.cli._beside import Beside
    from jeoni.files.cells import write_rows, write_table
    from jeoni.files.names import visible
    from jeoni.files.outputs import reporting, writing
    from jeoni.tasks import as_cell

    assert said.data is not None
    beside = Beside.of_table(table, said.readable) if table else Beside.of_items(said.data)
    header = [*beside.header, *beside.distinct(["predicted", "confidence", *said.columns])]
    shown = visible if not out and sys.stdout.isatty() else str
    rows = (
        [
            *map(shown, beside.cells(i)),
            shown(as_cell(label)),
            f"{sure:.6f}" if sure == sure else "",
            *(f"{v:.6f}" for v in values),
        ]
        for i, (label, sure, values) in enumerate(zip(said.labels, said.certainty, said.values, strict=True))
    )
    if out:
        with writing(Path(out), follow=True) as file:
            write_table(file, header, rows, "\n")
        return
    with reporting(Path("standard output")):
        write_rows(sys.stdout, [shown(title) for title in header], rows, "\n")
        sys.stdout.flush()
