"""Supervised pretraining: the labels of another task (Yosinski et al. NeurIPS 2014; Kornblith et al. CVPR 2019).

Fine-tuning under another name: the head that it learns is given up, the stages are kept. From random weights it is the
training from scratch. Whether it paid only labels of the task itself can say: those that taught it cannot judge it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds, repeats_for
from jeoni.errors import DataError
from jeoni.features.examples import Examples
from jeoni.pretraining.learning.method import Course, Pretrained, Start
from jeoni.specs import Recipe
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.scratch import Scratch
from jeoni.tasks import task_of

__all__ = ["Supervised"]

FOLDS = 5


@dataclass(frozen=True)
class Supervised:
    """Learn another task's labels."""

    modalities: ClassVar[tuple[str, ...]] = ("image", "audio", "text")
    supervised: ClassVar[bool] = True

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """Those of fine-tuning."""
        return tuple(dict.fromkeys((*Finetune(recipe=recipe).taps(backbone, n), Tap(backbone.n, True))))

    def learn(self, start: Start) -> Pretrained:
        """Train by the labels, and keep the stages.

        Raises:
            DataError: no labels.
        """
        if start.examples.data.task is None:
            raise DataError(
                "supervised learns from labels, and the data have none. Needed: a folder per class or a table with "
                "labels; without labels take vicreg (images, audio), masked_language (texts) or sparse_coding."
            )
        strategy = Scratch(recipe=start.recipe) if start.untrained else Finetune(recipe=start.recipe)
        model = strategy.fit(start.backbone, _with_folds(start), start.context)
        training = model.training
        course = [one for one in training["evaluations"] if one["loss"] is not None]
        steps = tuple(int(one["step"] or 0) for one in course)
        losses = Course(steps, {"loss": tuple(float(one["loss"] or 0) for one in course)})
        return Pretrained(model.backbone, model.frozen, model.reuse, training, losses)


def _with_folds(start: Start) -> Examples:
    """The examples with folds, by which the head that is fitted first is chosen."""
    examples = start.examples
    strata = task_of(examples.data).strata(examples.data.targets)
    folds = build_folds(strata, examples.clusters, FOLDS, repeats_for(len(examples)), start.context.seed)
    return replace(examples, folds=folds)
