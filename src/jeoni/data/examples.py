"""From whatever a user hands over to examples of the modality that a model takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jeoni.data.in_memory import load_in_memory
from jeoni.data.kinds import Columns, plural
from jeoni.data.read import load_items
from jeoni.data.scans import with_scans
from jeoni.errors import DataError
from jeoni.types import Dataset, Items

__all__ = ["as_dataset", "as_items"]


def as_items(data: Any, modality: str = "image") -> Items:
    """Whatever a user may hand over, as items; see :meth:`Model.predict`."""
    return as_dataset(data, modality).items


def as_dataset(data: Any, modality: str, column: str = "", kept: str = "", frames: str = "middle") -> Dataset:
    """Whatever a user may hand over, as examples of a modality.

    Args:
        data: see :meth:`Model.predict`.
        modality: of the examples that are needed.
        column: of a table, the one that holds them.
        kept: the column that held such examples before: taken where there is one, and none is named.
        frames: of DICOM files of several frames, those that are examples: ``middle`` or ``all``.

    Raises:
        DataError: nothing there, or something else.
    """
    if isinstance(data, (str, os.PathLike)):
        found = load_items(data if isinstance(data, str) else Path(data), modality, column, kept, frames)
    elif isinstance(data, Dataset):
        found = data
    else:
        found = load_in_memory(data, modality, column=column, columns=Columns(modality=modality, kept=kept))
        found = with_scans(found, frames)
    what = found.origin or found.name
    if not len(found):
        raise DataError(f"{what} holds no items; at least one is needed.")
    if found.modality != modality:
        raise DataError(f"{what} holds {plural(found.modality)}; the model takes {plural(modality)}.")
    return found
