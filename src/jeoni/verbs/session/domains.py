"""From what the user hands over of two domains to one dataset: the target is its test part."""

from __future__ import annotations

import os
from typing import Any

from jeoni.adaptation.domains import as_target, join_domains
from jeoni.data.checks import check_labels
from jeoni.data.in_memory import load_in_memory
from jeoni.data.kinds import Columns, plural
from jeoni.data.read import load_items
from jeoni.errors import DataError
from jeoni.models.model import Model
from jeoni.specs import ColumnOptions
from jeoni.tasks import read_targets
from jeoni.tasks.classification import class_names_of
from jeoni.types import Dataset, Finding
from jeoni.verbs.session.reading import columns_of, read

__all__ = ["read_domains"]


def read_domains(
    source: Any, target: Any, options: ColumnOptions, start: Model | None = None
) -> tuple[Dataset, list[Finding]]:
    """Both domains as one dataset, and what was found in their labels.

    Args:
        source: labelled; not read where there is a model in its place.
        target: with or without labels.
        options: name the columns.
        start: a model of the source.

    Raises:
        DataError: domains of two modalities; a source without labels.
    """
    if start is not None:
        modality = start.backbone.input.modality
        there = _read_target(target, options, modality, start.column)
        if there.modality != modality:
            raise DataError(
                f"The model takes {plural(modality)}, the target holds {plural(there.modality)}; both must be alike."
            )
        return as_target(there, start.class_names)
    here = read_targets(read(source, options), "classification")
    findings = check_labels(here)
    there = _read_target(target, options, here.modality, here.column)
    if there.modality != here.modality:
        raise DataError(
            f"The source holds {plural(here.modality)}, the target {plural(there.modality)}; both must be alike."
        )
    there, more = as_target(there, class_names_of(here))
    return join_domains(here, there), [*findings, *more]


def _read_target(target: Any, options: ColumnOptions, modality: str, kept: str) -> Dataset:
    """With labels where there are any; read unless it was."""
    if isinstance(target, Dataset):
        return target
    try:
        return read(target, options, modality=modality, kept=kept)
    except DataError as labelled:
        try:
            column, of = columns_of(options).items
            named = column if of == modality else ""
            if isinstance(target, (str, os.PathLike)):
                return load_items(str(target), modality, named, kept)
            return load_in_memory(target, modality, column=named, columns=Columns(modality=modality, kept=kept))
        except DataError:
            raise labelled from None
