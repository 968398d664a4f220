"""From what the user hands over of two domains to one dataset: the target is its test part."""

from __future__ import annotations

from typing import Any

from jeoni.adaptation.domains import as_target, join_domains
from jeoni.data.checks import check_labels
from jeoni.data.kinds import plural
from jeoni.errors import DataError
from jeoni.models.model import Model
from jeoni.specs import ColumnOptions
from jeoni.tasks import read_targets
from jeoni.tasks.classification import class_names_of
from jeoni.types import Dataset, Finding
from jeoni.verbs.session.reading import read, read_maybe_labelled

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
