"""A task again from what a model folder says of it; nothing in that is trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jeoni import plugins
from jeoni.data.kinds import composed
from jeoni.errors import WeightsError
from jeoni.tasks.targets.protocol import Task

__all__ = ["distinct_names", "finite_numbers", "restore", "task_names"]

TASKS = "jeoni.tasks"


def task_names() -> tuple[str, ...]:
    """The tasks there are."""
    return plugins.names(TASKS)


def restore(described: Mapping[str, Any]) -> Task:
    """The task that ``{"id": …, **task.describe()}`` was made of.

    Raises:
        WeightsError: an unknown task, or fields that are not its own.
    """
    name = str(described.get("id"))
    if name not in task_names():
        raise WeightsError(f"The model's task {name!r} is not known here; install the package it came with.")
    known = {k: v for k, v in described.items() if k != "id"}
    try:
        made: Task = plugins.load(TASKS, name).restored(known)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise WeightsError(
            f"The model's task {name!r} cannot be made of what was saved of it ({type(error).__name__}: {error}). "
            "Copy the model folder anew."
        ) from error
    return made


def distinct_names(values: Any) -> tuple[str, ...]:
    """Names as they were saved.

    Raises:
        ValueError: something else than texts, two that are the same, or none.
    """
    if not isinstance(values, list) or not values or not all(isinstance(v, str) and len(v) <= 10_000 for v in values):
        raise ValueError("names must be a list of texts")
    names = tuple(composed(v) for v in values)
    if len(set(names)) < len(names):
        raise ValueError("two names are the same")
    return names


def finite_numbers(values: Any, count: int, low: float = -math.inf, high: float = math.inf) -> tuple[float, ...]:
    """Numbers as they were saved.

    Raises:
        ValueError: another count, something else than finite numbers, or numbers out of bounds.
    """
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{count} numbers are needed")
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values):
        raise ValueError("numbers must be finite")
    if not all(low <= v <= high for v in values):
        raise ValueError(f"numbers must lie between {low:g} and {high:g}")
    return tuple(float(v) for v in values)
