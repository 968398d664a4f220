"""From what the user hands over to a dataset, as the options say."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.data.columns import label_cells
from jeoni.data.dicom import known_name
from jeoni.data.files import walk
from jeoni.data.in_memory import load_in_memory
from jeoni.data.kinds import Columns, modality_of
from jeoni.data.pairs import examples_modality
from jeoni.data.read import load_items, load_labelled, with_test
from jeoni.data.scans import with_scans
from jeoni.data.text_lines import read_lines
from jeoni.dense.reading import annotations_for
from jeoni.errors import DataError
from jeoni.specs import BackboneOptions, ColumnOptions
from jeoni.specs.keywords import PretrainKeywords, TestSetKeywords
from jeoni.tasks import reread_targets
from jeoni.types import Dataset

WHOLE = "classification"  # any task on whole examples: annotations of places in them are not looked for

__all__ = [
    "choose_backbone",
    "columns_of",
    "own_probe",
    "own_test_set",
    "read",
    "read_maybe_labelled",
    "read_unlabelled",
]


def read(
    data: Any, options: ColumnOptions, *, test: Any = None, modality: str = "", kept: str = "", task: str = ""
) -> Dataset:
    """Labelled data and, where one is given, their own test set as the part ``test``.

    Args:
        data: a path, what is in memory, or a Dataset; see :func:`jeoni.load_data`.
        options: name the columns.
        test: the same kinds; None or empty where there is none.
        modality: of the examples, where it is known before.
        kept: see :class:`jeoni.data.kinds.Columns`.
        task: that the labels are read for, where it is known before.

    Raises:
        DataError: what cannot be understood, and how to mend it.
    """
    columns = columns_of(options, modality, kept, task)
    found = data if isinstance(data, Dataset) else load_labelled(data, columns)
    if test is None or (isinstance(test, str) and not test):
        return found
    held_out = test if isinstance(test, Dataset) else load_labelled(test, columns)
    if found.task is not None:
        held_out = reread_targets(held_out, found.task)
    elif held_out.task is not None:  # back to cells, which are read together with those of the data
        cells = label_cells(held_out.task.cells(held_out.targets), len(held_out))
        held_out = replace(held_out, task=None, targets=cells)
    return with_test(found, held_out)


def read_maybe_labelled(data: Any, options: ColumnOptions, modality: str = "", kept: str = "") -> Dataset:
    """Data with labels where there are any, else without.

    Args:
        data: as for :func:`read`; without labels also a folder of items, a list of examples, or a ``.txt`` file, of
            which each line is a text.
        options: name the columns.
        modality: of the examples; left out, what is there decides.
        kept: see :class:`jeoni.data.kinds.Columns`.

    Raises:
        DataError: what cannot be understood either way; the message is about labelled data.
    """
    if isinstance(data, Dataset):
        return data
    try:
        return read(data, options, modality=modality, kept=kept, task=_named_task(options) or WHOLE)
    except DataError as labelled:
        try:
            return read_unlabelled(data, options, modality, kept)
        except DataError:
            raise labelled from None


def read_unlabelled(data: Any, options: ColumnOptions, modality: str = "", kept: str = "") -> Dataset:
    """Examples only: labels, if there are any, are not read; arguments as of :func:`read_maybe_labelled`.

    Raises:
        DataError: what cannot be understood.
    """
    column, of = columns_of(options).items
    modality = modality or of or _modality_there(data)
    named = column if of == modality else ""
    if isinstance(data, (str, os.PathLike)):
        corpus = read_lines(Path(data)) if modality == "text" else None
        return load_items(str(data), modality, named, kept, options.frames) if corpus is None else corpus
    found = load_in_memory(data, modality, column=named, columns=Columns(modality=modality, kept=kept))
    return with_scans(found, options.frames)


def _modality_there(data: Any) -> str:
    """What most of a folder's files are, or what the examples in memory are; texts in a file of texts."""
    if not isinstance(data, (str, os.PathLike)):
        return examples_modality(data)
    where = Path(data)
    names = (known_name(file) for file in (walk(where).files if where.is_dir() else [where]))
    return modality_of(names) or "image"


def own_test_set(options: TestSetKeywords) -> Any:
    """The test set among options where it is in memory, taken out of them; a path stays an option of the spec."""
    test = options.get("test")
    return None if test is None or isinstance(test, (str, os.PathLike)) else options.pop("test")


def own_probe(options: PretrainKeywords) -> Any:
    """The labelled data for a verdict among options where they are in memory; a path stays an option of the spec."""
    probe = options.get("probe")
    return None if probe is None or isinstance(probe, (str, os.PathLike)) else options.pop("probe")


def columns_of(options: ColumnOptions, modality: str = "", kept: str = "", task: str = "") -> Columns:
    """The columns that the options name.

    Args:
        options: of a verb.
        modality: of the examples, where it is known before.
        kept: see :class:`jeoni.data.kinds.Columns`.
        task: that the labels are read for; left out, what the options say. A verb without that option is about whole
            pictures, so that annotations of places in them are not looked for.
    """
    return Columns(
        image=options.image_column,
        text=options.text_column,
        audio=options.audio_column,
        label=options.label_column,
        group=options.group_column,
        pattern=options.group_pattern,
        modality=modality,
        kept=kept,
        frames=options.frames,
        task=annotations_for(task or getattr(options, "task", WHOLE)),
        classes=options.class_names,
        void=options.void,
    )


def _named_task(options: ColumnOptions) -> str:
    """The task that the user named, where the verb has such an option."""
    task = str(getattr(options, "task", ""))
    return "" if task == "auto" else task


def choose_backbone(data: Dataset, options: BackboneOptions) -> Backbone:
    """The backbone the user named, or the default for such data; its input fitted to them.

    Raises:
        ConfigError: a backbone for another modality.
        WeightsError: unknown.
        MissingExtra: the package with the weights is not installed.
    """
    name = default_backbone(data) if options.backbone == "auto" else options.backbone
    return fitted_to(load_backbone(name, options.weights, options.crop), data, options.seconds, options.value_window)
