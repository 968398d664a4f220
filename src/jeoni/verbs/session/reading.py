"""From what the user hands over to a dataset, as the options say."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.data.columns import label_cells
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled, with_test
from jeoni.specs import BackboneOptions, ColumnOptions
from jeoni.specs.keywords import TestSetKeywords
from jeoni.tasks import reread_targets
from jeoni.types import Dataset

__all__ = ["choose_backbone", "columns_of", "own_test_set", "read"]


def read(data: Any, options: ColumnOptions, *, test: Any = None, modality: str = "", kept: str = "") -> Dataset:
    """Labelled data and, where one is given, their own test set as the part ``test``.

    Args:
        data: a path, what is in memory, or a Dataset; see :func:`jeoni.load_data`.
        options: name the columns.
        test: the same kinds; None or empty where there is none.
        modality: of the examples, where it is known before.
        kept: see :class:`jeoni.data.kinds.Columns`.

    Raises:
        DataError: what cannot be understood, and how to mend it.
    """
    columns = columns_of(options, modality, kept)
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


def own_test_set(options: TestSetKeywords) -> Any:
    """The test set among options where it is in memory, taken out of them; a path stays an option of the spec."""
    test = options.get("test")
    return None if test is None or isinstance(test, (str, os.PathLike)) else options.pop("test")


def columns_of(options: ColumnOptions, modality: str = "", kept: str = "") -> Columns:
    """The columns that the options name."""
    return Columns(
        image=options.image_column,
        text=options.text_column,
        audio=options.audio_column,
        label=options.label_column,
        group=options.group_column,
        pattern=options.group_pattern,
        modality=modality,
        kept=kept,
    )


def choose_backbone(data: Dataset, options: BackboneOptions) -> Backbone:
    """The backbone the user named, or the default for such data; its input fitted to them.

    Raises:
        ConfigError: a backbone for another modality.
        WeightsError: unknown.
        MissingExtra: the package with the weights is not installed.
    """
    name = default_backbone(data) if options.backbone == "auto" else options.backbone
    return fitted_to(load_backbone(name, options.weights, options.crop), data, options.seconds)
