"""From what the user hands over of a pool and its labels to one dataset, in which most items have no label."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.columns import class_numbers
from jeoni.data.item_columns import joined_lines
from jeoni.data.items import JoinedItems
from jeoni.data.kinds import plural
from jeoni.data.label_tables import is_label_table, match_labels
from jeoni.errors import DataError
from jeoni.specs import QuerySpec
from jeoni.tasks.classification import Classification
from jeoni.types import Array, Dataset
from jeoni.verbs.session.reading import read, read_maybe_labelled, read_unlabelled

__all__ = ["LabelledPool", "check_budget", "read_pool"]


@dataclass(frozen=True)
class LabelledPool:
    """A pool, its labels, and labelled items from elsewhere.

    Attributes:
        data: all of them; a target is the number of a class, -1 where there is no label.
        in_pool: ``(n,)`` bool: items of the pool.
    """

    data: Dataset
    in_pool: Array

    @property
    def free(self) -> Array:
        """``(n,)`` bool: items of the pool without a label."""
        found: Array = self.in_pool & (self.data.targets < 0)
        return found


def read_pool(pool: Any, labelled: Any, spec: QuerySpec) -> LabelledPool:
    """The pool with the labels there are.

    Args:
        pool: items, with or without labels; their own labels count where no others are given.
        labelled: a table of items and labels, a folder per class, in memory what :func:`match_labels` takes or
            labelled data; None or empty where there is none.
        spec: names the columns.

    Raises:
        DataError: data or labels that cannot be understood, of another modality, or of items that are not there.
    """
    if labelled is None or (isinstance(labelled, (str, Path)) and not str(labelled)):
        data = read_maybe_labelled(pool, spec)
        return _numbered(data, data.targets[:, 0] if data.task is None else _cells(data), np.ones(len(data), bool))
    unlabelled = spec.changed(label_column=None)
    data = pool if isinstance(pool, Dataset) else read_unlabelled(pool, unlabelled)
    if not isinstance(labelled, Dataset) and is_label_table(labelled):
        return _numbered(data, match_labels(labelled, data, spec.label_column), np.ones(len(data), bool))
    known = labelled if isinstance(labelled, Dataset) else read(_folder(labelled), spec, modality=data.modality)
    if known.modality != data.modality:
        raise DataError(
            f"The pool holds {plural(data.modality)}, the labelled data {plural(known.modality)}; both must be alike."
        )
    cells = _cells(known) if known.task is not None else known.targets[:, 0]
    joined = replace(
        data,
        items=JoinedItems(data.items, known.items),
        targets=np.concatenate([np.full(len(data), None, dtype=object), cells]),
        groups=None,
        part=np.full(len(data) + len(known), "", dtype="<U5"),
        findings=(*data.findings, *known.findings),
        lines=joined_lines(data, known),
        task=None,
    )
    return _numbered(joined, joined.targets, np.arange(len(joined)) < len(data))


def _folder(labelled: Any) -> Any:
    if isinstance(labelled, (str, os.PathLike)) and not Path(labelled).exists():
        raise DataError(
            f"--labelled: {labelled} does not exist. Needed: a table with a column of paths or texts and one of "
            "labels, or a folder with one folder per class.",
            path=str(labelled),
        )
    return labelled


def _cells(data: Dataset) -> Array:
    """Class names as cells, None where there is no label."""
    assert data.task is not None
    (names,) = data.task.cells(data.targets).values()
    return np.array([*names, None], dtype=object)[:-1]


def _numbered(data: Dataset, cells: Array, in_pool: Array) -> LabelledPool:
    numbers, names = class_numbers(cells.tolist())
    return LabelledPool(replace(data, targets=numbers, task=Classification(names)), in_pool)


def check_budget(pool: LabelledPool, spec: QuerySpec) -> None:
    """Whether there is as much to label as is asked for, before anything is computed.

    Raises:
        DataError: an empty pool, one whose items all have labels, or fewer of them than the budget; of a simulation,
            a pool without labels, or with labels of one class only.
    """
    data, free = pool.data, int(pool.free.sum())
    where, labelled = data.origin or data.name, int((data.targets >= 0).sum())
    if not len(data):
        raise DataError(f"{where} holds no items; at least one is needed.", path=data.origin)
    if spec.simulate:
        _check_simulation(pool, spec, labelled, where)
        return
    if not free:
        raise DataError(
            f"All {int(pool.in_pool.sum()):,} items of {where} have a label already, so that none is left to ask for. "
            "Learn from them with `jeoni fit`; to see what querying would have saved: --simulate.",
            path=data.origin,
        )
    if spec.budget > free:
        raise DataError(
            f"The budget is {spec.budget:,}, and {where} holds {free:,} items without a label. Ask for {free:,} at "
            "most (--budget), or add items to the pool.",
            path=data.origin,
        )


def _check_simulation(pool: LabelledPool, spec: QuerySpec, labelled: int, where: str) -> None:
    origin = pool.data.origin
    if not labelled:
        raise DataError(
            f"{where} has no labels, and a simulation labels again what has labels. Give labelled data: a folder per "
            "class, or a table with a column of labels.",
            path=origin,
        )
    names = np.unique(pool.data.targets[pool.data.targets >= 0])
    if len(names) < 2:
        assert isinstance(pool.data.task, Classification)
        raise DataError(
            f"All labels of {where} are {pool.data.task.class_names[int(names[0])]!r}. A simulation needs two classes "
            "at least.",
            path=origin,
        )
    own_test = (pool.data.part == "test") & (pool.data.targets >= 0)
    there = labelled - int(own_test.sum()) if own_test.any() else int(labelled * 2 / 3)
    if spec.budget > there:
        raise DataError(
            f"The budget is {spec.budget:,}, and a simulation on {where} has a pool of {there:,} items: the others are "
            f"scored on. Ask for {there:,} at most (--budget).",
            path=origin,
        )
