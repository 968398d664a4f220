"""A corpus: a plain text file of several lines, each a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jeoni.data.columns import label_cells
from jeoni.data.encodings import decode
from jeoni.data.files import open_file
from jeoni.data.text_items import TextItems
from jeoni.types import Dataset, Finding

__all__ = ["read_lines"]

SUFFIX = ".txt"


def read_lines(path: Path) -> Dataset | None:
    """One text for each line that is not blank; None where there are fewer than two, so that the file is one text.

    Args:
        path: a ``.txt`` file, in any encoding that a text may have.

    Raises:
        DataError: it cannot be read, or holds no text.
    """
    if path.suffix.lower() != SUFFIX or not path.is_file():
        return None
    with open_file(path) as file:
        content, encoding = decode(file.read(), str(path))
    texts = content.split("\n")
    rows = np.array([k for k, text in enumerate(texts) if text.strip()], dtype=np.int64)
    if len(rows) < 2:
        return None
    findings = []
    if encoding != "utf-8":
        findings.append(Finding("encoding", "", f"the file is in {encoding.upper()}, not in UTF-8", "converted"))
    return Dataset(
        name=path.stem,
        items=TextItems([text.rstrip("\r") for text in texts], rows=rows),
        targets=label_cells({}, len(rows)),
        origin=str(path),
        modality="text",
        findings=tuple(findings),
        lines=rows + 1,
    )
