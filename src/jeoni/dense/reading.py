"""Which dense task annotations make, where the user does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from jeoni import plugins
from jeoni.data.annotations.vocabulary import in_vocabulary
from jeoni.dense.protocol import DenseTask
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.tasks import Task, Unreadable
from jeoni.types import Dataset

__all__ = ["TASKS", "dense_task_of", "is_dense", "read_dense", "reread_dense", "restore_dense"]

TASKS = "jeoni.dense.tasks"


def read_dense(data: Dataset, wanted: str = "auto") -> Dataset:
    """The same data, their annotations read as targets of a dense task.

    Args:
        data: as a format's reader gave them.
        wanted: a task's id, or ``auto``: what the annotations are.

    Raises:
        DataError: the annotations cannot be that.
        ConfigError: there is no such task.
    """
    annotations = list(data.targets)
    named = plugins.names(TASKS)
    first = next(one for one in annotations if one is not None)
    if wanted == "auto":
        wanted = next((name for name in named if plugins.load(TASKS, name).takes(first)), "")
    if wanted not in named:
        raise ConfigError(
            f"{data.origin or data.name} has annotations of places in pictures; its task can be {', '.join(named)}, "
            f"not {wanted or 'any other'!r}."
        )
    kind: type[DenseTask] = plugins.load(TASKS, wanted)
    if not kind.takes(first):
        raise DataError(
            f"{data.origin or data.name} cannot be read for {wanted}: it holds {type(first).__name__.lower()}.",
            path=data.origin or None,
        )
    try:
        task, findings = kind.read(annotations)
    except Unreadable as error:
        raise DataError(f"{data.origin or data.name} cannot be read for {wanted}. {error}", path=data.origin) from error
    return with_dense(replace(data, findings=(*data.findings, *findings)), task)


def reread_dense(data: Dataset, task: DenseTask) -> Dataset:
    """The same data, their annotations held against the vocabulary of a task that is known already.

    Raises:
        DataError: a name that it does not hold, or annotations of another kind.
    """
    data = replace(data, targets=in_vocabulary(data.targets, task.names))
    annotations = list(data.targets)
    if any(one is not None and not task.takes(one) for one in annotations):
        raise DataError(f"{data.origin or data.name} does not fit the model, whose task is {task.id}.")
    try:
        task.reread(annotations)
    except Unreadable as error:
        raise DataError(f"{data.origin or data.name} does not fit the model: {error}", path=data.origin) from error
    return with_dense(data, task)


def with_dense(data: Dataset, task: DenseTask) -> Dataset:
    """Data with a dense task: of tasks, what comes before a fit asks only for what both kinds offer."""
    return replace(data, task=cast(Task, task))


def is_dense(task: object) -> bool:
    """Whether a task is about places in pictures.

    Example:
        >>> from jeoni.dense.tasks.segmentation import Segmentation
        >>> is_dense(Segmentation(("sky", "tree")))
        True
    """
    return getattr(task, "link", "") == DenseTask.link


def dense_task_of(data: Dataset) -> DenseTask:
    """The task of data whose annotations were read."""
    assert is_dense(data.task)
    return cast(DenseTask, data.task)


def restore_dense(described: Mapping[str, Any]) -> DenseTask:
    """The task that ``{"id": …, **task.describe()}`` was made of.

    Raises:
        WeightsError: an unknown task, or fields that are not its own.
    """
    name = str(described.get("id"))
    if name not in plugins.names(TASKS):
        raise WeightsError(f"The model's task {name!r} is not known here; install the package it came with.")
    try:
        made: DenseTask = plugins.load(TASKS, name).restored({k: v for k, v in described.items() if k != "id"})
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise WeightsError(
            f"The model's task {name!r} cannot be made of what was saved of it ({type(error).__name__}: {error}). "
            "Copy the model folder anew."
        ) from error
    return made
