"""What the fit, the comparison and the plan of places in pictures begin with."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.data.checks import check_labels
from jeoni.dense.protocol import DenseTask
from jeoni.dense.reading import dense_task_of, read_dense, with_dense
from jeoni.specs import CompareSpec, FitSpec, PlanSpec
from jeoni.types import Dataset, Finding
from jeoni.verbs.session.dense_options import refuse_unused, with_sigma

__all__ = ["ReadPlaces", "read_places"]


@dataclass(frozen=True)
class ReadPlaces:
    """Annotated pictures whose annotations were read.

    Attributes:
        data: the pictures.
        task: what their annotations are targets of.
        findings: of the checks of annotations.
    """

    data: Dataset
    task: DenseTask
    findings: list[Finding]


def read_places(dataset: Dataset, spec: FitSpec | CompareSpec | PlanSpec) -> ReadPlaces:
    """Read annotations as the options say.

    Args:
        dataset: as a format's reader gave it.
        spec: may name a task.

    Raises:
        DataError: annotations that cannot be used.
        ConfigError: an option that these tasks do not take.
    """
    data = read_dense(dataset, spec.task)
    task = with_sigma(dense_task_of(data), getattr(spec, "oks_sigma", None))
    data = with_dense(data, task)
    refuse_unused(spec, task.id, data)
    return ReadPlaces(data, task, check_labels(data))
