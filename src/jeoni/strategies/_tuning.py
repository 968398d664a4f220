"""What all strategies that train have in common: cut, rows from the store, a fitted head, the loop, and then no harm.

A part of the training examples is held out to choose the best moment, how far to go from the starting weights to the
trained ones (Wortsman et al. 2022, WiSE-FT), and the temperature. The result leaves the linear probe only where the
held-out part says so by more than one standard error. With few examples the training is then repeated on all of them,
to the same moment and with the same choices; with very few, all steps are made and the head's own temperature holds.

A control from scratch has no probe to go back to, and of little data it often generalises no better than chance. There
a network that says the same of everything has the least log-loss of all, so that the best of ten looks at a few dozen
examples is one before anything was learned: with few examples such a training goes to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import plugins, processes
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Cut, Tap, cut, merge
from jeoni.data.splits import build_folds, repeats_for
from jeoni.evaluation.calibration import softmax, temperature
from jeoni.features.examples import Context, Examples
from jeoni.heads._protocol import Head
from jeoni.model import Model
from jeoni.spec import Recipe
from jeoni.strategies._losses import log_losses
from jeoni.training.depth import frozen_alike, identity_of, set_temperature
from jeoni.training.forward import logits_of
from jeoni.training.groups import HEAD, Group, build_groups
from jeoni.training.job import Diverged, Held, History, Job, Loss, Objective
from jeoni.training.loop import train
from jeoni.training.rows import Rows, plain_rows, training_rows
from jeoni.types import FloatArray, IntArray

__all__ = ["FEW", "Manner", "Trial", "attempt", "can_tell", "says_the_same", "tune"]

FEW = 1000
TELLING = 20  # held-out examples below which nothing fine is chosen on them
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
SAME = 0.05  # log-odds
BY_HEART = 0.2  # log-loss: the right classes have four fifths of the probability
SAMPLE = 256  # examples that tell whether a network tells any apart


@dataclass(frozen=True)
class Manner:
    """How one strategy differs from the others.

    Attributes:
        title: for the progress bar.
        frozen: stages that stay as they are.
        wanted: which parameters of the other stages are trained.
        starts: the step at which a stage starts, by its distance from the top.
        anchor: pull towards the starting weights.
        warm_head: fit the head on the frozen features first (LP-FT, Kumar et al. 2022), else start at nothing.
        train_statistics: batch normalisation uses batch statistics in trained stages.
        interpolate: choose how far to go from the start; without a warm head there is nothing to go back to.
        to_the_end: with few examples every step is made, and the held-out part does not choose the best moment.
        reuse: stages that start from pretrained weights; -1: all.
        loss: made from the numbers of the examples trained on; None is cross-entropy.
        objective: of the stages alone, made from the part of the network that gives features: then the head does not
            take part in the training, and is fitted anew behind it.
        adapt: changes the network above the cut in place before its first step, such as by adding adapters.
        fold: undoes that after the last step, keeping what was learned: names of parameters are what they were.
    """

    title: str
    frozen: int
    wanted: Callable[[str, nn.Module], bool] = field(default=lambda name, owner: True)
    starts: Callable[[int], int] = field(default=lambda depth: 0)
    anchor: float = 0.0
    warm_head: bool = True
    train_statistics: bool = False
    interpolate: bool = True
    to_the_end: bool = False
    reuse: int = -1
    loss: Callable[[Examples], Loss] | None = None
    objective: Callable[[nn.Module], Objective] | None = None
    adapt: Callable[[Cut], None] = field(default=lambda made: None)
    fold: Callable[[Cut], None] = field(default=lambda made: None)


class _Network(nn.Module):
    """Rows at the cut to logits."""

    features: nn.Module
    head: nn.Module

    def __init__(self, features: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.features, self.head = features, head

    def forward(self, rows: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(rows))
        return logits


@dataclass(frozen=True)
class _Run:
    made: Cut
    network: _Network
    groups: list[Group]
    start: dict[str, Tensor]
    history: History
    rows: dict[str, object]
    choice: dict[str, Any]
    candidates: list[dict[str, Any]]
    warm_temperature: float


def tune(
    backbone: Backbone,
    train_on: Examples,
    context: Context,
    recipe: Recipe,
    manner: Manner,
    *,
    head: str,
    class_weights: str,
    source: Backbone | None = None,
    begun: Trial | None = None,
) -> Model:
    """Train what is above the cut.

    Args:
        backbone: what to start from.
        train_on: labelled examples.
        context: store, engine, seed, console.
        recipe: settled.
        manner: of the strategy.
        head: its id.
        class_weights: ``auto``, ``balanced`` or ``none``.
        source: the backbone whose rows are in the store, where ``backbone`` is a part of it.
        begun: a trial of the same recipe and manner, whose training is not done again.
    """
    source = source or backbone
    labels = train_on.data.labels
    common = (backbone, source, context, recipe, manner, head, class_weights)
    choices = _Choices()
    if manner.interpolate or can_tell(len(labels)):
        run, held_rows, score = begun.first if begun and begun.first else _first(common, train_on)
        choices = processes.agree(_choose(run, held_rows, score, manner))
    if choices.share == 0:  # the linear probe, fitted on all examples
        run = _started(*common, train_on)
        choices = replace(choices, heat=run.warm_temperature)
    elif len(labels) < FEW:
        again = recipe if choices.history is None else replace(recipe, steps=max(1, choices.history.best_step))
        run = _train(backbone, source, context, again, *common[4:], train_on, None)
        _go(run, choices.share)
    same = False
    if manner.to_the_end:
        same = says_the_same(logits_of(run.network, plain_rows(_some(train_on), source, run.made.tap, context)))
    set_temperature(run.network, choices.heat)
    run.network.cpu()
    manner.fold(run.made)
    merged = merge(backbone, run.made)
    proof = frozen_alike(backbone, merged, manner.frozen)
    choice = {**run.choice, "temperature": choices.heat}
    histories = [h for h in {id(h): h for h in (choices.history, run.history)}.values() if h is not None]
    looks = histories[0]
    training = {
        "recipe": asdict(recipe),
        "steps": looks.steps,
        "best_step": looks.best_step,
        "looks": looks.looks,
        "seconds": round(sum(h.seconds for h in histories), 3),
        "examples": sum(h.examples for h in histories),
        "same": processes.agree(same),
        "share": choices.share,
        "shares": choices.scores,
        "held_out": choices.held_out,
        "moment": "best" if _decides(manner, recipe, len(labels)) else "last",
        "refitted": len(labels) < FEW and choices.held_out > 0 and choices.share > 0,
        "rows": choices.rows or run.rows,
        "apart": run.made.apart,
        "frozen_identical": proof,
        "rates": _rates(run.groups, manner),
        "statistics": "batch" if manner.train_statistics else "own",
    }
    return Model(
        backbone=merged,
        head=run.network.head.eval(),
        head_id=head,
        class_names=train_on.data.class_names,
        frozen=manner.frozen,
        reuse=backbone.n if manner.reuse < 0 else manner.reuse,
        choice=choice,
        candidates=run.candidates,
        training=training,
    )


@dataclass(frozen=True)
class _Choices:
    """What the held-out part decided; the defaults hold where there was none."""

    share: float = 1.0
    scores: dict[str, float] = field(default_factory=dict)
    heat: float = 1.0
    held_out: int = 0
    history: History | None = None
    rows: dict[str, object] = field(default_factory=dict)


def _choose(run: _Run, held_rows: Rows, score: _Score, manner: Manner) -> _Choices:
    share, scores = _best_share(run, held_rows, score, manner)
    heat = run.warm_temperature
    if share > 0 and score.telling:
        heat = score.heat(logits_of(run.network, held_rows))
    return _Choices(share, scores, heat, len(score.labels), run.history, run.rows)


def can_tell(n: int) -> bool:
    """Whether of ``n`` examples enough are held out to choose something fine on them."""
    return n // (5 if n < FEW else 10) >= TELLING


def attempt(
    backbone: Backbone,
    train_on: Examples,
    context: Context,
    recipe: Recipe,
    manner: Manner,
    *,
    head: str,
    class_weights: str,
    source: Backbone | None = None,
) -> Trial:
    """Train on a part of the examples, for choosing among recipes. Arguments are those of :func:`tune`."""
    source = source or backbone
    try:
        first = _first((backbone, source, context, recipe, manner, head, class_weights), train_on)
    except Diverged:
        return Trial(float("inf"))
    run, held_rows, score = first
    logits = logits_of(run.network, held_rows)
    losses = processes.agree(score.each(logits))
    found = float("inf") if says_the_same(logits) else float(losses.mean())
    seen = train_on.select(_parted(train_on, context.seed)[0], train_on.folds[:, :0])
    by_heart = processes.agree(_by_heart(run, seen, source, context))
    unchanging = run.rows["policy"] == "none"
    return Trial(processes.agree(found), losses, by_heart, unchanging, first if by_heart else None)


def _by_heart(run: _Run, seen: Examples, source: Backbone, context: Context) -> bool:
    """Whether a network, as it will be used, knows what it was trained on by heart. Never where examples looked
    different in every epoch."""
    if run.rows["policy"] != "none":
        return False
    some = _some(seen)
    logits = logits_of(run.network, plain_rows(some, source, run.made.tap, context))
    return float(log_losses(softmax(logits), some.data.labels).mean()) <= BY_HEART


def _decides(manner: Manner, recipe: Recipe, n: int) -> bool:
    """Whether what is held out of ``n`` examples chooses the best moment; it does where patience is asked for."""
    return not manner.to_the_end or n >= FEW or bool(recipe.patience)


def says_the_same(logits: FloatArray) -> bool:
    """Whether the log-odds ``(n, classes)`` hardly differ between examples: nothing was learned, or it was ruined."""
    return bool((logits - logits.mean(1, keepdims=True)).std(0).max() < SAME)


def _some(examples: Examples) -> Examples:
    n = len(examples.data.labels)
    some = np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64)
    return examples.select(some, examples.folds[:, :0])


@dataclass(frozen=True)
class Trial:
    """A training on a part of the examples.

    Attributes:
        score: log-loss on the others. Infinite where it diverged, and where the network says the same of all of them:
            that is the log-loss of knowing nothing, which is less than that of having learned from too little.
        losses: ``(held out,)`` what it is the mean of.
        by_heart: whether it knows all it was trained on, so that there is nothing left to learn from it.
        unchanging: whether examples look the same in every epoch.
        first: what :func:`tune` goes on from; not kept, for its size, where it is hardly ever gone on from.
    """

    score: float
    losses: FloatArray = field(default_factory=lambda: np.zeros(0))
    by_heart: bool = False
    unchanging: bool = False
    first: tuple[_Run, Rows, _Score] | None = None


def _first(common: _Common, train_on: Examples) -> tuple[_Run, Rows, _Score]:
    """Train on a part of the examples; the others decide the best moment."""
    source, context, manner = common[1], common[2], common[4]
    labels, clusters = train_on.data.labels, train_on.clusters
    fit, held = _parted(train_on, context.seed)
    inner = build_folds(labels[fit], clusters[fit], 5, repeats_for(len(fit)), context.seed)
    tap = cut(common[0], manner.frozen).tap
    held_rows = plain_rows(train_on.select(held, train_on.folds[:, held]), source, tap, context)
    score = _Score(labels[held])
    looked_at = score.telling and manner.objective is None
    held_part = Held(held_rows, score, _decides(manner, common[3], len(labels))) if looked_at else None
    return _train(*common, train_on.select(fit, inner), held_part), held_rows, score


def _parted(examples: Examples, seed: int) -> tuple[IntArray, IntArray]:
    """Which are trained on first, and which are held out."""
    labels = examples.data.labels
    parts = build_folds(labels, examples.clusters, 5 if len(labels) < FEW else 10, 1, seed)[0]
    return np.flatnonzero(parts != 0), np.flatnonzero(parts == 0)


_Common = tuple[Backbone, Backbone, Context, Recipe, Manner, str, str]


@dataclass(frozen=True)
class _Score:
    """Log-loss of the held-out part; after temperature scaling where there are enough examples to fit it."""

    labels: IntArray

    @property
    def telling(self) -> bool:
        return len(self.labels) >= TELLING

    def heat(self, logits: FloatArray) -> float:
        """The temperature."""
        return temperature(logits, self.labels, doubt=1 / (len(self.labels) + 2))

    def each(self, logits: FloatArray) -> FloatArray:
        """``(n,)``."""
        return log_losses(softmax(logits / (self.heat(logits) if self.telling else 1.0)), self.labels)

    def __call__(self, logits: FloatArray) -> float:
        return float(self.each(logits).mean())


def _started(
    backbone: Backbone,
    source: Backbone,
    context: Context,
    recipe: Recipe,
    manner: Manner,
    head: str,
    class_weights: str,
    examples: Examples,
) -> _Run:
    """The network before its first step."""
    made = cut(backbone, manner.frozen)
    kind: Head = plugins.load("jeoni.heads", head)()
    labels, classes = examples.data.labels, len(examples.data.class_names)
    choice: dict[str, Any] = {"class_weights": "none" if class_weights == "auto" else class_weights}
    candidates: list[dict[str, Any]] = []
    if manner.warm_head:
        tap = Tap(backbone.n, True)
        features = examples.features(source, tap)
        fitted = kind.fit(features, labels, classes, examples.folds, class_weights)
        module, choice, candidates = fitted.module, processes.agree(fitted.choice), fitted.candidates
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(context.seed)
            module = kind.build(backbone.dim, classes)
    warm = float(module.get_buffer("temperature"))
    set_temperature(module, 1.0)
    manner.adapt(made)
    network = _Network(made.from_rows(backbone.input), module)
    groups = build_groups(
        backbone, made, network, recipe, wanted=manner.wanted, starts=manner.starts, anchor=manner.anchor
    )
    start = {n: p.detach().clone() for g in groups for n, p in g.parameters.items()}
    return _Run(made, network, groups, start, History(0, 0), {}, choice, candidates, warm)


def _train(
    backbone: Backbone,
    source: Backbone,
    context: Context,
    recipe: Recipe,
    manner: Manner,
    head: str,
    class_weights: str,
    examples: Examples,
    held: Held | None,
) -> _Run:
    run = _started(backbone, source, context, recipe, manner, head, class_weights, examples)
    if run.made.note:
        context.console.warn(run.made.note)
    rows, said = training_rows(examples, source, run.made.tap, recipe, context)
    labels, classes = examples.data.labels, len(examples.data.class_names)
    counts = np.bincount(labels, minlength=classes).astype(np.float32)
    balanced = run.choice.get("class_weights") == "balanced"
    weights = torch.from_numpy(counts.sum() / (classes * np.maximum(counts, 1))) if balanced else None
    objective = manner.objective(run.network.features) if manner.objective else None
    job = Job(
        title=manner.title,
        network=run.network,
        groups=[g for g in run.groups if objective is None or g.name != HEAD],
        rows=rows,
        labels=labels,
        classes=classes,
        recipe=recipe,
        seed=context.seed,
        class_weights=weights,
        log_prior=torch.from_numpy(np.log(np.maximum(counts, 1) / counts.sum())),
        train_statistics=manner.train_statistics,
        held=held,
        loss=manner.loss(examples) if manner.loss else None,
        objective=objective,
        identity=identity_of(examples),
    )
    history = train(job, context.checkpoints, context.checkpoint_s, context.console)
    if objective is not None:
        plain = plain_rows(examples, source, run.made.tap, context)
        _refit(run, head, logits_of(run.network.features, plain).astype(np.float32), examples)
    return replace(run, history=history, rows=said)


def _refit(run: _Run, head: str, features: FloatArray, examples: Examples) -> None:
    """Fit the head on what the trained network makes of its examples, in place.

    Its strength and class weights stay as the untrained features had them: the trained ones know the labels, so folds
    of them can decide nothing.
    """
    kind: Any = plugins.load("jeoni.heads", head)
    known = {"strengths": (run.choice["strength"],)} if "strength" in run.choice else {}
    labels, classes = examples.data.labels, len(examples.data.class_names)
    fitted = kind(**known).fit(features, labels, classes, examples.folds, run.choice.get("class_weights", "none"))
    run.network.head.load_state_dict(fitted.module.state_dict())
    set_temperature(run.network, 1.0)


def _best_share(run: _Run, held: Rows, score: _Score, manner: Manner) -> tuple[float, dict[str, float]]:
    """How far to go, and the held-out score at every share; the network is left there."""
    if not (manner.interpolate and manner.warm_head):
        return 1.0, {}
    end = {n: p.detach().clone() for g in run.groups for n, p in g.parameters.items()}
    losses = {}
    for share in SHARES:
        _put(run, end)
        _go(run, share)
        losses[share] = score.each(logits_of(run.network, held))
    best = min(SHARES, key=lambda s: losses[s].mean())
    gain = losses[0.0] - losses[best]
    error = gain.std() / np.sqrt(len(gain) - 1) if len(gain) > 1 else np.inf
    if gain.mean() <= error:
        best = 0.0
    _put(run, end)
    _go(run, best)
    return best, {f"{s:g}": round(float(v.mean()), 5) for s, v in losses.items()}


def _put(run: _Run, values: dict[str, Tensor]) -> None:
    with torch.no_grad():
        for group in run.groups:
            for name, p in group.parameters.items():
                p.copy_(values[name])


def _go(run: _Run, share: float) -> None:
    """From the starting weights, ``share`` of the way to the present ones."""
    with torch.no_grad():
        for group in run.groups:
            for name, p in group.parameters.items():
                p.copy_(torch.lerp(run.start[name].to(p.device), p, share))


def _rates(groups: list[Group], manner: Manner) -> dict[str, dict[str, float]]:
    return {g.name: {"learning_rate": g.learning_rate, "starts": g.starts} for g in groups}
