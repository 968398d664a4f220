"""Training from scratch: the same network with random weights, the control of He, Girshick & Dollár ICCV 2019.

arXiv:1811.08883 asks for a fair rival: ours gets twice the steps of fine-tuning, a learning rate chosen by short
trials on a held-out part of the training examples, batch statistics, and the same augmentation. Texts and waves are
computed in bfloat16 where that is faster, for it is by far the longest training of all; its weights stay in float32.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.features.examples import Context, Examples
from jeoni.model import Model
from jeoni.spec import AUTO
from jeoni.strategies._tuning import Manner, held_out_score, tune
from jeoni.strategies.finetune import Finetune
from jeoni.training.depth import taps_for
from jeoni.training.precision import precision_for
from jeoni.training.settle import settle

__all__ = ["Scratch"]

LENGTH = 2.0
TRIAL = 0.2
RATES = (1.0, 10 / 3, 10.0)  # times that of fine-tuning: what ruins a network of some kind differs by its kind


@dataclass(frozen=True)
class Scratch(Finetune):
    """All stages re-initialised, all trained.

    Attributes:
        rates: what fine-tuning's learning rate for such networks is multiplied by; one is chosen, unless the recipe
            names a rate.
    """

    rates: tuple[float, ...] = RATES

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """The pixels."""
        return taps_for(backbone, 0, n, self.recipe)[1:]

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Choose a learning rate, then train everything from random weights."""
        twin = untrained_twin(backbone, context.seed)
        manner = Manner("From scratch", 0, warm_head=False, train_statistics=True, interpolate=False, reuse=0)
        own: dict[str, Any] = {"depth_decay": 1.0, "weight_decay": 0.05, "precision": precision_for(backbone)}
        trials: dict[float, float] = {}
        if self.recipe.learning_rate == AUTO:
            full = settle(self.recipe, {**backbone.preferred, **own}, len(train), LENGTH)
            short = replace(full, steps=max(10, round(TRIAL * full.steps)))
            for rate in (full.learning_rate * factor for factor in self.rates):
                tried = replace(short, learning_rate=rate, head_learning_rate=rate)
                trials[rate] = held_out_score(
                    twin,
                    train,
                    context,
                    tried,
                    manner,
                    head=self.head,
                    class_weights=self.class_weights,
                    source=backbone,
                )
            best = min(trials, key=lambda rate: trials[rate] if np.isfinite(trials[rate]) else np.inf)
            own |= {"learning_rate": best, "head_learning_rate": best}
        recipe = settle(self.recipe, {**backbone.preferred, **own}, len(train), LENGTH)
        model = tune(
            twin, train, context, recipe, manner, head=self.head, class_weights=self.class_weights, source=backbone
        )
        return replace(model, training={**model.training, "trials": {f"{k:g}": round(v, 5) for k, v in trials.items()}})
