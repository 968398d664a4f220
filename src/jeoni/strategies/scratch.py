"""Training from scratch: the same network with random weights, the control of He, Girshick & Dollár ICCV 2019.

arXiv:1811.08883 asks for a fair rival: ours gets twice the steps of fine-tuning, a learning rate chosen by short
trials on a held-out part of the training examples, batch statistics, and the same augmentation. A trial may count
itself: where it has memorised its examples and they look the same in every epoch, so that a longer training has
nothing to learn from; and where the long training comes to less on the held-out part, or ends as a constant predictor,
as transformers do at a rate that is too high for them. Texts and waves are computed in bfloat16 where that
is faster, for it is by far the longest training of all; its weights stay in float32.

It is made affordable by three things that its result does not feel: pictures grow in the course of the training, trials
are of the smallest ones and end where they are clearly beaten, and a comparison searches once for all repeats that can
share it without one of them seeing its own test items. A trial of smaller pictures, or of other examples, is not what
the long training is held against in the end: then the short training is made anew, if the long one looks worse at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.assessment.shared_search import SearchData
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said
from jeoni.models.model import Model
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.expected import expected_work
from jeoni.strategies.finetuning.looks import Course
from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.strategies.finetuning.search import Found, search
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup
from jeoni.strategies.finetuning.tuning import FEW, Trial, attempt, tune
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.depth import taps_for
from jeoni.training.job import Diverged
from jeoni.training.sizes import Sizes, growing_sizes
from jeoni.training.work import Training, Work, whole_steps

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
        growing: start with smaller pictures, and end with whole ones; see :mod:`jeoni.training.sizes`.
        stopping: end a trial that is clearly beaten; see :mod:`jeoni.strategies.finetuning.looks`.
    """

    rates: tuple[float, ...] = RATES
    growing: bool = True
    stopping: bool = True

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """The pixels."""
        return taps_for(backbone, 0, n, self.recipe)[1:]

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """Short trials of the learning rates, then the long training."""
        whole = self.work_of_fit(backbone, n)
        return whole if self.recipe.learning_rate is not None else whole + self.work_of_search(backbone, n)

    def work_of_fit(self, backbone: Backbone, n: int) -> Work:
        """The long training alone."""
        options: dict[str, Any] = {"interpolate": False, "to_the_end": True, "statistics": True, "heads": 0}
        return expected_work(backbone, n, self._full(backbone, n), 0, sizes=self._sizes(backbone), **options)

    def work_of_search(self, backbone: Backbone, n: int) -> Work:
        """The trials alone, none of them stopped."""
        full, sizes = self._full(backbone, n), self._sizes(backbone)
        unchanging = full.views == 0 or not backbone.input.varied
        longer = 2 if unchanging and n < FEW else 0
        tried = whole_steps(full.steps, n, full.batch_size) * TRIAL * (len(self.rates) + longer)
        tried *= sizes.smallest().cost() if sizes else 1.0
        return Work(0, (Training(backbone, 0, full, tried, True),))

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Choose a learning rate on a part of the examples, then train everything from random weights."""
        twin = untrained_twin(backbone, context.seed)
        if self.recipe.learning_rate is not None:
            model = self._trained(backbone, twin, train, context)(self._full(backbone, len(train)), None)
            return _said(model, Found(None), "", context)
        found, begun = self._search_own(backbone, twin, train, context)
        return self._fit_found(backbone, twin, train, context, found, begun)

    def search(self, backbone: Backbone, data: SearchData, context: Context) -> list[Found] | None:
        """Choose the learning rate for several repeats at once, see :mod:`jeoni.strategies.finetuning.search`.

        Args:
            backbone: whose architecture is trained.
            data: examples to try rates on, and what each repeat judges them by.
            context: where to compute; its seed is that of the trials.

        Returns:
            For each repeat what :meth:`fit_found` trains by; None where the rate was named and nothing is chosen.
        """
        if self.recipe.learning_rate is not None:
            return None
        twin, full = untrained_twin(backbone, context.seed), self._full(backbone, len(data.fit))
        config = self._config(backbone, trial=True)

        def setups(share: float) -> dict[float, TrainingSetup]:
            rates = (full.learning_rate * factor for factor in self.rates)
            return {r: self._setup(backbone, context, self._part(full, r, share), config, part=twin) for r in rates}

        with context.spent.on("search"):
            return search(setups(TRIAL), setups(2 * TRIAL), data, (TRIAL, 2 * TRIAL), self.stopping)

    def fit_found(self, backbone: Backbone, train: Examples, context: Context, found: Found) -> Model:
        """Train at a rate that :meth:`search` chose."""
        return self._fit_found(backbone, untrained_twin(backbone, context.seed), train, context, found, None)

    def _fit_found(
        self, backbone: Backbone, twin: Backbone, train: Examples, context: Context, found: Found, begun: Trial | None
    ) -> Model:
        full, tuned = self._full(backbone, len(train)), self._trained(backbone, twin, train, context)
        rate = found.rate
        if rate is None:  # too short to tell: not the fastest, which ruins, nor the slowest
            return _said(tuned(self._at(full, sorted(found.scores)[len(found.scores) // 2]), None), found, "", context)
        long = None
        if not found.memorised:
            with suppress(Diverged):
                long = tuned(self._at(full, rate), None)
                if not _worse(long, found.score):
                    return _said(long, found, "", context)
        short = tuned(self._part(full, rate, found.share), begun)
        if begun is None and long is not None and not _worse(long, _held_loss(short)):
            return _said(long, found, "", context)  # the trial was made on other examples, or of smaller pictures
        return _said(short, found, "memorised" if found.memorised else "less", context)

    def _search_own(
        self, backbone: Backbone, twin: Backbone, train: Examples, context: Context
    ) -> tuple[Found, Trial | None]:
        """Trials on a part of the training examples; the best of them, where its training can be gone on with."""
        full, config = self._full(backbone, len(train)), self._config(backbone, trial=True)
        trials: dict[float, Trial] = {}

        def setup(rate: float, share: float = TRIAL) -> TrainingSetup:
            return self._setup(backbone, context, self._part(full, rate, share), config, part=twin)

        with context.spent.on("search"):
            for rate in (full.learning_rate * factor for factor in self.rates):
                rival = _course_of_best(trials) if self.stopping else None
                trials[rate] = attempt(setup(rate), train, rival)
            every = list(trials.values())
            found = Found(_choose(trials), {rate: trial.score for rate, trial in trials.items()}, TRIAL)
            if found.rate is None:
                return _with_costs(found, every, config, len(train)), None
            best = trials[found.rate]
            if best.unchanging and not best.memorised and len(train) < FEW:
                longer = attempt(setup(found.rate, 2 * TRIAL), train)
                every.append(longer)
                if np.isfinite(longer.score) and not clearly_lower(best.losses, longer.losses, CLEAR):
                    best, found = longer, replace(found, share=2 * TRIAL)
        found = replace(found, memorised=best.memorised, score=best.score)
        begun = best if config.sizes is None else None
        return _with_costs(found, every, config, len(train)), begun

    def _full(self, backbone: Backbone, n: int) -> ResolvedRecipe:
        """The recipe of the long training."""
        return self.resolved(backbone, n, LENGTH, long=True, depth_decay=1.0, weight_decay=0.05)

    def _sizes(self, backbone: Backbone) -> Sizes | None:
        return growing_sizes(backbone) if self.growing else None

    def _config(self, backbone: Backbone, trial: bool = False) -> FinetuneConfig:
        sizes = self._sizes(backbone)
        return replace(CONFIG, sizes=sizes.smallest() if sizes and trial else sizes)

    def _trained(
        self, backbone: Backbone, twin: Backbone, train: Examples, context: Context
    ) -> Callable[[ResolvedRecipe, Trial | None], Model]:
        """What trains by a recipe, or goes on from a trial by it."""
        config = self._config(backbone)
        return lambda recipe, begun: tune(self._setup(backbone, context, recipe, config, part=twin), train, begun)

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


def _course_of_best(trials: dict[float, Trial]) -> Course | None:
    rate = _choose(trials)
    return None if rate is None else trials[rate].course


def _with_costs(found: Found, trials: list[Trial], config: FinetuneConfig, n: int) -> Found:
    return replace(
        found,
        stopped=sum(trial.stopped for trial in trials),
        seconds=round(sum(trial.seconds for trial in trials), 3),
        earlier_s=round(sum(trial.earlier_s for trial in trials), 3),
        sides=config.sizes.sides if config.sizes else (),
        n=n,
    )


def _said(model: Model, found: Found, shortened: str, context: Context) -> Model:
    if model.training["same"]:
        context.console.warn(NO_CONTROL)
    # of a search that several repeats share, no repeat alone is charged with what earlier calls took
    earlier_s = found.earlier_s if found.repeats == 1 else 0.0
    said = {
        "trials": {f"{rate:g}": round(score, 5) for rate, score in found.scores.items()},
        "shortened": shortened,
        "earlier_s": model.training.get("earlier_s", 0.0) + earlier_s,
        "search": {
            "seconds": found.seconds,
            "stopped": found.stopped,
            "sides": list(found.sides),
            "repeats": found.repeats,
            "n": found.n,
        },
    }
    return replace(model, training={**model.training, **said})


def _held_loss(model: Model) -> float:
    """What a training came to on the held-out part; infinite where there is none, or it learned nothing."""
    training = model.training
    held = [one["held"] for one in training["evaluations"] if one["step"] == training["best_step"]]
    if training["same"] or not held or held[0] is None:
        return float("inf")
    return float(held[0])


def _worse(model: Model, trial: float) -> bool:
    """Whether a long training came to less than the short one."""
    training = model.training
    held = _held_loss(model)
    return bool(training["same"] or (np.isfinite(held) and held > trial))
