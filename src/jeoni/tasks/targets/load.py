"""Labelled data from a path to a task's targets."""

from __future__ import annotations

from pathlib import Path

from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.tasks.targets.choose import read_targets
from jeoni.types import Dataset

__all__ = ["load_data"]


def load_data(
    path: str | Path,
    *,
    image_column: str = "",
    text_column: str = "",
    audio_column: str = "",
    label_column: str = "",
    group_column: str = "",
    group_pattern: str = "",
    test: str | Path = "",
    task: str = "auto",
    single_class: bool = False,
) -> Dataset:
    """Read labelled data.

    Args:
        path: a folder with one folder of images, texts or audio per class, with or without ``train``, ``val`` and
            ``test`` above; a CSV, TSV, JSONL or Parquet file with a column of texts, or of paths (relative to the
            file), and one of labels, or with columns of numbers; features and labels in an NPZ or MAT file; a folder
            that ``datasets`` saved; or the id of a dataset on the hub.
        image_column: the column of images or their paths; recognised by its name if left out.
        text_column: the column of texts; recognised by its name if left out.
        audio_column: the column of audio or its paths; recognised by its name if left out.
        label_column: the column of labels, or the array; recognised by its name if left out.
        group_column: a column, or an array, whose groups are never split.
        group_pattern: a regular expression whose first group, in an example's path, names its group: in the path below
            the class's folder, or in what a table says.
        test: an own test set, of any of these kinds; a part ``test`` of the data then joins the training part.
        task: what the labels mean: ``classification``, ``regression``, ``multilabel`` or ``multitask``; ``auto`` goes
            by what they look like.
        single_class: allow one class only, as a test set may hold.

    Raises:
        DataError: what is missing, or cannot be understood, and how to mend it.
        ConfigError: both a column and a pattern of groups.
    """
    columns = Columns(image_column, text_column, audio_column, label_column, group_column, group_pattern)
    return read_targets(load_labelled(path, columns, test), task, single_class)
