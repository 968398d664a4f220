"""Fine-tuning that all strategies share: cut, rows from the store, a fitted head, the loop, and then no harm.

A part of the training examples is held out to choose the best moment, how far to go from the starting weights to the
trained ones (Wortsman et al. 2022, WiSE-FT), and the temperature. The result leaves the linear probe only where the
held-out part says so by more than one standard error. With few examples the training is then repeated on all of them,
to the same moment and with the same choices; with very few, all steps are made and the head's own temperature holds.

A control from scratch has no probe to go back to, and of little data it often generalises no better than chance. There
a constant predictor has the least log-loss of all, so that the best of ten evaluations on a few dozen examples is one
before anything was learned: with few examples such a training goes to its end. Nor is a transformer
that learned from a part of its examples safe from being ruined, at the same rate and as many steps, by all of them: it
then is the one that learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from jeoni import distributed
from jeoni.backbones.cut import cut, merge
from jeoni.data.splits import build_folds, build_inner_folds, repeats_for
from jeoni.features.examples import Examples
from jeoni.models.model import Model
from jeoni.strategies.finetuning.looks import Course, Looks
from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.strategies.finetuning.setup import FinetuneConfig, Run, TrainingSetup, begin, run_on
from jeoni.tasks import Task, task_of, with_decisions
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.depth import frozen_alike, set_temperature
from jeoni.training.forward import outputs_of
from jeoni.training.groups import Group
from jeoni.training.job import Diverged, Held, History
from jeoni.training.rows import Rows, plain_rows
from jeoni.training.sizes import ResizedRows
from jeoni.training.work import BEST_MOMENT
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["FEW", "HeldScore", "Trial", "as_trained", "attempt", "can_tell", "memorised", "parts_of", "tune"]

FEW = 1000
TELLING = 20  # held-out examples below which nothing fine is chosen on them
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
SAMPLE = 256  # examples that tell whether a network tells any apart


def tune(setup: TrainingSetup, train_on: Examples, begun: Trial | None = None) -> Model:
    """Train what is above the cut.

    Args:
        setup: what, and how.
        train_on: labelled examples.
        begun: a trial of the same setup, whose training is not done again.
    """
    backbone, context, recipe, config = setup.backbone, setup.context, setup.recipe, setup.config
    choices = _Choices()
    first = begun.first if begun else None
    if config.interpolate or can_tell(len(train_on)):
        first = first or _first(setup, train_on)
        run = first[0]
        with context.spent.on("training"):
            choices = distributed.broadcast_object(_choose(*first, config))
        first = first if config.to_the_end else None
    refitted = len(train_on) < FEW and choices.share > 0
    if choices.share == 0:  # the linear probe, fitted on all examples
        run = begin(setup, train_on)
        choices = replace(choices, temperature=run.warm_temperature)
    elif refitted:
        again = recipe if choices.history is None else replace(recipe, steps=max(1, choices.history.best_step))
        counted = recipe.steps * (BEST_MOMENT if choices.history and not config.to_the_end else 1.0)
        run = run_on(replace(setup, recipe=again), train_on, None, counted)
        run.go(choices.share)
    same = {}
    if config.to_the_end:
        ruined = refitted and first is not None and _ruined(run, first[0], train_on, setup)
        if ruined and first:
            run, refitted = first[0], False
        same = {
            "ruined": ruined,
            "same": distributed.broadcast_object(run.task.constant(_own(run, _some(train_on), setup))),
        }
    set_temperature(run.network, choices.temperature)
    run.network.cpu()
    config.fold(run.made)
    merged = merge(backbone, run.made)
    proof = frozen_alike(backbone, merged, config.frozen)
    choice = {**run.choice, "temperature": choices.temperature.tolist()}
    histories = [h for h in {id(h): h for h in (choices.history, run.history)}.values() if h is not None]
    chosen_by = histories[0]
    training = {
        "recipe": asdict(recipe),
        "steps": chosen_by.steps,
        "best_step": chosen_by.best_step,
        "full_steps": chosen_by.full,
        "limit": _limit(histories),
        "evaluations": chosen_by.evaluations,
        "seconds": round(sum(h.seconds for h in histories), 3),
        "earlier_s": round(sum(h.earlier_s for h in histories), 3),
        "examples": sum(h.examples for h in histories),
        **same,
        "share": choices.share,
        "shares": choices.scores,
        "held_out": choices.held_out,
        "moment": "best" if _decides(config, recipe, len(train_on)) else "last",
        "refitted": refitted and choices.held_out > 0,
        "rows": choices.rows or run.rows,
        "sides": list(config.sizes.sides) if config.sizes else [],
        "apart": run.made.apart,
        "frozen_identical": proof,
        "rates": _rates(run.groups, config),
        "statistics": "batch" if config.train_statistics else "own",
    }
    return Model(
        backbone=merged,
        head=run.network.head.eval(),
        head_id=setup.head,
        task=choices.task or run.task,
        frozen=config.frozen,
        reuse=backbone.n if config.reuse < 0 else config.reuse,
        choice=choice,
        candidates=run.candidates,
        training=training,
        statistics=str(training["statistics"]),
    )


@dataclass(frozen=True)
class _Choices:
    """The choices made on the held-out part; the defaults hold where there was none."""

    share: float = 1.0
    scores: dict[str, float] = field(default_factory=dict)
    temperature: FloatArray = field(default_factory=lambda: np.ones(()))
    held_out: int = 0
    history: History | None = None
    rows: dict[str, object] = field(default_factory=dict)
    task: Task | None = None


def _choose(run: Run, held_rows: Rows, score: HeldScore, config: FinetuneConfig) -> _Choices:
    share, scores = _best_share(run, held_rows, score, config)
    found, task = run.warm_temperature, run.task
    if share > 0:
        outputs = outputs_of(run.network, held_rows)
        found = score.temperature(outputs)
        if score.telling:
            task = with_decisions(task, outputs / found, score.targets)
    return _Choices(share, scores, found, len(score.targets), run.history, run.rows, task)


def parts_of(n: int) -> int:
    """Into how many parts ``n`` examples are split, of which one is held out."""
    return 5 if n < FEW else 10


def can_tell(n: int) -> bool:
    """Whether of ``n`` examples enough are held out to choose something fine on them."""
    return n // parts_of(n) >= TELLING


def attempt(setup: TrainingSetup, train_on: Examples, rival: Course | None = None) -> Trial:
    """Train on a part of the examples, for choosing among recipes or strategies.

    Args:
        setup: what, and how.
        train_on: labelled examples.
        rival: of the best trial so far; where this one is clearly beaten by it, it is stopped.
    """
    config = setup.config
    try:
        first = _first(setup, train_on, rival)
    except Diverged:
        return Trial(float("inf"))
    run, held_rows, score = first
    looks = run.looks
    if looks is not None and looks.beaten[0]:
        return Trial(float("inf"), stopped=True, seconds=run.history.seconds, earlier_s=run.history.earlier_s)
    outputs = outputs_of(run.network, as_trained(held_rows, config))
    losses = distributed.broadcast_object(score.each(outputs))
    scores = run.task.scores(score.predictions(outputs), score.targets)
    found = float("inf") if run.task.constant(outputs) else float(losses.mean())
    fit, held = _parted(train_on, setup.context.seed)
    seen = train_on.select(fit, train_on.folds[:, :0])
    knows = distributed.broadcast_object(memorised(run, seen, setup))
    unchanging = run.rows["policy"] == "none"
    return Trial(
        distributed.broadcast_object(found),
        losses,
        knows,
        unchanging,
        run.history.earlier_s,
        first if knows and config.sizes is None else None,
        seconds=run.history.seconds,
        course=looks.courses[0] if looks is not None and np.isfinite(found) else None,
        held=held,
        scores=distributed.broadcast_object(scores),
    )


def as_trained(rows: Rows, config: FinetuneConfig) -> Rows:
    """Rows in the size in which a training ended."""
    sizes = config.sizes
    return rows if sizes is None or sizes.sides[-1] == sizes.whole else ResizedRows(rows, sizes.sides[-1])


def memorised(run: Run, seen: Examples, setup: TrainingSetup, tolerance: float = 1.0) -> bool:
    """Whether a network, as it will be used, memorised what it was trained on. Never where examples looked different
    in every epoch."""
    if run.rows["policy"] != "none":
        return False
    some = _some(seen)
    losses = run.task.losses(run.task.decode(_own(run, some, setup)), some.data.targets)
    return run.task.memorised(losses, tolerance)


def _ruined(run: Run, first: Run, train_on: Examples, setup: TrainingSetup) -> bool:
    """Whether a training on all examples lost what that on a part of them had learned."""
    seen = train_on.select(_parted(train_on, setup.context.seed)[0], train_on.folds[:, :0])
    if run.task.constant(_own(run, _some(train_on), setup)):
        lost = not run.task.constant(_own(first, _some(seen), setup))
    else:
        lost = memorised(first, seen, setup) and not memorised(run, train_on, setup, 2.0)
    return distributed.broadcast_object(lost)


def _own(run: Run, examples: Examples, setup: TrainingSetup) -> FloatArray:
    """Outputs ``(n, width)`` of a network for examples as they are."""
    rows = plain_rows(examples, setup.source, run.made.tap, setup.context)
    return outputs_of(run.network, as_trained(rows, setup.config))


def _decides(config: FinetuneConfig, recipe: ResolvedRecipe, n: int) -> bool:
    """Whether what is held out of ``n`` examples chooses the best moment; it does where patience is asked for."""
    return not config.to_the_end or n >= FEW or bool(recipe.patience)


def _some(examples: Examples) -> Examples:
    n = len(examples)
    some = np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64)
    return examples.select(some, examples.folds[:, :0])


@dataclass(frozen=True)
class Trial:
    """A training on a part of the examples.

    Attributes:
        score: log-loss on the others. Infinite where it diverged, and where the network is a constant predictor: that
            is the log-loss of knowing nothing, which is less than that of having learned from too little.
        losses: ``(held out,)`` what it is the mean of.
        memorised: whether it predicts all it was trained on, so that there is nothing left to learn.
        unchanging: whether examples look the same in every epoch.
        earlier_s: seconds that calls before this one took for it.
        first: what :func:`tune` resumes from; not kept, for its size, where it is hardly ever resumed, nor where the
            network has not seen whole pictures yet.
        seconds: that the training took.
        stopped: whether another trial had clearly beaten it before its end.
        course: its held-out losses on the way, where it learned anything.
        held: ``(held out,)`` which examples these are.
        scores: ``(held out,)`` in the task's measure, higher is better.
    """

    score: float
    losses: FloatArray = field(default_factory=lambda: np.zeros(0))
    memorised: bool = False
    unchanging: bool = False
    earlier_s: float = 0.0
    first: tuple[Run, Rows, HeldScore] | None = None
    seconds: float = 0.0
    stopped: bool = False
    course: Course | None = None
    held: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    scores: FloatArray = field(default_factory=lambda: np.zeros(0))


def _first(setup: TrainingSetup, train_on: Examples, rival: Course | None = None) -> tuple[Run, Rows, HeldScore]:
    """Train on a part of the examples; the others decide the best moment."""
    context, config = setup.context, setup.config
    task, targets, clusters = task_of(train_on.data), train_on.data.targets, train_on.clusters
    fit, held = _parted(train_on, context.seed)
    inner = build_inner_folds(task.strata(targets[fit]), clusters[fit], 5, repeats_for(len(fit)), context.seed)
    tap = cut(setup.backbone, config.frozen).tap
    held_rows = plain_rows(train_on.select(held, train_on.folds[:, held]), setup.source, tap, context)
    score = HeldScore(task, targets[held])
    looked_at = score.telling and config.objective is None
    looks = Looks([score.each], [rival])
    decides = _decides(config, setup.recipe, len(train_on))
    held_part = Held(held_rows, score, decides, looks) if looked_at else None
    run = run_on(setup, train_on.select(fit, inner), held_part)
    return replace(run, looks=looks if looked_at else None), held_rows, score


def _parted(examples: Examples, seed: int) -> tuple[IntArray, IntArray]:
    """Which are trained on first, and which are held out."""
    strata = task_of(examples.data).strata(examples.data.targets)
    parts = build_folds(strata, examples.clusters, parts_of(len(strata)), 1, seed)[0]
    return np.flatnonzero(parts != 0), np.flatnonzero(parts == 0)


@dataclass(frozen=True)
class HeldScore:
    """Loss of the held-out part; after temperature scaling where there are enough examples to fit it."""

    task: Task
    targets: Array

    @property
    def telling(self) -> bool:
        """Whether there are enough examples to choose something fine on them."""
        return len(self.targets) >= TELLING

    def temperature(self, outputs: FloatArray) -> FloatArray:
        """``()`` or ``(width,)``."""
        return self.task.temperature(outputs, self.targets, doubt=1 / (len(self.targets) + 2))

    def each(self, outputs: FloatArray) -> FloatArray:
        """``(n,)``."""
        return self.task.losses(self.predictions(outputs), self.targets)

    def predictions(self, outputs: FloatArray) -> FloatArray:
        """``(n, p)``."""
        return self.task.decode(outputs / self.temperature(outputs) if self.telling else outputs)

    def calibrated(self, outputs: FloatArray) -> FloatArray:
        """``(n,)`` after temperature scaling, however few there are.

        Training makes logits larger. So the start of a training, though right less often, has the lower loss without
        it: it is less sure of what it has wrong.
        """
        return self.task.losses(self.task.decode(outputs / self.temperature(outputs)), self.targets)

    def __call__(self, outputs: FloatArray) -> float:
        """The mean of all."""
        return float(self.each(outputs).mean())


def _best_share(run: Run, held: Rows, score: HeldScore, config: FinetuneConfig) -> tuple[float, dict[str, float]]:
    """How far to go, and the held-out score at every share; the network is left there."""
    if not (config.interpolate and config.warm_head):
        return 1.0, {}
    end = {n: p.detach().clone() for g in run.groups for n, p in g.parameters.items()}
    losses = {}
    for share in SHARES:
        run.put(end)
        run.go(share)
        losses[share] = score.calibrated(outputs_of(run.network, held))
    best = min(SHARES, key=lambda s: losses[s].mean())
    if not clearly_lower(losses[best], losses[0.0], 1.0):
        best = 0.0
    run.put(end)
    run.go(best)
    return best, {f"{s:g}": round(float(v.mean()), 5) for s, v in losses.items()}


def _limit(histories: Sequence[History]) -> str:
    """What a time to keep did to a training, of which one or two histories count."""
    found = {history.limit for history in histories}
    return next((limit for limit in ("stopped", "shortened") if limit in found), "")


def _rates(groups: list[Group], config: FinetuneConfig) -> dict[str, dict[str, float]]:
    return {g.name: {"learning_rate": g.learning_rate, "starts": g.starts} for g in groups}
