"""Labelled data from a path, or from memory, to a task's targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jeoni.data.annotations import are_annotations
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled, with_test
from jeoni.tasks.targets.choose import read_targets
from jeoni.types import Dataset

__all__ = ["load_data"]


def load_data(
    data: Any,
    *,
    image_column: str = "",
    text_column: str = "",
    audio_column: str = "",
    label_column: str = "",
    group_column: str = "",
    group_pattern: str = "",
    class_names: str | Sequence[str] = "",
    void: str | Sequence[str] = "",
    test: Any = "",
    task: str = "auto",
    single_class: bool = False,
) -> Dataset:
    """Read labelled data.

    Args:
        data: a folder with one folder of images, texts or audio per class, with or without ``train``, ``val`` and
            ``test`` above; a CSV, TSV, JSONL or Parquet file with a column of texts, or of paths (relative to the
            file), and one of labels, or with columns of numbers; features and labels in an NPZ or MAT file; a folder
            that ``datasets`` saved; or ``hub:OWNER/NAME``. In memory: a table (a frame of pandas or polars, a
            dictionary of lists, a ``datasets.Dataset``), ``(X, y)`` with lists of paths, texts, PIL pictures or arrays,
            or a torch ``Dataset`` of ``(example, label)``.
        image_column: the column of images or their paths; recognised by its name if left out.
        text_column: the column of texts; recognised by its name if left out.
        audio_column: the column of audio or its paths; recognised by its name if left out.
        label_column: the column of labels, or the array; recognised by its name if left out.
        group_column: a column, or an array, whose groups are never split.
        group_pattern: a regular expression whose first group, in an example's path, names its group: in the path below
            the class's folder, or in what a table says.
        class_names: of masks and boxes that number their classes: a file with a name in each line (or ``name,r,g,b``),
            or the names.
        void: names or numbers of classes in masks or boxes of which nothing is to be learned.
        test: an own test set, of any of these kinds; a part ``test`` of the data then joins the training part.
        task: what the labels mean: ``classification``, ``regression``, ``multilabel`` or ``multitask``, or of places in
            pictures ``detection``, ``segmentation``, ``pose`` or ``anomaly``; ``auto`` goes by what they look like.
        single_class: allow one class only, as a test set may hold.

    Returns:
        The data with their task; of annotations of places in pictures ``task`` is None: the verb that takes them reads
        them.

    Raises:
        DataError: what is missing, or cannot be understood, and how to mend it.
        ConfigError: both a column and a pattern of groups.
    """
    columns = Columns(
        image=image_column,
        text=text_column,
        audio=audio_column,
        label=label_column,
        group=group_column,
        pattern=group_pattern,
        task=task,
        classes=_listed(class_names),
        void=_listed(void),
    )
    found = load_labelled(data, columns)
    if not isinstance(test, str) or test:
        found = with_test(found, load_labelled(test, columns))
    if are_annotations(found.targets):
        return found
    return read_targets(found, task, single_class)


def _listed(names: str | Sequence[str]) -> str:
    """Names as the command line takes them."""
    return names if isinstance(names, str) else ",".join(map(str, names))
