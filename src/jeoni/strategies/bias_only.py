"""BitFit (Ben Zaken, Ravfogel & Goldberg ACL 2022, arXiv:2106.10199): biases only, and the head.

Shifts of normalisation layers count as biases, as theirs do. Ours differs: the head starts fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.features.examples import Context, Examples
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup

__all__ = ["BiasOnly"]


@dataclass(frozen=True)
class BiasOnly(Finetune):
    """Train the biases above the cut, and the head."""

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """See :meth:`Finetune.setup`."""
        config = FinetuneConfig(
            "Biases only",
            self.frozen(backbone, train.of),
            wanted=lambda name, owner: name.rpartition(".")[2] == "bias",
        )
        recipe = self.resolved(backbone, len(train), learning_rate=3e-3, depth_decay=1.0)
        return self._setup(backbone, context, recipe, config)
