"""From whatever Python holds to a Dataset: understood without a doubt, or refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image
from scipy.sparse import issparse

from jeoni.data.columns import label_cells
from jeoni.data.frames import is_frame, read_frame
from jeoni.data.items import ArrayItems, FileItems
from jeoni.data.kinds import RENAMED, Columns, plural
from jeoni.data.objects import CHANNELS, ObjectItems, SampleItems, as_array, is_array, is_encoded, is_nothing
from jeoni.data.text_items import TextItems
from jeoni.data.vectors import VectorItems, wrong_numbers
from jeoni.errors import ConfigError, DataError
from jeoni.types import Array, Dataset, Items

__all__ = ["came", "load_in_memory"]

MOST = 1_000_000  # of what an iterator may give: it could go on for ever
SMALLEST_SIDE = 8  # pixels: where both sides have as many, an array (h, w, c) is one picture and not h narrow ones
NEEDED = {
    "image": "a path, a list of paths, of PIL pictures or of arrays, an array (n, h, w) or (n, h, w, c), or a table",
    "text": "a path, a list of texts, or a table with a column of them",
    "audio": "a path, a list of paths or of the bytes of files, or a table with a column of them",
    "vector": "an array (n, d), a list of rows of numbers, a table of numbers, or the path of one",
}


def load_in_memory(
    data: Any, modality: str, *, column: str = "", columns: Columns | None = None, labelled: bool = False
) -> Dataset:
    """Examples that are in memory, as a Dataset; only tables have labels.

    Args:
        data: a table (a frame of pandas or polars, a table of Arrow, a dataset of ``datasets``, a dictionary of
            columns, a list of records, a structured array); a list, an array or any other collection of strings,
            paths, bytes of files, PIL pictures, arrays or rows of numbers; an array or a tensor of all of them; a
            dataset of torch's; one PIL picture, one picture as an array ``(h, w)`` or ``(h, w, c)``, or the bytes of
            one file.
        modality: ``image``, ``text``, ``audio`` or ``vector``: what an example is.
        column: of a table, the one that holds the examples.
        columns: of a table, all that the user named.
        labelled: whether labels are needed.

    Raises:
        DataError: what cannot be understood, or may be meant in two ways; nothing at all.
        ConfigError: a column of what has none.

    Example:
        >>> load_in_memory({"review": ["good", "bad"], "stars": [5, 1]}, "text").items.text(1)
        'bad'
    """
    modality = RENAMED.get(modality, modality)
    columns = columns or Columns(modality=modality)
    if column and columns.modality:
        columns = columns.naming(column)
    if is_frame(data):
        return read_frame(data, columns, column, labelled)
    if named := column or columns.items[0]:
        raise ConfigError(f"The column {named!r} was named, but {came(data)} has no columns. Leave it out.")
    if labelled:
        raise DataError(f"{came(data)} has no labels. Needed: a table with a column of them, or a Dataset.")
    items = _items(data, modality)
    if not len(items):
        raise DataError(f"{came(data)} holds no items; at least one is needed.")
    return Dataset("data", items, label_cells({}, len(items)), modality=modality)


def _items(data: Any, modality: str) -> Items:
    if all(hasattr(data, name) for name in ("read", "name", "select", "size")):
        items: Items = data
        return items
    if issparse(data) and modality == "vector":
        return VectorItems(data.tocsr())
    if isinstance(data, (bytes, bytearray, memoryview, Image)) or is_encoded(data):
        return ObjectItems([data], modality)
    if is_array(data):
        return _of_array(as_array(data), modality, of_torch=hasattr(data, "detach"))
    if any(kind.__module__.startswith("torch.utils.data") for kind in type(data).__mro__):
        return _of_torch(data, modality)
    return _of_list(_listed(data, modality), modality)


def _of_array(array: Array, modality: str, of_torch: bool) -> Items:
    if array.ndim == 1 and array.dtype.kind in "OUST":  # strings, or what else a column holds
        return _of_list(array.tolist(), modality)
    if modality == "vector":
        return VectorItems(_matrix(array))
    if modality == "image" and array.dtype.kind in "uifb":
        return _pictures(array, of_torch)
    if modality == "audio":
        raise _without_rate()
    raise DataError(f"{came(array)} holds no {plural(modality)}. Needed: {NEEDED[modality]}.")


def _matrix(array: Array) -> Array:
    """``(n, d)``, of numbers even where they came as objects."""
    if array.ndim != 2:
        one = "; a single vector goes in a list: [vector]" if array.ndim == 1 else ""
        raise DataError(f"Vectors are the rows of an array (n, d); this one is {array.shape}{one}.")
    if array.dtype.kind == "O":
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"Vectors are rows of numbers; in this array are others: {error}.") from error
    if reason := wrong_numbers(array):
        raise DataError(f"Vectors are rows of numbers; this array holds {reason}.")
    return array


def _pictures(array: Array, of_torch: bool) -> Items:
    """Images ``(n, h, w)``, ``(n, h, w, c)`` or ``(n, c, h, w)``, or a single picture, ``(h, w)`` or ``(h, w, c)``.

    Raises:
        DataError: other shapes, and such as may be meant in two ways.
    """
    shape = array.shape
    if array.ndim == 2:
        return ObjectItems([array], "image")
    if array.ndim == 3 and shape[2] in CHANNELS and shape[0]:
        if min(shape[:2]) >= SMALLEST_SIDE:
            return ObjectItems([array], "image")
        raise DataError(
            f"An array {shape} may be one picture (h, w, c) or {shape[0]} pictures (n, h, w). Write [picture] for the "
            "one, or pictures[..., None] for the others."
        )
    if array.ndim == 3 and of_torch and shape[0] in (3, 4):
        raise DataError(
            f"A tensor {shape} may be one picture (c, h, w) or {shape[0]} grey ones (n, h, w). Write [picture] for the "
            "one, or pictures[..., None] for the others."
        )
    if array.ndim == 4 and shape[3] not in CHANNELS and shape[1] in CHANNELS:
        return ArrayItems(np.moveaxis(array, 1, 3))
    if array.ndim == 4 and shape[3] not in CHANNELS and array.size:
        raise DataError(f"Images (n, h, w, c) have 1, 3 or 4 channels, the last; this array is {shape}.")
    return ArrayItems(array)


def _of_torch(data: Any, modality: str) -> Items:
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        return SampleItems(data, modality)
    mend = "Give its dataset: loader.dataset." if hasattr(data, "dataset") else "Give a list of its samples."
    raise DataError(f"A {type(data).__name__} gives its samples in its own order, and without numbers. {mend}")


def _listed(data: Any, modality: str) -> list[Any]:
    """The elements of a collection or an iterator, in order."""
    if isinstance(data, (set, frozenset)):
        raise DataError(
            "A set has no order, so that nobody knows which prediction is whose. Give a list: sorted(data)."
        )
    if hasattr(data, "read"):
        raise DataError("An open file came. Give its path, or its content: file.read().")
    if issparse(data) or not isinstance(data, Iterable):
        raise DataError(f"{came(data)} came. Needed: {NEEDED[modality]}.")
    found = list(islice(data, MOST + 1))
    if len(found) > MOST and not hasattr(data, "__len__"):
        raise DataError(f"The {type(data).__name__} gives more than {MOST:,} items. Give a list, or a table.")
    return found if len(found) <= MOST else list(data)


def _of_list(objects: list[Any], modality: str) -> Items:
    paths = any(isinstance(thing, Path) for thing in objects)
    plain = modality != "vector" and all(isinstance(thing, (str, Path)) or is_nothing(thing) for thing in objects)
    if plain and modality == "text" and not paths:
        texts = [None if is_nothing(thing) else thing for thing in objects]
        return TextItems(texts, [f"item {k}" for k in range(len(texts))])
    if plain:
        files = ["" if is_nothing(thing) else str(thing) for thing in objects]
        return FileItems(files, [file or f"item {k}" for k, file in enumerate(files)])
    if modality == "audio" and any(is_array(thing) and not is_nothing(thing) for thing in objects):
        raise _without_rate()
    return ObjectItems(objects, modality)


def _without_rate() -> DataError:
    return DataError("A model of audio takes paths of files: samples alone do not tell their rate. Write them as WAV.")


def came(data: Any) -> str:
    """What came, to begin a sentence with: ``An array (0, 5) of float64``, ``A list``."""
    if isinstance(data, np.ndarray):
        return f"An array {data.shape} of {data.dtype}"
    name = type(data).__name__
    return f"{'An' if name[0].lower() in 'aeiou' else 'A'} {name}"
