"""From what the user hands over of two domains to one dataset: the target is its test part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jeoni.adaptation.domains import as_target, join_domains
from jeoni.data.checks import check_labels
from jeoni.data.columns import class_numbers
from jeoni.data.kinds import plural
from jeoni.data.label_tables import match_labels
from jeoni.errors import DataError
from jeoni.models.model import Model
from jeoni.specs import ColumnOptions
from jeoni.tasks import read_targets
from jeoni.tasks.classification import class_names_of
from jeoni.types import Dataset, Finding, IntArray
from jeoni.verbs.session.reading import read, read_maybe_labelled

__all__ = ["read_domains", "target_labels"]


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
        there = read_maybe_labelled(target, options, modality, start.column)
        if there.modality != modality:
            raise DataError(
                f"The model takes {plural(modality)}, the target holds {plural(there.modality)}; both must be alike."
            )
        return as_target(there, start.class_names)
    here = read_targets(read(source, options), "classification")
    findings = check_labels(here)
    there = read_maybe_labelled(target, options, here.modality, here.column)
    if there.modality != here.modality:
        raise DataError(
            f"The source holds {plural(here.modality)}, the target {plural(there.modality)}; both must be alike."
        )
    there, more = as_target(there, class_names_of(here))
    return join_domains(here, there), [*findings, *more]


def target_labels(labels: Any, data: Dataset, label_column: str = "") -> IntArray:
    """``(n,)``: the classes that given labels name, of both domains' items; -1 where none was given.

    Args:
        labels: as :func:`jeoni.data.label_tables.match_labels` takes them; they name items of the target.
        data: both domains, from :func:`read_domains`.
        label_column: the one that holds the labels.

    Raises:
        DataError: labels that cannot be understood, of items that are not in the target, or of classes that the source
            does not have.
    """
    there = np.flatnonzero(data.part == "test")
    # the origin and the lines are those of the target, which came second
    target = replace(data, items=data.items.select(there), targets=data.targets[there], groups=None,
                     part=data.part[there], lines=None)  # fmt: skip
    numbers, named = class_numbers(match_labels(labels, target, label_column, "--labels").tolist())
    names = class_names_of(data)
    strange = [name for name in named if name not in names]
    if strange:
        raise DataError(
            f"The labels name {', '.join(map(repr, strange[:5]))}, which is no class of the source: "
            f"{', '.join(names[:20])}. Correct them, or add examples of it to the source."
        )
    own = np.array([*(names.index(name) for name in named), -1], dtype=np.int64)
    found = np.full(len(data), -1, dtype=np.int64)
    found[there] = own[numbers]
    return found
