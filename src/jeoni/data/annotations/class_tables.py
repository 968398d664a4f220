"""Tables of classes: their names, and perhaps the numbers or the colours that stand for them in masks.

Read are the kinds that tools write: a name in each line; columns with a header (``name,r,g,b`` as CamVid's
``class_dict.csv``, ``Pixel Value, Class`` as Roboflow's); ``64 128 64 Animal`` as CamVid's ``label_colors.txt``;
``name:r,g,b::`` as CVAT's ``labelmap.txt``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jeoni.data.annotations.sources import read_text_lines
from jeoni.data.kinds import composed
from jeoni.errors import DataError

__all__ = ["TABLE_NAMES", "VOID_NAMES", "ClassRow", "ClassTable", "read_class_table", "written_classes"]

TABLE_NAMES = (
    *("classes.csv", "classes.txt", "class_dict.csv", "label_colors.txt", "labelmap.txt", "_classes.csv"),
    *("labels.txt", "codes.txt", "names.txt"),
)
VOID_NAMES = ("void", "unlabelled", "unlabeled", "ignore", "ignored", "unknown", "무시")
NAMES = ("name", "class", "label", "class_name", "label_name")
VALUES = ("pixel value", "pixel_value", "value", "index", "id", "number")
COLOURS = (("r", "g", "b"), ("red", "green", "blue"))

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class ClassRow:
    """A class of a table.

    Attributes:
        name: what it is called.
        value: the number that stands for it in a mask; None where only its place in the table says.
        colour: red, green and blue, 0 … 255.
    """

    name: str
    value: int | None = None
    colour: Colour | None = None


@dataclass(frozen=True)
class ClassTable:
    """The classes, in order.

    Attributes:
        rows: one for each.
        origin: the file, or what was written in its place, for messages.
    """

    rows: tuple[ClassRow, ...]
    origin: str

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        return tuple(row.name for row in self.rows)

    @property
    def coloured(self) -> bool:
        """Whether every class has a colour."""
        return all(row.colour is not None for row in self.rows)

    def __post_init__(self) -> None:
        if not self.rows:
            raise DataError(f"{self.origin} names no class. Needed: a name in each line.")
        for kind in ("name", "value", "colour"):
            own = [getattr(row, kind) for row in self.rows if getattr(row, kind) is not None]
            twice = sorted({str(one) for one in own if own.count(one) > 1})
            if twice:
                raise DataError(f"{self.origin} has the {kind} {twice[0]} twice. Needed: one class for each.")


def written_classes(text: str | Sequence[str]) -> ClassTable | None:
    """The classes that a user named: a file, names with commas between, or a list; None for nothing.

    Raises:
        DataError: a file that cannot be understood, or a name twice.

    Example:
        >>> written_classes("sky, road").names
        ('sky', 'road')
    """
    if not isinstance(text, str):
        return ClassTable(tuple(ClassRow(composed(name)) for name in text), ", ".join(text)) if text else None
    if not text.strip():
        return None
    path = Path(text)
    if "," not in text and path.suffix.lower() in (".csv", ".txt", ".tsv"):
        return read_class_table(path)
    names = [composed(name.strip()) for name in text.split(",")]
    return ClassTable(tuple(ClassRow(name) for name in names if name), text)


def read_class_table(path: Path) -> ClassTable:
    """The classes of a file, of any of the kinds named above.

    Raises:
        DataError: it cannot be read, a line is not understood, or a class is there twice.
    """
    lines = [(number, line) for number, line in enumerate(read_text_lines(path), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not lines:
        raise DataError(f"{path} names no class. Needed: a name in each line.", path=str(path))
    header = _header(lines[0][1])
    if header is not None:
        rows = [_by_header(line, header, number, path) for number, line in lines[1:]]
    else:
        rows = [_row(line, number, path) for number, line in lines]
    return ClassTable(tuple(rows), str(path))


def _header(line: str) -> dict[str, int] | None:
    """The columns that a first line names, if it names any."""
    cells = [cell.lower() for cell in _cells(line)]
    name = next((cells.index(one) for one in NAMES if one in cells), None)
    if name is None or len(cells) < 2:
        return None
    columns = {"name": name}
    value = next((cells.index(one) for one in VALUES if one in cells), None)
    if value is not None:
        columns["value"] = value
    for colour in COLOURS:
        if all(one in cells for one in colour):
            columns |= dict(zip("rgb", map(cells.index, colour), strict=True))
    return columns


def _by_header(line: str, header: dict[str, int], number: int, path: Path) -> ClassRow:
    cells = _cells(line)
    if len(cells) <= max(header.values()):
        raise _not_understood(path, number, line)
    value = _whole(cells[header["value"]]) if "value" in header else None
    if "value" in header and value is None:
        raise _not_understood(path, number, line)
    colour = _colour([cells[header[one]] for one in "rgb"], number, line, path) if "r" in header else None
    return ClassRow(composed(cells[header["name"]]), value, colour)


def _row(line: str, number: int, path: Path) -> ClassRow:
    """A line without a header to say what stands where."""
    cvat = re.fullmatch(r"([^:]+):(\d+),(\d+),(\d+):.*", line)
    if cvat:
        return ClassRow(composed(cvat[1].strip()), None, _colour(cvat.groups()[1:], number, line, path))
    first = re.fullmatch(r"(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(\S.*)", line)
    if first:
        return ClassRow(composed(first[4].strip()), None, _colour(first.groups()[:3], number, line, path))
    cells = _cells(line)
    if len(cells) == 4:
        return ClassRow(composed(cells[0]), None, _colour(cells[1:], number, line, path))
    if len(cells) == 2:
        value, name = (cells[0], cells[1]) if _whole(cells[0]) is not None else (cells[1], cells[0])
        if _whole(value) is None:
            raise _not_understood(path, number, line)
        return ClassRow(composed(name), _whole(value))
    if len(cells) != 1:
        raise _not_understood(path, number, line)
    return ClassRow(composed(cells[0]))


def _cells(line: str) -> list[str]:
    mark = "\t" if "\t" in line else ";" if ";" in line and "," not in line else ","
    return [cell.strip() for cell in next(csv.reader([line], delimiter=mark))]


def _whole(cell: str) -> int | None:
    return int(cell) if re.fullmatch(r"\d{1,9}", cell) else None


def _colour(cells: Sequence[str], number: int, line: str, path: Path) -> Colour:
    values = [_whole(cell) for cell in cells]
    red, green, blue = values
    if red is None or green is None or blue is None or max(red, green, blue) > 255:
        raise _not_understood(path, number, line)
    return red, green, blue


def _not_understood(path: Path, number: int, line: str) -> DataError:
    return DataError(
        f"{path}, line {number}: {line[:60]!r} is not understood. Needed: a name in each line, or name,r,g,b with "
        "colours of 0 to 255, or number,name.",
        path=str(path),
        row=number,
    )
