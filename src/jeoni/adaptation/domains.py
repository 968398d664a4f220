"""Both domains as one data set, and apart again after the checks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jeoni.data.checks import Checked, worst_of
from jeoni.data.columns import class_numbers
from jeoni.data.item_columns import joined_lines
from jeoni.data.items import JoinedItems
from jeoni.data.splits import build_folds, repeats_for
from jeoni.errors import DataError
from jeoni.features.examples import Examples
from jeoni.features.extract import Extraction
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.types import Dataset, Finding, IntArray

__all__ = ["as_target", "domains_of", "join_domains"]


def join_domains(source: Dataset, target: Dataset) -> Dataset:
    """Source and target as one data set; the target has the source's classes and is its test part."""
    groups = None
    if source.groups is not None or target.groups is not None:
        first = np.arange(len(source)) if source.groups is None else source.groups
        second = np.arange(len(target)) if target.groups is None else target.groups
        groups = np.concatenate([first, second + first.max(initial=0) + 1])
    return replace(
        target,
        items=JoinedItems(source.items, target.items),
        targets=np.concatenate([source.targets, target.targets]),
        groups=groups,
        part=np.concatenate([np.full(len(source), "train", dtype="<U5"), target.part]),
        findings=(*source.findings, *target.findings),
        lines=joined_lines(source, target),
    )


def as_target(data: Dataset, names: tuple[str, ...]) -> tuple[Dataset, list[Finding]]:
    """The target with the source's class numbers, as a test part; items of other classes are not scored."""
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


def domains_of(
    data: Dataset, seen: Extraction, checked: Checked, *, folds: int = 5, repeats: int = 0, seed: int = 0
) -> tuple[Examples | None, Examples]:
    """Source, with folds, and target.

    Args:
        data: both domains, from :func:`join_domains`, or the target alone.
        seen: their extraction.
        checked: which examples can be used.
        folds: how many.
        repeats: how often they are drawn; 0 lets the number of examples decide.
        seed: of the draws.

    Raises:
        DataError: nothing usable in one of them, or a class without a source example.
    """
    usable = np.flatnonzero(checked.keep)
    own = data.part[usable] == "test"
    train, test = usable[~own], usable[own]
    if not len(test):
        raise DataError(f"No target item could be read. {worst_of(checked.findings)}")

    def part(index: IntArray, fold: IntArray) -> Examples:
        return Examples(data.select(index), checked.clusters[index], seen, index, fold)

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
    drawn = build_folds(labels, checked.clusters[train], folds, repeats or repeats_for(len(train)), seed)
    return part(train, drawn), target
