"""What stands beside a prediction in its table: the item's name, or the columns of the table that it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jeoni.data.item_columns import item_cells, item_header
from jeoni.data.tables import TABLES, printed_columns
from jeoni.data.workbooks import split_sheet
from jeoni.errors import ConfigError
from jeoni.types import Array, Dataset

__all__ = ["Beside", "check_table"]


@dataclass(frozen=True)
class Beside:
    """Columns to the left of the predictions.

    Attributes:
        header: their titles.
        cells: those of the item of a number.
    """

    header: list[str]
    cells: Callable[[int], Sequence[str]]

    @classmethod
    def of_items(cls, data: Dataset) -> Beside:
        """The name of an item; of a table's rows, the line and the text too."""
        return cls(item_header(data), lambda i: item_cells(data, i))

    @classmethod
    def of_table(cls, path: Path, readable: Array) -> Beside:
        """The columns of the table.

        Args:
            path: of the table.
            readable: ``(n,)`` bool: which of its rows were predicted.
        """
        columns, rows = printed_columns(path), np.flatnonzero(readable)
        return cls(list(columns), lambda i: [cells[rows[i]] for cells in columns.values()])

    def distinct(self, titles: Sequence[str]) -> list[str]:
        """Titles of further columns: what has the name of one that is there is marked as jeoni's."""
        return [f"jeoni:{title}" if title in self.header else title for title in titles]


def check_table(data: str) -> Path:
    """The table whose columns can be kept.

    Raises:
        ConfigError: something else than a table.
    """
    path = Path(data)
    file, _ = split_sheet(path)
    if file.suffix.lower() not in TABLES or not file.is_file():
        raise ConfigError(f"--keep-columns writes the columns of a table ({', '.join(TABLES)}); {data} is none.")
    return path
