"""One search of the learning rate for several repeats of a comparison, in which no repeat sees its own test items.

Each rate is tried once, on examples that are in no repeat's test set, and then every repeat judges the trials by
held-out examples of its own: those that the others are tested on, and it is not. Nothing that a repeat learns from a
trial hangs on the labels of its test items:

- the trials' weights, for these items are not trained on, and held-out examples choose neither a step nor a weight;
- the scores, for each repeat has its own mask of held-out examples, down to the temperature of the losses;
- the stopping of a trial: a repeat that has seen it beaten leaves it out, whether or not it goes on for the others.

So it is nested cross-validation (Stone 1974; Varma & Simon 2006), but for a trial that several outer folds share. The
trials run at the smallest size of pictures, and which of three rates is best changes little with the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from jeoni import distributed
from jeoni.assessment.shared_search import SearchData
from jeoni.backbones.cut import cut
from jeoni.strategies.finetuning.looks import Course, Looks
from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.strategies.finetuning.setup import TrainingSetup, run_on
from jeoni.strategies.finetuning.tuning import FEW, HeldScore, as_trained, memorised
from jeoni.tasks import task_of
from jeoni.training.forward import outputs_of
from jeoni.training.job import Diverged, Held
from jeoni.training.rows import plain_rows
from jeoni.types import FloatArray, IntArray

__all__ = ["Found", "TriedRate", "choose_rate", "search", "try_rate"]

CLEAR = 2.0  # standard errors


@dataclass(frozen=True)
class Found:
    """The learning rate that a repeat trains at, and how it was found.

    Attributes:
        rate: None where the trials were too short to tell.
        scores: held-out log-loss by rate; infinite where nothing was learned, or where it was stopped.
        share: the length of the best trial, of the training that follows.
        memorised: whether that trial predicts all it was trained on, so that a longer training has nothing to learn.
        score: of the best trial.
        stopped: trials that were stopped, because another had clearly beaten them.
        seconds: of all trials.
        earlier_s: of them, those of calls before this one.
        sides: of the pictures in the trials; empty where they have the backbone's size.
        repeats: that share the search.
        n: examples that the trials were trained on.
    """

    rate: float | None
    scores: dict[float, float] = field(default_factory=dict)
    share: float = 1.0
    memorised: bool = False
    score: float = float("inf")
    stopped: int = 0
    seconds: float = 0.0
    earlier_s: float = 0.0
    sides: tuple[int, ...] = ()
    repeats: int = 1
    n: int = 0


@dataclass(frozen=True)
class TriedRate:
    """A trial of one rate, as each repeat sees it.

    Attributes:
        scores: ``(repeats,)`` mean held-out losses; infinite as in :class:`jeoni.strategies.finetuning.tuning.Trial`,
            and where the trial was beaten.
        losses: of each repeat, ``(m,)``.
        courses: of each repeat; None where the trial is no rival to others.
        stopped: whether it was stopped for all of them.
        memorised: whether it predicts all it was trained on.
        unchanging: whether examples look the same in every epoch.
        seconds: that the training took.
        earlier_s: of them, those of calls before this one.
    """

    scores: FloatArray
    losses: Sequence[FloatArray] = ()
    courses: Sequence[Course | None] = ()
    stopped: bool = False
    memorised: bool = False
    unchanging: bool = False
    seconds: float = 0.0
    earlier_s: float = 0.0


def try_rate(setup: TrainingSetup, data: SearchData, before: Sequence[TriedRate] = ()) -> TriedRate:
    """Train at one rate.

    Args:
        setup: what, and how.
        data: what on; see there.
        before: trials of other rates on the same data, as many steps long; the best of them is the rival.
    """
    masks = [np.flatnonzero(row) for row in data.sees]
    task, targets = task_of(data.held.data), data.held.data.targets
    judges = [_Judge(HeldScore(task, targets[mask]), mask) for mask in masks]
    looks = Looks(judges, [_rival(before, number) for number in range(len(masks))])
    tap = cut(setup.backbone, setup.config.frozen).tap
    plain = plain_rows(data.held, setup.source, tap, setup.context)
    try:
        run = run_on(setup, data.fit, Held(plain, _no_score, decides=False, watch=looks))
    except Diverged:
        return TriedRate(np.full(len(masks), np.inf))
    outputs = outputs_of(run.network, as_trained(plain, setup.config))
    losses = [judge(outputs) for judge in judges]
    useless = [out or run.task.constant(outputs[mask]) for out, mask in zip(looks.beaten, masks, strict=True)]
    scores = [np.inf if no else float(each.mean()) for no, each in zip(useless, losses, strict=True)]
    found: FloatArray = distributed.broadcast_object(np.array(scores))
    return TriedRate(
        found,
        losses,
        [course if np.isfinite(score) else None for course, score in zip(looks.courses, found, strict=True)],
        stopped=all(looks.beaten),
        memorised=distributed.broadcast_object(memorised(run, data.fit, setup)),
        unchanging=run.rows["policy"] == "none",
        seconds=run.history.seconds,
        earlier_s=run.history.earlier_s,
    )


def choose_rate(tried: dict[float, TriedRate], repeat: int) -> float | None:
    """The rate of the best trial that learned anything, as one repeat sees it."""
    useful = {rate: float(trial.scores[repeat]) for rate, trial in tried.items() if np.isfinite(trial.scores[repeat])}
    return min(useful, key=lambda rate: useful[rate]) if useful else None


def search(
    setups: dict[float, TrainingSetup],
    longer: dict[float, TrainingSetup],
    data: SearchData,
    shares: tuple[float, float],
    stopping: bool = True,
) -> list[Found]:
    """Try every rate, and let each repeat choose.

    Args:
        setups: by rate.
        longer: the same for trials of more steps: of rates that were chosen, where few examples, alike in every epoch,
            may then be memorised.
        data: see there.
        shares: the length of both kinds of trials, of the training that follows.
        stopping: end trials that are clearly beaten.
    """
    tried: dict[float, TriedRate] = {}
    for rate, setup in setups.items():
        tried[rate] = try_rate(setup, data, list(tried.values()) if stopping else ())
    chosen = [choose_rate(tried, repeat) for repeat in range(len(data.sees))]
    again: dict[float, TriedRate] = {}
    for best in dict.fromkeys(one for one in chosen if one is not None):
        if tried[best].unchanging and not tried[best].memorised and len(data.fit) < FEW:
            again[best] = try_rate(longer[best], data)
    every = [*tried.values(), *again.values()]
    sizes = next(iter(setups.values())).config.sizes
    common = Found(
        None,
        stopped=sum(trial.stopped for trial in tried.values()),
        seconds=round(sum(trial.seconds for trial in every), 3),
        earlier_s=round(sum(trial.earlier_s for trial in every), 3),
        sides=sizes.sides if sizes else (),
        repeats=len(data.sees),
        n=len(data.fit),
    )
    return [_found(common, tried, again, repeat, rate, shares) for repeat, rate in enumerate(chosen)]


def _found(
    common: Found,
    tried: dict[float, TriedRate],
    again: dict[float, TriedRate],
    repeat: int,
    rate: float | None,
    shares: tuple[float, float],
) -> Found:
    """What one repeat found."""
    scores = {rate: float(trial.scores[repeat]) for rate, trial in tried.items()}
    if rate is None:
        return replace(common, scores=scores)
    best, share = tried[rate], shares[0]
    long = again.get(rate)
    learned = long is not None and bool(np.isfinite(long.scores[repeat]))
    if long is not None and learned and not clearly_lower(best.losses[repeat], long.losses[repeat], CLEAR):
        best, share = long, shares[1]
    score = float(best.scores[repeat])
    return replace(common, rate=rate, scores=scores, share=share, memorised=best.memorised, score=score)


@dataclass(frozen=True)
class _Judge:
    """The losses of the held-out examples at ``mask``."""

    score: HeldScore
    mask: IntArray

    def __call__(self, outputs: FloatArray) -> FloatArray:
        return self.score.each(outputs[self.mask])


def _rival(before: Sequence[TriedRate], repeat: int) -> Course | None:
    """The course of the best trial so far, as one repeat sees it."""
    useful = [trial for trial in before if np.isfinite(trial.scores[repeat])]
    return min(useful, key=lambda trial: float(trial.scores[repeat])).courses[repeat] if useful else None


def _no_score(outputs: FloatArray) -> float:
    """The training is told nothing of what is held out: it is not all for the same eyes."""
    return 0.0
