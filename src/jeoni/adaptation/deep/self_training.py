"""Self-training in FixMatch's manner (Sohn et al. NeurIPS 2020, arXiv:2001.07685): a weak view teaches a strong one.

A target example whose weakly changed view is classified with confidence above a threshold teaches its strongly changed
view that class. For data with random views: images and audio. Ours takes as many target examples as source ones into
a batch, where the paper takes seven times as many: it starts from pretrained features, and each costs a pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from jeoni.adaptation.alignment import Alignment, Step
from jeoni.training.job import Update

__all__ = ["SelfTraining"]


@dataclass(frozen=True)
class SelfTraining(Alignment):
    """Pseudo-labels across views.

    Attributes:
        threshold: confidence from which on a prediction is believed.
    """

    threshold: float = 0.95

    strong_views: ClassVar[bool] = True
    # the paper's, which the loop reaches from below in short trainings
    preferred: ClassVar[Mapping[str, Any]] = {"ema": 0.999}

    def updates(self, step: Step) -> Iterator[Update]:
        """The task, and believed pseudo-labels."""
        rows = torch.cat([step.source, step.target, step.strong])
        logits = step.network(rows).float()
        source, weak, strong = logits.split([len(step.source), len(step.target), len(step.strong)])
        sure, labels = weak.detach().softmax(1).max(1)
        losses = nn.functional.cross_entropy(strong, labels, reduction="none")
        yield Update(step.task(source) + self.weight * (losses * (sure >= self.threshold)).mean())
