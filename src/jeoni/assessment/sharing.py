"""Of several tasks that are trained together: whether each is better than trained alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.assessment.holdout import Assessment, Strategy, assess
from jeoni.assessment.split import Split
from jeoni.backbones.backbone import Backbone
from jeoni.evaluation.compare import paired_difference, sentence
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said, paragraph
from jeoni.tasks import places, task_of
from jeoni.types import IntArray, Interval

__all__ = ["SharingVerdict", "part_of", "sharing_verdicts"]


@dataclass(frozen=True)
class SharingVerdict:
    """What sharing one network did to one task.

    Attributes:
        part: the task's name; of all of them where nothing is shared.
        said: the verdict in sentences.
        difference: of its headline metric, together minus alone; None where nothing is shared.
    """

    part: str
    said: list[Said]
    difference: Interval | None

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """For ``metrics.json``."""
        told = paragraph(self.said, language)
        difference = None if self.difference is None else self.difference.as_dict()
        return {"part": self.part, "sentence": told["summary"], "said": told["said"], "difference": difference}


def part_of(examples: Examples, name: str) -> tuple[Examples, IntArray]:
    """One of several tasks: the examples that have its label, and which they are, ``(m,)``."""
    task = task_of(examples.data).parts[name]
    targets = examples.data.targets[name]
    known = np.flatnonzero(task.known(targets))
    alone = replace(examples, data=replace(examples.data, targets=targets, task=task))
    return alone.select(known, examples.folds[:, known]), known


def sharing_verdicts(
    together: Assessment, strategy: Strategy, backbone: Backbone, split: Split, context: Context
) -> list[SharingVerdict]:
    """Hold each task against training it alone: its name, a sentence, and the difference of its headline metric.

    Empty for a task without parts; one sentence for all where nothing was trained that they could share.
    """
    task = task_of(split.held.data)
    if task.parts and together.model.frozen == backbone.n:
        return [SharingVerdict(", ".join(task.parts), [Said("sharing.nothing")], None)]
    verdicts, columns = [], places(len(part.columns) for part in task.parts.values())
    for (name, part), place in zip(task.parts.items(), columns, strict=True):
        train, _ = part_of(split.train, name)
        test, known = part_of(split.held, name)
        alone = assess(strategy, backbone, Split(train, test if split.test else None), context)
        joint = together.predictions[:, known, place]
        gains = paired_difference(part, test.data.targets, joint, alone.predictions, test.groups, context.seed)
        gain, metric = gains[part.headline], part.metrics()[part.headline]
        said = [sentence(gain, metric, who="sharing"), *_remarks(together, alone)]
        verdicts.append(SharingVerdict(name, said, gain))
    return verdicts


def _remarks(together: Assessment, alone: Assessment) -> list[Said]:
    """Where the task alone was not trained at all: its held-out examples preferred the linear probe."""
    if alone.model.training.get("share") == 0 and together.model.training.get("share") != 0:
        return [Said("sharing.probe_kept")]
    return []
