"""Labels that only score: read where there are some, never needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jeoni.data.columns import class_numbers
from jeoni.errors import ConfigError
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.types import Dataset, Finding

__all__ = ["with_scoring_labels", "without_labels"]


def with_scoring_labels(data: Dataset) -> tuple[Dataset, list[Finding]]:
    """The data with classes ``(n,)``, -1 where there is none, and without parts: all items are clustered alike.

    Where there are no labels, or more classes than half the labelled items, the task stays None.

    Raises:
        ConfigError: several columns of labels, or labels of another task.
    """
    alone = np.full(len(data), "", dtype="<U5")
    if data.task is not None:
        class_names_of(data, "jeoni cluster")
        return replace(data, part=alone), []
    cells = data.targets if data.targets.ndim > 1 else data.targets[:, None]
    if cells.shape[1] > 1:
        raise ConfigError(
            f"The columns {', '.join(data.label_columns)} are {cells.shape[1]} columns of labels; clusters can be "
            "scored against one. Name it with --label-column."
        )
    numbers, names = class_numbers(cells[:, 0].tolist())
    known = int((numbers >= 0).sum())
    if len(names) < 2 or known < 2 * len(names):
        told = f"{len(names)} different labels of {known} items are no classes that clusters could be scored against"
        return without_labels(replace(data, part=alone)), [Finding("labels", "", told, "kept")] if names else []
    return replace(data, part=alone, task=Classification(names), targets=numbers), []


def without_labels(data: Dataset) -> Dataset:
    """The same items as if there were no labels: so that none of the checks goes by them."""
    return replace(data, task=None, targets=np.full((len(data), 1), None, dtype=object))
