"""Predictions of a model, with the names of the examples and the reasons of those that could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jeoni.errors import ConfigError
from jeoni.tasks import Task
from jeoni.tasks.classification import Classification
from jeoni.types import Array, Dataset, FloatArray

__all__ = ["Predictions"]


@dataclass(frozen=True)
class Predictions:
    """Predictions for some examples.

    Attributes:
        names: of the examples that could be read.
        labels: what is predicted of each: a class's name, a number, a tuple of labels, a record of several tasks.
        values: ``(n, p)``: calibrated probabilities, or numbers in their units.
        columns: what the columns of ``values`` are.
        task: what was predicted.
        errors: name and reason of each example that could not be read.
        readable: ``(m,)`` of all examples: which could be read.
        seen: ``(n,)``: which of the readable ones the model was fitted on; none where that is not known.
        data: the examples that could be read; None where they are not known.
    """

    names: list[str]
    labels: list[Any]
    values: FloatArray
    columns: tuple[str, ...]
    task: Task
    errors: dict[str, str] = field(default_factory=dict)
    readable: Array = field(default_factory=lambda: np.zeros(0, dtype=bool), repr=False)
    seen: Array = field(default_factory=lambda: np.zeros(0, dtype=bool), repr=False)
    data: Dataset | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def certainty(self) -> FloatArray:
        """``(n,)``: how sure each prediction is, 0 … 1; NaN where the task cannot tell."""
        return self.task.certainty(self.values)

    @property
    def probs(self) -> FloatArray:
        """``(n, classes)`` of a classification.

        Raises:
            ConfigError: another task.
        """
        if not isinstance(self.task, Classification):
            raise ConfigError(f"A {self.task.id} has no probabilities of classes; see `values` and `columns`.")
        return self.values

    @property
    def class_names(self) -> tuple[str, ...]:
        """The columns of :attr:`probs`."""
        return self.task.class_names if isinstance(self.task, Classification) else ()
