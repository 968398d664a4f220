"""Choose among probe, fine-tuning, contrastive fine-tuning and the controls on held-out folds: do no harm.

Negative transfer (Wang et al. CVPR 2019, arXiv:1811.09751) is where transfer errs more than doing without. So the
candidates are held against a head on an untrained network, and, where that is not clearly beaten or where examples are
many enough for training from scratch to catch up (10,000 images in He, Girshick & Dollár ICCV 2019, arXiv:1811.08883),
against training from scratch. Of what transfers, the simplest wins unless another is better by more than a standard
error; a control wins as soon as it is better at all.

Of many examples the untrained network is first run on a sample only (:mod:`jeoni.assessment.control`): where the same
head on the pretrained network is clearly better there, with as many labels and on the same examples, it is out. Else it
may win, and takes part on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jeoni import distributed
from jeoni.assessment.control import control_on_sample
from jeoni.assessment.holdout import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.splits import build_folds, repeats_for
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.models.model import Model
from jeoni.strategies.contrastive import Contrastive
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.strategies.finetuning.tuning import FEW
from jeoni.strategies.probe import Probe
from jeoni.strategies.scratch import Scratch
from jeoni.tasks import task_of
from jeoni.tasks.classification import Classification
from jeoni.training.job import Diverged
from jeoni.training.work import Work
from jeoni.types import FloatArray

__all__ = ["Auto"]

ENOUGH = 100
MANY = 10_000
CLEAR = 2.0
WORST = 27.6  # of a training that diverged: the log-loss of a probability of 1e-12
UNTRAINED = "untrained"


@dataclass(frozen=True)
class _Held:
    """Held-out losses and scores of one candidate."""

    losses: FloatArray
    scores: FloatArray
    against: FloatArray | None = None  # the probe's losses on the same examples, where these are a sample of their own

    def record(self) -> dict[str, float]:
        found = {
            "loss": round(float(self.losses.mean()), 5),
            "score": round(float(self.scores.mean()), 5),
            "n": len(self.losses),
        }
        return found if self.against is None else {**found, "against": round(float(self.against.mean()), 5)}


@dataclass(frozen=True)
class Auto(Finetune):
    """The best of probe, fine-tuning and, of few texts or audio, training by pairs; unless a control is better.

    Attributes:
        control_items: of more examples than this, the untrained network is first run on a sample of so many.
    """

    control_items: int = 1000

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """Those of all that may take part."""
        pairs = self._contrastive.taps(backbone, n) if _few_sequences(backbone, n) else ()
        return tuple(dict.fromkeys((*self._probe.taps(backbone, n), *super().taps(backbone, n), *pairs)))

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """Each candidate on some folds, then the one that won: that, most of the time, is fine-tuning."""
        tuned = super().work(backbone, n, of)
        rounds = max(1, min(5, -(-5 * ENOUGH // n)))
        candidates = [self._probe.work(backbone, n, of), self._probe.work(backbone, n, of), tuned]
        if _few_sequences(backbone, of):
            candidates.append(self._contrastive.work(backbone, n, of))
        return sum(candidates * rounds, tuned)

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Hold the candidates against each other, then fit the one that won on all examples."""
        candidates: dict[str, tuple[Strategy, Backbone, Examples]] = {
            "probe": (self._probe, backbone, train),
            "finetune": (Finetune(self.head, self.class_weights, self.recipe), backbone, train),
        }
        if _few_sequences(backbone, train.of) and isinstance(train.data.task, Classification):
            candidates["contrastive"] = self._contrastive, backbone, train
        transferred, controls = list(candidates), list[str]()
        held = {name: _held_out(*candidate, context) for name, candidate in candidates.items()}
        best = _simplest(held, transferred)
        twin = untrained_twin(backbone, context.seed)
        beaten = self._beaten_on_sample(backbone, twin, train, context)
        if beaten is not None:
            held[UNTRAINED] = beaten
        else:
            seen = context.extract(train.data.items, [Request(twin, (Tap(twin.n, True),))])
            candidates[UNTRAINED] = self._probe, twin, replace(train, seen=seen, index=np.arange(len(train)))
            held[UNTRAINED] = _held_out(*candidates[UNTRAINED], context)
            controls.append(UNTRAINED)
        clear = beaten is not None or clearly_lower(held[best].losses, held[UNTRAINED].losses, CLEAR)
        if len(train) >= MANY or not clear:
            scratch = Scratch(self.head, self.class_weights, replace(self.recipe, frozen="auto"))
            candidates["scratch"] = scratch, backbone, train
            held["scratch"] = _held_out(scratch, backbone, train, context)
            controls.append("scratch")
        chosen = min([best, *controls], key=lambda name: held[name].losses.mean())
        strategy, source, examples = candidates[chosen]
        model = strategy.fit(source, examples, context)
        if chosen == UNTRAINED:  # nothing of it came from the backbone whose rows are in the store
            model = replace(model, frozen=0, reuse=0)
        return replace(model, chosen=chosen, contest={name: h.record() for name, h in held.items()})

    def _beaten_on_sample(self, backbone: Backbone, twin: Backbone, train: Examples, context: Context) -> _Held | None:
        """How the untrained network did on a sample, if the probe is clearly better there; None where it must go on."""
        if len(train) <= self.control_items:
            return None
        folds = len(np.unique(train.folds[0]))
        control = control_on_sample(self._probe, backbone, twin, train, context, self.control_items, folds)
        task, targets = task_of(control.examples.data), control.examples.data.targets
        ours, theirs = (task.losses(one[0], targets) for one in (control.pretrained, control.untrained))
        beaten = _Held(theirs, task.scores(control.untrained[0], targets), ours)
        return distributed.broadcast_object(beaten if clearly_lower(ours, theirs, CLEAR) else None)

    @property
    def _probe(self) -> Probe:
        return Probe(self.head, self.class_weights)

    @property
    def _contrastive(self) -> Contrastive:
        return Contrastive(self.head, self.class_weights, self.recipe)


def _few_sequences(backbone: Backbone, n: int) -> bool:
    """Where pairs are worth their time: measured on texts; of pictures the upper half costs too much."""
    return backbone.input.ragged and n < FEW


def _held_out(strategy: Strategy, backbone: Backbone, train: Examples, context: Context) -> _Held:
    """Of as many folds as it takes to hold out enough examples."""
    task, targets, fold = task_of(train.data), train.data.targets, train.folds[0]
    losses, scores = [np.zeros(0)], [np.zeros(0)]
    for f in np.unique(fold):
        if sum(map(len, losses)) >= ENOUGH:
            break
        fit, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        repeats, folds = repeats_for(len(fit)), len(np.unique(fold))
        inner = build_folds(task.strata(targets[fit]), train.clusters[fit], folds, repeats, context.seed)
        try:
            model = strategy.fit(backbone, train.select(fit, inner), context)
            predictions = model.predict_examples(train.select(held, train.folds[:, held]), backbone, context)
            losses.append(task.losses(predictions, targets[held]))
            scores.append(task.scores(predictions, targets[held]))
        except Diverged:
            losses.append(np.full(len(held), WORST))
            scores.append(np.full(len(held), np.nan))
    return distributed.broadcast_object(_Held(np.concatenate(losses), np.concatenate(scores)))


def _simplest(held: dict[str, _Held], names: list[str]) -> str:
    """The first of ``names`` that is not worse than their best by more than one standard error."""
    best = min(names, key=lambda name: held[name].losses.mean())
    for name in names:
        if name == best or not clearly_lower(held[best].losses, held[name].losses, 1.0):
            return name
    return best
