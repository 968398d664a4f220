"""Which dense task annotations make, where the user does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from jeoni import plugins
from jeoni.data.annotations.vocabulary import in_vocabulary
from jeoni.dense.protocol import DenseTask
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.locale import Said
from jeoni.tasks import Task, Unreadable
from jeoni.types import Dataset

__all__ = ["TASKS", "annotations_for", "dense_task_of", "is_dense", "read_dense", "reread_dense", "restore_dense"]

TASKS = "jeoni.dense.tasks"


def annotations_for(task: str) -> str:
    """What formats of annotations are asked for, where a task is wanted: its family, which a stranger's task names.

    Example:
        >>> annotations_for("pose"), annotations_for("classification")
        ('pose', 'classification')
    """
    if task not in plugins.names(TASKS):
        return task
    return plugins.load(TASKS, task).family or "auto"


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
        where, known = data.origin or data.name, ", ".join(named)
        raise ConfigError(Said("dense.other_task", data=where, known=known, wanted=repr(wanted or "any other")))
    kind: type[DenseTask] = plugins.load(TASKS, wanted)
    if not kind.takes(first):
        raise DataError(
            Said("dense.holds_other", data=data.origin or data.name, wanted=wanted, other=type(first).__name__.lower()),
            path=data.origin or None,
        )
    try:
        task, findings = kind.read(annotations)
    except Unreadable as error:
        told = Said("dense.unreadable", data=data.origin or data.name, wanted=wanted, reason=reason_of(error))
        raise DataError(told, path=data.origin) from error
    read = with_dense(replace(data, findings=(*data.findings, *findings)), task.informed_by(data))
    return task.as_examples(read)


def reread_dense(data: Dataset, task: DenseTask) -> Dataset:
    """The same data, their annotations held against the vocabulary of a task that is known already.

    Raises:
        DataError: a name that it does not hold, or annotations of another kind.
    """
    data = replace(data, targets=in_vocabulary(data.targets, task.names))
    annotations = list(data.targets)
    if any(one is not None and not task.takes(one) for one in annotations):
        raise DataError(Said("dense.other_model", data=data.origin or data.name, task=task.id))
    try:
        task.reread(annotations)
    except Unreadable as error:
        told = Said("dense.no_fit", data=data.origin or data.name, reason=reason_of(error))
        raise DataError(told, path=data.origin) from error
    return task.as_examples(with_dense(data, task))


def reason_of(error: Exception) -> str:
    """What an error says, so that it can be told in another language."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)


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
