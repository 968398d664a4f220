"""What a table of predictions says of each example: its name, and of a table's rows the line and the text."""

from __future__ import annotations

import numpy as np

from jeoni.errors import DataError
from jeoni.types import Dataset, IntArray

__all__ = ["item_cells", "item_header", "joined_lines"]


def item_header(data: Dataset) -> list[str]:
    """The titles of :func:`item_cells`.

    Example:
        >>> from jeoni.data.items import ArrayItems
        >>> images = np.zeros((1, 4, 4), dtype=np.uint8)
        >>> item_header(Dataset("one", ArrayItems(images), np.zeros((1, 1))))
        ['path']
    """
    if data.lines is None:
        return ["path"]
    return ["path", "line", "text"] if data.modality == "text" else ["path", "line"]


def item_cells(data: Dataset, index: int) -> list[str]:
    """The name of an example, the line it stands in, and the text itself; a text that cannot be read is empty."""
    cells = [data.items.name(index)]
    if data.lines is None:
        return cells
    line = int(data.lines[index])
    cells.append(str(line) if line else "")
    if data.modality == "text":
        cells.append(_text(data, index))
    return cells


def joined_lines(first: Dataset, second: Dataset) -> IntArray | None:
    """The lines of one data set after those of another."""
    if first.lines is None and second.lines is None:
        return None
    lines = [np.zeros(len(d), dtype=np.int64) if d.lines is None else d.lines for d in (first, second)]
    return np.concatenate(lines)


def _text(data: Dataset, index: int) -> str:
    try:
        raw = data.items.read(index)
    except DataError:
        return ""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
