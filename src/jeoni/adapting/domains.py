"""Both domains as one data set, and apart again after the checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from jeoni.data.checks import Checked, check_labels, worst_of
from jeoni.data.columns import class_numbers
from jeoni.data.items import JoinedItems
from jeoni.data.read import load_items
from jeoni.data.splits import build_folds, repeats_for
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Examples
from jeoni.features.extract import Extraction
from jeoni.model import Model
from jeoni.prepare import read
from jeoni.spec import AdaptSpec
from jeoni.tasks import read_targets
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.types import Dataset, Finding, IntArray

__all__ = ["domains_of", "joined"]


def joined(
    source: str | Path | Dataset, target: str | Path | Dataset, spec: AdaptSpec, start: Model | None
) -> tuple[Dataset, list[Finding]]:
    """Both domains as one data set, the target as its test part, and what was found in their labels.

    Raises:
        DataError: domains of two kinds; a source without labels.
    """
    if spec.test:
        raise ConfigError(
            f"test is {spec.test!r}; an adaptation is scored on its target, whose labels teach nothing. Leave "
            "it out; to score on other items: jeoni evaluate RUN/model ITEMS."
        )
    if start is not None:
        there = _target(target, spec, start.backbone.input.modality, start.column)
        if there.modality != start.backbone.input.modality:
            raise DataError(
                f"The model takes {start.backbone.input.modality}s, the target holds {there.modality}s; both must be "
                "alike."
            )
        return _as_target(there, start.class_names)
    here = read_targets(source if isinstance(source, Dataset) else read(source, spec), "classification")
    findings = check_labels(here)
    there = _target(target, spec, here.modality, here.column)
    if there.modality != here.modality:
        raise DataError(f"The source holds {here.modality}s, the target {there.modality}s; both must be alike.")
    there, more = _as_target(there, class_names_of(here))
    groups = None
    if here.groups is not None or there.groups is not None:
        first = np.arange(len(here)) if here.groups is None else here.groups
        second = np.arange(len(there)) if there.groups is None else there.groups
        groups = np.concatenate([first, second + first.max(initial=0) + 1])
    return replace(
        there,
        items=JoinedItems(here.items, there.items),
        targets=np.concatenate([here.targets, there.targets]),
        groups=groups,
        part=np.concatenate([np.full(len(here), "train", dtype="<U5"), there.part]),
        findings=(*here.findings, *there.findings),
    ), [*findings, *more]


def _target(target: str | Path | Dataset, spec: AdaptSpec, modality: str, kept: str) -> Dataset:
    """With labels where there are any; read unless it was."""
    if isinstance(target, Dataset):
        return target
    try:
        return read(target, spec, modality=modality, kept=kept)
    except DataError as labelled:
        try:
            columns = {"image": spec.image_column, "text": spec.text_column, "audio": spec.audio_column}
            return load_items(target, modality, columns.get(modality, ""), kept)
        except DataError:
            raise labelled from None


def _as_target(data: Dataset, names: tuple[str, ...]) -> tuple[Dataset, list[Finding]]:
    """With the source's class numbers; items of other classes are not scored."""
    numbers, classes = data.targets, () if data.task is None else class_names_of(data, "jeoni adapt")
    if data.task is None:
        numbers, classes = class_numbers(data.targets.ravel().tolist())
    number = {name: k for k, name in enumerate(names)}
    own = np.array([*(number.get(name, -1) for name in classes), -1], dtype=np.int64)
    strange = [name for name in classes if name not in number]
    findings = [
        Finding("unknown_class", "", f"the source has no class {name!r}", "its items are not scored")
        for name in strange
    ]
    part = np.full(len(data), "test", dtype="<U5")
    return replace(data, targets=own[numbers], task=Classification(names), part=part), findings


def domains_of(data: Dataset, seen: Extraction, checked: Checked, spec: AdaptSpec) -> tuple[Examples | None, Examples]:
    """Source, with folds, and target.

    Raises:
        DataError: nothing usable in one of them, or a class without a source example.
    """
    usable = np.flatnonzero(checked.keep)
    own = data.part[usable] == "test"
    train, test = usable[~own], usable[own]
    if not len(test):
        raise DataError(f"No target item could be read. {worst_of(checked.findings)}")

    def part(index: IntArray, folds: IntArray) -> Examples:
        return Examples(data.select(index), checked.clusters[index], seen, index, folds)

    target = part(test, np.zeros((1, len(test)), dtype=np.int64))
    if not (data.part == "train").any():
        return None, target
    labels = data.targets[train]
    missing = [n for k, n in enumerate(class_names_of(data)) if not (labels == k).any()]
    if missing:
        raise DataError(
            f"After the checks no usable source example is left of: {', '.join(missing[:5])}. "
            f"{worst_of(checked.findings)}"
        )
    repeats = spec.repeats or repeats_for(len(train))
    return part(train, build_folds(labels, checked.clusters[train], spec.folds, repeats, spec.seed)), target
