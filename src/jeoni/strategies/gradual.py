"""Gradual unfreezing (ULMFiT, Howard & Ruder ACL 2018, arXiv:1801.06146): stages thaw one by one from the top.

Each stage's learning rate is that of the stage above divided by 2.6. Ours differs: a warm-up and a cosine in the place
of the slanted triangle; the head starts fitted, so the topmost stage thaws at once and the others share the first half.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.features.examples import Context, Examples
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup

__all__ = ["Gradual"]


@dataclass(frozen=True)
class Gradual(Finetune):
    """Fine-tuning in which stages start one after the other."""

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """See :meth:`Finetune.setup`."""
        frozen = self.frozen(backbone, train.of)
        recipe = self.resolved(backbone, len(train), depth_decay=1 / 2.6)
        apart = recipe.steps / (2 * max(1, backbone.n - frozen))
        config = FinetuneConfig("Gradual unfreezing", frozen, starts=lambda depth: round(depth * apart))
        return self._setup(backbone, context, recipe, config)
