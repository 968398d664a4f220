"""Normalisation layers only (Frankle, Schwab & Morcos ICLR 2021, arXiv:2003.00152; Mudrakarta et al. ICLR 2019).

Scales and shifts of normalisation layers and the head are trained. Ours differs from both: the layers normalise with
the statistics they came with, so that a training on few examples cannot disturb them, and the head starts fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from jeoni.backbones.backbone import Backbone
from jeoni.features.examples import Context, Examples
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup

__all__ = ["NormOnly"]

KINDS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


@dataclass(frozen=True)
class NormOnly(Finetune):
    """Train scales and shifts of the normalisation layers above the cut, and the head."""

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """See :meth:`Finetune.setup`."""
        config = FinetuneConfig(
            "Normalisation only",
            self.frozen(backbone, train.of),
            wanted=lambda name, owner: isinstance(owner, KINDS),
        )
        recipe = self.resolved(backbone, len(train), learning_rate=3e-3, depth_decay=1.0)
        return self._setup(backbone, context, recipe, config)
