"""Examples and labels in memory: ``(X, y)`` as scikit-learn takes them, and datasets of torch's that give both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image
from scipy.sparse import issparse

from jeoni.data.columns import dataset_of
from jeoni.data.frames import is_frame, read_frame
from jeoni.data.in_memory import came, load_in_memory
from jeoni.data.kinds import Columns, found_at, modality_of
from jeoni.data.objects import as_array, is_array, is_encoded, is_nothing
from jeoni.errors import ConfigError, DataError
from jeoni.types import Dataset, Items

__all__ = ["NEEDED", "examples_modality", "items_of", "load_labelled_in_memory"]

NAME = Path("data")  # in messages, and of the run folder
NEEDED = (
    "a path; a table (a frame of pandas or polars, a dictionary of lists, a datasets.Dataset); (X, y) with X a list of "
    "paths, texts, PIL pictures or arrays, or an array; a torch Dataset of (example, label); or a jeoni.Dataset"
)
LABELS = ("targets", "labels", "_labels")  # where datasets of torch's keep all labels, so that no example is read


def load_labelled_in_memory(data: Any, columns: Columns) -> Dataset:
    """Labelled examples that are in memory, as a Dataset; no task has read their labels yet.

    Args:
        data: a table, ``(X, y)``, or a dataset of torch's whose samples are ``(example, label)``. ``y`` is ``(n,)`` of
            any kind, or several columns: an array ``(n, k)``, a frame, or a dictionary of lists.
        columns: what the user named.

    Raises:
        DataError: what cannot be understood, has no labels, or not as many as examples.
        ConfigError: a column of what has none.

    Example:
        >>> load_labelled_in_memory((["good", "bad"], [1, 0]), Columns()).targets.ravel().tolist()
        [1, 0]
    """
    if is_frame(data):
        return read_frame(data, columns, labelled=True)
    if named := columns.items[0] or columns.label or columns.group:
        raise ConfigError(f"The column {named!r} was named, but {came(data)} has no columns. Leave it out.")
    if _of_torch(data):
        return _pair(data, _labels_of(data), columns)
    if isinstance(data, tuple) and len(data) == 2:
        return _pair(*data, columns)
    raise DataError(f"{came(data)} has no labels. Needed: {NEEDED}.")


def examples_modality(X: Any, doubtful: str = "image") -> str:
    """What examples in memory are: ``image``, ``text``, ``audio`` or ``vector``.

    Strings are paths where most of them end as files of a modality do, or name files; else they are texts.

    Args:
        X: examples.
        doubtful: of files whose endings do not tell it.

    Raises:
        DataError: nothing that tells it.

    Example:
        >>> [examples_modality(X) for X in (["a.png", "b.png"], ["good", "bad"], np.ones((2, 3)))]
        ['image', 'text', 'vector']
    """
    if issparse(X):
        return "vector"
    if is_array(X) and getattr(X, "ndim", 1) != 1:
        return "vector" if X.ndim == 2 else "image"
    if _of_torch(X):
        return _kind_of_one(_example_of(X[0])) if len(X) else "image"
    listed = [x for x in X if not is_nothing(x)]
    there = [x for x in listed if not isinstance(x, str) or x.strip()] or listed
    if not there:
        raise DataError(f"{came(X)} holds no examples; at least one is needed.")
    if not all(isinstance(x, (str, Path)) for x in there):
        return _kind_of_one(there[0])
    ending = Counter(modality_of([str(x)]) for x in there).most_common(1)[0][0]
    if ending:
        return ending
    return doubtful if isinstance(there[0], Path) or found_at(there[0]) == "file" else "text"


def _kind_of_one(example: Any) -> str:
    if isinstance(example, (Image, bytes, bytearray)) or is_encoded(example):
        return "image"
    if isinstance(example, str):
        return "text"
    if is_array(example):
        return "vector" if as_array(example).ndim == 1 else "image"
    if isinstance(example, (list, tuple)) and example and isinstance(example[0], (int, float)):
        return "vector"
    raise DataError(f"An example is {came(example)[:1].lower() + came(example)[1:]}. Needed: {NEEDED}.")


def _pair(X: Any, y: Any, columns: Columns) -> Dataset:
    modality = columns.modality or examples_modality(X)
    items = items_of(X, modality)
    labels = _label_columns(y)
    for name, cells in labels.items():
        if len(cells) != len(items):
            of = f" of {name!r}" if len(labels) > 1 else ""
            raise DataError(f"X holds {len(items)} examples and y {len(cells)} labels{of}; they must be as many.")
    return dataset_of(
        NAME,
        items,
        modality,
        labels=labels,
        groups=None,
        parts=None,
        pattern=columns.pattern,
        no_labels="All labels in y are missing.",
        findings=(),
    )


def items_of(X: Any, modality: str) -> Items:
    """Examples to read; strings are texts themselves, unless all of them name files of texts."""
    listed = isinstance(X, (list, tuple)) or getattr(X, "ndim", 0) == 1
    if modality == "text" and listed:
        named = [is_nothing(x) or (modality_of([str(x)]) == "text" and found_at(x) == "file") for x in X]
        X = [None if is_nothing(x) else Path(x) for x in X] if all(named) else X
    items = load_in_memory(list(X) if isinstance(X, tuple) else X, modality).items
    if hasattr(X, "__len__") and len(items) != len(X):
        raise DataError(f"X is an array {X.shape}, which is one picture. Write X[None].")
    return items


def _label_columns(y: Any) -> dict[str, Sequence[Any]]:
    """Cells by column; several where ``y`` has columns."""
    if isinstance(y, Mapping):
        return {str(name): list(cells) for name, cells in y.items()}
    if hasattr(y, "columns") and getattr(y, "ndim", 2) == 2:
        return {str(name): list(y[name]) for name in y.columns}
    if is_array(y):
        array = as_array(y)
        if array.ndim == 2 and array.shape[1] > 1:
            return {f"label {k}": array[:, k].tolist() for k in range(array.shape[1])}
        if array.ndim > 2 or array.ndim == 0:
            raise DataError(f"y is an array {array.shape}; labels (n,), or (n, k) for several, are needed.")
        return {"label": array.reshape(len(array)).tolist()}
    if isinstance(y, (str, bytes)) or not isinstance(y, Sequence):
        raise DataError(f"y is of the type {type(y).__name__}; a list or an array of labels is needed.")
    return {"label": y}


def _of_torch(data: Any) -> bool:
    return any(kind.__module__.startswith("torch.utils.data") for kind in type(data).__mro__)


def _labels_of(samples: Any) -> Sequence[Any]:
    """The labels of a dataset of torch's: where it keeps them, or else from its samples, each of which is read."""
    if not (hasattr(samples, "__len__") and hasattr(samples, "__getitem__")):
        load_in_memory(samples, "image")  # which says what to give in its place
    for name in LABELS:
        kept = getattr(samples, name, None)
        if kept is not None and hasattr(kept, "__len__") and len(kept) == len(samples):
            listed = as_array(kept).tolist() if is_array(kept) else list(kept)
            return _by_name(listed, getattr(samples, "classes", None))
    found = []
    for k in range(len(samples)):
        sample = samples[k]
        if not isinstance(sample, (tuple, list)) or len(sample) < 2:
            came = type(sample).__name__
            raise DataError(f"Sample {k} of the torch Dataset is of the type {came}; (example, label) is needed.")
        label = sample[1]
        found.append(as_array(label).tolist() if is_array(label) else label)
    return _by_name(found, getattr(samples, "classes", None))


def _by_name(labels: list[Any], classes: Any) -> list[Any]:
    """The classes' names in the place of their numbers, where the dataset has names."""
    named = isinstance(classes, (list, tuple)) and all(isinstance(name, str) for name in classes)
    if not named or not all(type(label) is int and 0 <= label < len(classes) for label in labels):
        return labels
    return [classes[label] for label in labels]


def _example_of(sample: Any) -> Any:
    return sample[0] if isinstance(sample, (tuple, list)) and sample else sample
