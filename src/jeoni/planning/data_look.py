"""A look at the data before anything is trained: their profile, labels that are probably wrong, and more labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.assessment.label_noise import find_label_noise
from jeoni.assessment.out_of_fold import out_of_fold_probs
from jeoni.assessment.suspects import Outcome, Suspects
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said
from jeoni.planning.more_labels import MoreLabels, can_tell, more_labels
from jeoni.planning.profile import Examined, Profile, profile_of
from jeoni.tasks import task_of
from jeoni.tasks.classification import Classification

__all__ = ["DataLook", "look_at_data"]


@dataclass(frozen=True)
class DataLook:
    """What a plan says of the data.

    Attributes:
        profile: sizes, classes, lengths, and what stands out.
        suspects: labels of the training part that are probably wrong; None for a task without classes.
        more: what more labels would add; None where that cannot be told.
    """

    profile: Profile
    suspects: Suspects | None
    more: MoreLabels | None

    @property
    def said(self) -> list[Said]:
        """What is worth a sentence: labels that are clearly wrong, and more labels."""
        found = self._outcome.said if self._outcome else []
        return [*found, *([self.more.said] if self.more else [])]

    @property
    def _outcome(self) -> Outcome | None:
        if self.suspects is None:
            return None
        return Outcome(self.suspects, trained_on=len(self.suspects.index), without=None, difference=None, headline="")

    def as_dict(self) -> dict[str, Any]:
        """For ``plan.json``."""
        return {
            "profile": self.profile.as_dict(),
            "label_noise": self._outcome.as_dict() if self._outcome else None,
            "more_labels": self.more.as_dict() if self.more else None,
        }


def look_at_data(
    ready: Examined, train: Examples, backbone: Backbone, context: Context, class_weights: str = "auto"
) -> DataLook:
    """Describe the data, judge the labels out of fold, and measure the learning curve; all on cached features.

    Args:
        ready: all examples, and what the checks found.
        train: those that are learned from, with folds and the backbone's features; a test set takes no part.
        backbone: whose topmost features are used.
        context: store, seed.
        class_weights: of the head that judges labels.
    """
    task = task_of(train.data)
    suspects = None
    if isinstance(task, Classification):
        probs = out_of_fold_probs(backbone, train, context, class_weights=class_weights)
        if len(probs):
            noise = find_label_noise(train.data.targets, probs.mean(0), groups=train.groups, seed=context.seed)
            suspects = Suspects(noise, train.index, np.zeros(len(train), dtype=bool))
    more = None
    if can_tell(task, len(train)):
        features = train.features(backbone, Tap(backbone.n, True))
        more = more_labels(features, train.data.targets, task, train.clusters, seed=context.seed, store=context.store)
    return DataLook(profile_of(ready, backbone, context.seed), suspects, more)
