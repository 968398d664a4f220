"""Which task label cells make, where the user does not say; and a task again from what was saved of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jeoni import plugins
from jeoni.data.annotations import are_annotations
from jeoni.data.columns import is_empty, is_missing
from jeoni.errors import DataError
from jeoni.locale import Said
from jeoni.tasks.targets.numbers import all_numbers, number_in
from jeoni.tasks.targets.places import places
from jeoni.tasks.targets.protocol import Task, Unreadable
from jeoni.types import Array, Dataset, Finding, IntArray

__all__ = [
    "as_cell",
    "choose_task",
    "read_column",
    "read_targets",
    "reread_targets",
    "strata_of",
    "task_of",
    "with_decisions",
]

TASKS = "jeoni.tasks"
MANY_NUMBERS = 20  # different values above which a column of numbers is measured rather than counted
FEW_EACH = 5  # examples of each whole number below which whole numbers are measurements too
SHARE = 0.02  # of cells that hold a separator, from which on they are sets of labels


def read_targets(data: Dataset, wanted: str = "auto", single_class: bool = False) -> Dataset:
    """The same data, their label cells read as targets of a task.

    Args:
        data: as a reader gave them: ``targets`` are cells ``(n,)`` or ``(n, columns)``.
        wanted: a task's id, or ``auto``: what the cells look like.
        single_class: allow one class only, as a test set may hold.

    Raises:
        DataError: the cells cannot be that.
        ConfigError: there is no such task.
    """
    if data.task is not None:
        return data
    if are_annotations(data.targets):
        raise DataError(
            f"{data.origin or data.name} holds annotations of places in pictures, which cannot be read as labels of "
            "whole ones. `jeoni fit`, `compare`, `evaluate` and `predict` take them; other verbs need one folder per "
            "class, or a table with a column of labels.",
            path=data.origin or None,
        )
    columns = _columns(data)
    if all(is_empty(cell) for cells in columns.values() for cell in cells):
        raise DataError(Said("error.no_labels", data=data.origin or data.name), path=data.origin or None)
    findings: list[Finding] = []
    if wanted == "auto":
        wanted, findings = choose_task(columns)
    try:
        task, targets, more = read_column(wanted, columns)
    except Unreadable as error:
        raise DataError(f"{data.origin or data.name} cannot be read for {wanted}. {error}", path=data.origin) from error
    if task.link == "softmax" and task.width < 2 and not single_class:
        (only,) = task.named_targets(targets[:1])
        raise DataError(Said("error.one_class", data=data.origin or data.name, only=only), path=data.origin)
    return replace(data, task=task, targets=targets, findings=(*data.findings, *findings, *more))


def reread_targets(data: Dataset, task: Task) -> Dataset:
    """The same data, their label cells read in the vocabulary of a task that is known already.

    Raises:
        DataError: cells that it does not hold.
    """
    columns = _columns(data) if data.task is None else data.task.cells(data.targets)
    try:
        return replace(data, task=task, targets=task.reread(columns))
    except Unreadable as error:
        raise DataError(f"{data.origin or data.name} does not fit the model: {error}", path=data.origin) from error


def task_of(data: Dataset) -> Task:
    """The task of data whose targets were read.

    Raises:
        DataError: they were not.
    """
    if data.task is None:
        raise DataError(
            f"The labels of {data.origin or data.name} were not read yet; see jeoni.tasks.choose.read_targets."
        )
    return data.task


def strata_of(data: Dataset) -> IntArray:
    """``(n,)``: what folds of the data keep in proportion."""
    return task_of(data).strata(data.targets)


def read_column(wanted: str, columns: Mapping[str, Sequence[Any]]) -> tuple[Task, Array, list[Finding]]:
    """Task, targets and remarks of cells; see :meth:`Task.read`."""
    kind: type[Task] = plugins.load(TASKS, wanted)
    return kind.read(columns)


def choose_task(columns: Mapping[str, Sequence[Any]]) -> tuple[str, list[Finding]]:
    """Recognise the task of cells, and report how.

    Example:
        >>> choose_task({"y": ["a;b", "b;c", "a", "c"]})[0], choose_task({"y": ["a", "b"]})[0]
        ('multilabel', 'classification')
    """
    if len(columns) > 1:
        return _choose_of_several(columns)
    ((column, cells),) = columns.items()
    filled = [c for c in cells if not is_missing(c) and str(c).strip()]
    if any(isinstance(c, (list, tuple, set, np.ndarray)) for c in filled):
        return "multilabel", [_said(f"the cells of {column!r} hold several labels each", "multilabel")]
    if all_numbers(filled):
        return _choose_of_numbers(column, filled)
    return _choose_of_words(column, filled)


def _choose_of_several(columns: Mapping[str, Sequence[Any]]) -> tuple[str, list[Finding]]:
    if all(_holds_zero_one(cells) for cells in columns.values()):
        return "multilabel", [_said("the label columns hold 0 and 1", "multilabel", "multitask")]
    return "multitask", []


def _holds_zero_one(cells: Sequence[Any]) -> bool:
    values = {str(c).strip().lower().removesuffix(".0") for c in cells if not is_missing(c) and str(c).strip()}
    return bool(values) and values <= {"0", "1", "true", "false"}


def _choose_of_numbers(column: str, cells: Sequence[Any]) -> tuple[str, list[Finding]]:
    """Many different numbers are measurements; few are names of classes."""
    values = np.array([number_in(c) for c in cells], dtype=np.float64)
    different = len(np.unique(values))
    if different <= MANY_NUMBERS:
        return "classification", []
    whole = bool((values == np.rint(values)).all())
    if whole and len(values) >= FEW_EACH * different:
        text = f"the {different} whole numbers of {column!r} are taken for classes"
        return "classification", [_said(text, "classification", "regression")]
    return "regression", [
        _said(f"the column {column!r} holds {different} different numbers", "regression", "classification")
    ]


def _choose_of_words(column: str, cells: Sequence[Any]) -> tuple[str, list[Finding]]:
    """Sets of labels, where a separator is frequent and most of its pieces come again in other cells."""
    for separator in (";", "|"):
        parted = [str(c) for c in cells if separator in str(c)]
        if len(parted) < max(2, SHARE * len(cells)):
            continue
        uses = Counter(piece for cell in {str(c) for c in cells} for piece in _pieces(cell, separator))
        if sum(count > 1 for count in uses.values()) < len(uses) / 2:
            continue
        text = f"cells of {column!r} such as {parted[0][:40]!r} are taken for several labels"
        return "multilabel", [_said(text, "multilabel", "classification")]
    return "classification", []


def _pieces(cell: str, separator: str) -> set[str]:
    return {piece.strip() for piece in cell.split(separator) if piece.strip()}


def _said(text: str, task: str, other: str = "classification") -> Finding:
    return Finding("task", "", f"{text}: the task is {task}", f"if another is meant, say --task {other}")


def with_decisions(task: Task, outputs: Array, targets: Array) -> Task:
    """The task with what held-out outputs ``(n, width)`` decide about it, such as each label's threshold."""
    if task.parts:
        decided = []
        columns = places(part.width for part in task.parts.values())
        for (name, part), place in zip(task.parts.items(), columns, strict=True):
            known = part.known(targets[name])
            decided.append((name, with_decisions(part, outputs[known][:, place], targets[name][known])))
        return replace(task, tasks=tuple(decided))  # type: ignore[type-var]  # a dataclass made of parts
    choose = getattr(task, "with_thresholds", None)
    return task if choose is None else choose(outputs, targets)


def as_cell(label: Any) -> str:
    """A label or prediction in one cell of a table: labels parted by ;, a record's parts by their names."""
    if isinstance(label, dict):
        return "; ".join(f"{name}: {as_cell(value)}" for name, value in label.items())
    if isinstance(label, tuple):
        return ";".join(map(as_cell, label)) or "-"
    return f"{label:.5g}" if isinstance(label, float) else str(label)


def _columns(data: Dataset) -> dict[str, Sequence[Any]]:
    """Cells by column."""
    cells = data.targets if data.targets.ndim == 2 else data.targets[:, None]
    names = data.label_columns or ("label",)
    return {name: cells[:, k].tolist() for k, name in enumerate(names)}
