"""A table of classes and attributes: a row for each class, a column for each attribute."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.encodings import decode
from jeoni.data.kinds import composed, found_at
from jeoni.errors import DataError
from jeoni.types import Finding, FloatArray

__all__ = ["Attributes", "read_attributes"]

NEEDED = "Needed: a CSV with a row for each class, its name first, and a column of numbers for each attribute."


@dataclass(frozen=True)
class Attributes:
    """Attributes of classes.

    Attributes:
        classes: their names.
        names: of the attributes.
        values: ``(classes, attributes)``.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    values: FloatArray

    def of(self, classes: Sequence[str]) -> FloatArray:
        """The rows ``(k, a)`` of some classes.

        Raises:
            DataError: a class that the table lacks.
        """
        number = {name: k for k, name in enumerate(self.classes)}
        missing = [name for name in classes if name not in number]
        if missing:
            raise DataError(
                f"The table of attributes has no row for {', '.join(missing[:5])}; it has "
                f"{', '.join(self.classes[:10])}. {NEEDED}"
            )
        return self.values[[number[name] for name in classes]]

    def binary(self) -> Attributes:
        """With 1 where a class has more of an attribute than the classes have on average, else 0."""
        return Attributes(self.classes, self.names, (self.values > self.values.mean(0)).astype(np.float64))

    def findings(self, seen: Sequence[str], wanted: Sequence[str]) -> list[Finding]:
        """Attributes that seen classes do not tell apart, and wanted classes that attributes do not."""
        rows = self.of(seen)
        useless = [name for name, column in zip(self.names, rows.T, strict=True) if column.min() == column.max()]
        found = [
            Finding("constant_attribute", "", f"all seen classes have as much of {name}", "nothing is learned of it")
            for name in useless
        ]
        alike: dict[bytes, list[str]] = {}
        for name, row in zip(wanted, self.of(wanted), strict=True):
            alike.setdefault(row.tobytes(), []).append(name)
        return found + [
            Finding("alike_classes", "", f"{', '.join(names)} have the same attributes", "kept; the first is predicted")
            for names in alike.values()
            if len(names) > 1
        ]


def read_attributes(given: Any) -> Attributes:
    """A table of attributes.

    Args:
        given: the path of a CSV or TSV; a frame of pandas whose index names the classes; or a mapping of classes to
            mappings of attributes to numbers.

    Raises:
        DataError: no such table, or a cell that is no number.
    """
    if isinstance(given, (str, Path)):
        head, rows = _from_file(Path(given))
    elif isinstance(given, Mapping):
        head = list(dict.fromkeys(name for row in given.values() for name in row))
        rows = [[str(name), *(row.get(a, "") for a in head)] for name, row in given.items()]
    elif hasattr(given, "columns") and hasattr(given, "index"):
        head = [str(name) for name in given.columns]
        rows = [[str(name), *row] for name, row in zip(given.index, given.to_numpy().tolist(), strict=True)]
    else:
        raise DataError(f"attributes is {type(given).__name__}. {NEEDED}")
    if not rows or not head:
        raise DataError(f"The table of attributes holds {len(rows)} classes and {len(head)} attributes. {NEEDED}")
    classes = [composed(str(row[0]).strip()) for row in rows]
    if len(set(classes)) < len(classes):
        twice = next(name for name in classes if classes.count(name) > 1)
        raise DataError(f"The table of attributes has several rows for {twice}; one for each class is needed.")
    values = [[_number(cell, name, attribute) for cell, attribute in zip(row[1:], head, strict=True)]
              for name, row in zip(classes, rows, strict=True)]  # fmt: skip
    return Attributes(tuple(classes), tuple(head), np.array(values, dtype=np.float64))


def _from_file(path: Path) -> tuple[list[str], list[list[Any]]]:
    if found_at(path) != "file":
        raise DataError(f"The table of attributes {path} does not exist. {NEEDED}", path=str(path))
    text = decode(path.read_bytes(), str(path))[0]
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    table = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(cell.strip() for cell in row)]
    if not table:
        raise DataError(f"{path} is empty. {NEEDED}", path=str(path))
    ragged = next((k for k, row in enumerate(table, start=1) if len(row) != len(table[0])), None)
    if ragged is not None:
        raise DataError(
            f"{path}, row {ragged} has {len(table[ragged - 1])} cells, the first row {len(table[0])}. {NEEDED}",
            path=str(path),
            row=ragged,
        )
    return [cell.strip() for cell in table[0][1:]], [list(row) for row in table[1:]]


def _number(cell: Any, name: str, attribute: str) -> float:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"The attribute {attribute} of {name} is {cell!r}; a number is needed, such as 0 or 1.")
    return value
