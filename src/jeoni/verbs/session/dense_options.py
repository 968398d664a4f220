"""Options that say nothing where places in pictures are predicted: refused, never passed over in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jeoni.dense.protocol import DenseTask
from jeoni.dense.tasks.pose import Pose
from jeoni.errors import ConfigError
from jeoni.locale import Said
from jeoni.specs import CompareSpec, EvaluateSpec, FitSpec, PlanSpec, PredictSpec
from jeoni.specs.where import HERE
from jeoni.types import Dataset

__all__ = ["refuse_format", "refuse_subjects", "refuse_unused", "with_sigma"]

ANY = (FitSpec, CompareSpec, PlanSpec)
SCORING = (*ANY, EvaluateSpec)


@dataclass(frozen=True)
class Unused:
    """An option that tasks on places in pictures do not take.

    Attributes:
        option: its name, that of a spec's field.
        of: the specs of the verbs in which it is refused.
        usual: values that ask for nothing, its default among them.
        read: whether it is refused only where files of annotations were read, which need no column.
    """

    option: str
    of: tuple[type, ...]
    usual: tuple[Any, ...]
    read: bool = False

    @property
    def mend(self) -> Said:
        """Why, and what to do instead."""
        return Said("dense.no_column" if self.read else f"dense.no_{self.option}")


UNUSED = (
    Unused("drop_suspects", (FitSpec,), (False,)),
    Unused("repeats", (FitSpec, PlanSpec), (None, 1)),
    Unused("control_items", (FitSpec,), (1000,)),
    Unused("halving", (CompareSpec,), (False,)),
    Unused("class_weights", ANY, ("auto", "none")),
    Unused("reuse", ANY, ("auto",)),
    Unused("label_smoothing", ANY, (None, 0)),
    Unused("mixup", ANY, (None, 0)),
    Unused("logit_adjustment", ANY, (None, 0)),
    Unused("patience", ANY, (None, 0)),
    Unused("crop", ANY, ("squash",)),
    Unused("seconds", ANY, (None,)),
    Unused("on", (EvaluateSpec, PredictSpec), (HERE,)),
    Unused("frames", SCORING, ("middle",)),
    *(
        Unused(f"{kind}_column", SCORING, ("",), read=True)
        for kind in ("image", "text", "audio", "label", "group")
    ),
)  # fmt: skip


def refuse_unused(spec: Any, task: str, data: Dataset | None = None) -> None:
    """Say which of the options that were given mean nothing for a task on places in pictures.

    Args:
        spec: of a verb.
        task: its id.
        data: as they were read; None where there are none, as for a prediction.

    Raises:
        ConfigError: one was given; the message says why, and what to do instead.
    """
    for one in _of_verb(spec):
        value = getattr(spec, one.option)
        if value in one.usual or (one.read and (data is None or not data.format)):
            continue
        option = f"--{one.option.replace('_', '-')}"
        raise ConfigError(Said("dense.unused", option=option, value=repr(value), task=task, mend=one.mend))


def refuse_format(spec: PredictSpec, task: str) -> None:
    """For a model of whole examples, whose predictions are a table.

    Raises:
        ConfigError: a format of annotations was said.
    """
    if spec.format:
        raise ConfigError(Said("dense.no_format", value=repr(spec.format), task=task))


def refuse_subjects(spec: PredictSpec | EvaluateSpec, task: str) -> None:
    """For a model of whole examples, which knows no subjects in boxes.

    Raises:
        ConfigError: boxes, or how keypoints are scored, were said.
    """
    if spec.boxes:
        raise ConfigError(Said("dense.boxes_of_pose", value=repr(spec.boxes), task=task))
    sigma = getattr(spec, "oks_sigma", None)
    if sigma is not None:
        raise ConfigError(Said("dense.no_sigma", value=f"{sigma:g}"))


def _of_verb(spec: Any) -> Sequence[Unused]:
    return [one for one in UNUSED if isinstance(spec, one.of)]


def with_sigma(task: DenseTask, sigma: float | None) -> DenseTask:
    """A task of several subjects with one sigma for all its points, where the user says one.

    Raises:
        ConfigError: another task.
    """
    if sigma is None:
        return task
    if not isinstance(task, Pose) or not task.several:
        raise ConfigError(Said("dense.no_sigma", value=f"{sigma:g}"))
    return replace(task, sigmas=(sigma,) * len(task.points))
