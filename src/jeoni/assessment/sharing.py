"""Of several tasks that are trained together: whether each is better than trained alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jeoni.assessment.holdout import Assessment, Strategy, assess
from jeoni.assessment.split import Split
from jeoni.backbones.backbone import Backbone
from jeoni.evaluation.compare import paired_difference, sentence
from jeoni.features.examples import Context, Examples
from jeoni.tasks import places, task_of
from jeoni.types import IntArray

__all__ = ["part_of", "sharing_verdicts"]

NOTHING_SHARED = (
    "each task has a head of its own on the same frozen features; nothing else is shared, so nothing can be gained or "
    "lost by it. To share what is trained: --strategy finetune."
)


def part_of(examples: Examples, name: str) -> tuple[Examples, IntArray]:
    """One of several tasks: the examples that have its label, and which they are, ``(m,)``."""
    task = task_of(examples.data).parts[name]
    targets = examples.data.targets[name]
    known = np.flatnonzero(task.known(targets))
    alone = replace(examples, data=replace(examples.data, targets=targets, task=task))
    return alone.select(known, examples.folds[:, known]), known


def sharing_verdicts(
    together: Assessment, strategy: Strategy, backbone: Backbone, split: Split, context: Context
) -> list[dict[str, Any]]:
    """Hold each task against training it alone: its name, a sentence, and the difference of its headline metric.

    Empty for a task without parts; one sentence for all where nothing was trained that they could share.
    """
    task = task_of(split.held.data)
    if task.parts and together.model.frozen == backbone.n:
        return [{"part": ", ".join(task.parts), "sentence": NOTHING_SHARED, "difference": None}]
    verdicts, columns = [], places(len(part.columns) for part in task.parts.values())
    for (name, part), place in zip(task.parts.items(), columns, strict=True):
        train, _ = part_of(split.train, name)
        test, known = part_of(split.held, name)
        alone = assess(strategy, backbone, Split(train, test if split.test else None), context)
        joint = together.predictions[:, known, place]
        gains = paired_difference(part, test.data.targets, joint, alone.predictions, test.groups, context.seed)
        gain, metric = gains[part.headline], part.metrics()[part.headline]
        said = sentence(gain, metric, n=len(test), who="sharing")
        verdicts.append({"part": name, "sentence": said, "difference": gain.as_dict()})
    return verdicts
