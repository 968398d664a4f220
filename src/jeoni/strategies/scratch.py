"""Training from scratch: the same network with random weights, the control of He, Girshick & Dollár ICCV 2019.

arXiv:1811.08883 asks for a fair rival: ours gets twice the steps of fine-tuning, a learning rate chosen by short
trials on a held-out part of the training examples, batch statistics, and the same augmentation. A trial may count
itself: where it has memorised its examples and they look the same in every epoch, so that a longer training has
nothing to learn from; and where the long training comes to less on the held-out part, or ends as a constant predictor,
as transformers do at a rate that is too high for them. Texts and waves are computed in bfloat16 where that
is faster, for it is by far the longest training of all; its weights stay in float32.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said
from jeoni.models.model import Model
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.expected import expected_work
from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.strategies.finetuning.setup import FinetuneConfig
from jeoni.strategies.finetuning.tuning import FEW, Trial, attempt, tune
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.depth import taps_for
from jeoni.training.job import Diverged
from jeoni.training.work import Training, Work

__all__ = ["Scratch"]

LENGTH = 2.0
TRIAL = 0.2  # of all steps; twice as many where few examples, alike in every epoch, may then be memorised
CLEAR = 2.0  # standard errors
RATES = (1.0, 10 / 3, 10.0)  # times that of fine-tuning: what ruins a network of some kind differs by its kind
CONFIG = FinetuneConfig(
    "From scratch", 0, warm_head=False, train_statistics=True, interpolate=False, to_the_end=True, reuse=0
)
NO_CONTROL = Said("warning.no_control")


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

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """Short trials of the learning rates, then the long training."""
        full = self.resolved(backbone, n, LENGTH, long=True, depth_decay=1.0, weight_decay=0.05)
        whole = expected_work(backbone, n, full, 0, interpolate=False, to_the_end=True, statistics=True, heads=0)
        if self.recipe.learning_rate is not None:
            return whole
        unchanging = full.views == 0 or not backbone.input.varied
        longer = 2 if unchanging and n < FEW else 0
        tried = full.steps * TRIAL * (len(self.rates) + longer)
        return whole + Work(0, (Training(backbone, 0, full, tried, True),))

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Choose a learning rate, then train everything from random weights."""
        twin = untrained_twin(backbone, context.seed)
        full = self.resolved(backbone, len(train), LENGTH, long=True, depth_decay=1.0, weight_decay=0.05)
        named: dict[str, Any] = {"head": self.head, "class_weights": self.class_weights, "source": backbone}

        def tuned(recipe: ResolvedRecipe, begun: Trial | None = None) -> Model:
            return tune(twin, train, context, recipe, CONFIG, begun=begun, **named)

        if self.recipe.learning_rate is not None:
            return _said(tuned(full), {}, "", context)
        trials = {
            rate: attempt(twin, train, context, self._part(full, rate), CONFIG, **named)
            for rate in (full.learning_rate * factor for factor in self.rates)
        }
        rate = _choose(trials)
        if rate is None:  # too short to tell: not the fastest, which ruins, nor the slowest
            return _said(tuned(self._at(full, sorted(trials)[len(trials) // 2])), trials, "", context)
        best, share = trials[rate], TRIAL
        if best.unchanging and not best.memorised and len(train) < FEW:
            longer = attempt(twin, train, context, self._part(full, rate, 2 * TRIAL), CONFIG, **named)
            if np.isfinite(longer.score) and not clearly_lower(best.losses, longer.losses, CLEAR):
                best, share = longer, 2 * TRIAL
        if not best.memorised:
            with suppress(Diverged):
                model = tuned(self._at(full, rate))
                if not _worse(model, best.score):
                    return _said(model, trials, "", context)
        why = "memorised" if best.memorised else "less"
        return _said(tuned(self._part(full, rate, share), begun=best), trials, why, context)

    def _at(self, recipe: ResolvedRecipe, rate: float) -> ResolvedRecipe:
        """The same rate for all, but of the head if its own was named."""
        head = rate if self.recipe.head_learning_rate is None else recipe.head_learning_rate
        return replace(recipe, learning_rate=rate, head_learning_rate=head)

    def _part(self, full: ResolvedRecipe, rate: float, share: float = TRIAL) -> ResolvedRecipe:
        return replace(self._at(full, rate), steps=max(10, round(share * full.steps)))


def _choose(trials: dict[float, Trial]) -> float | None:
    """The rate of the best trial that learned anything."""
    useful = {rate: trial.score for rate, trial in trials.items() if np.isfinite(trial.score)}
    return min(useful, key=lambda rate: useful[rate]) if useful else None


def _said(model: Model, trials: dict[float, Trial], shortened: str, context: Context) -> Model:
    if model.training["same"]:
        context.console.warn(NO_CONTROL)
    tried = {f"{rate:g}": round(trial.score, 5) for rate, trial in trials.items()}
    said = {
        "trials": tried,
        "shortened": shortened,
        "earlier_s": model.training.get("earlier_s", 0.0) + _earlier(trials),
    }
    return replace(model, training={**model.training, **said})


def _earlier(trials: dict[float, Trial]) -> float:
    """Seconds that calls before this one took for trials."""
    return round(sum(trial.earlier_s for trial in trials.values()), 3)


def _worse(model: Model, trial: float) -> bool:
    """Whether a long training came to less than the short one."""
    training = model.training
    held = [one["held"] for one in training["evaluations"] if one["step"] == training["best_step"]]
    return bool(training["same"] or (held and held[0] is not None and held[0] > trial))
