"""Tasks: what is predicted. A task is one file: what a target is, its loss, its decoding, its scores."""

from jeoni.tasks.targets.choose import (
    as_cell,
    choose_task,
    read_column,
    read_targets,
    reread_targets,
    strata_of,
    task_of,
    with_decisions,
)
from jeoni.tasks.targets.load import load_data
from jeoni.tasks.targets.places import places
from jeoni.tasks.targets.protocol import Criterion, LossOptions, Task, Unreadable
from jeoni.tasks.targets.saved import distinct_names, finite_numbers, restore, task_names

__all__ = [
    "Criterion",
    "LossOptions",
    "Task",
    "Unreadable",
    "as_cell",
    "choose_task",
    "distinct_names",
    "finite_numbers",
    "load_data",
    "places",
    "read_column",
    "read_targets",
    "reread_targets",
    "restore",
    "strata_of",
    "task_names",
    "task_of",
    "with_decisions",
]
