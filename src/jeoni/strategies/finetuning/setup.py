"""One training: the cut, its rows from the store, a fitted head, and the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import distributed
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Cut, Tap, cut
from jeoni.features.examples import Context, Examples
from jeoni.heads.fitting.named import build_head
from jeoni.strategies.finetuning.looks import Looks
from jeoni.tasks import LossOptions, Task, task_of
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.depth import identity_of, set_temperature
from jeoni.training.forward import gpu_step_s, outputs_of
from jeoni.training.groups import HEAD, Group, build_groups
from jeoni.training.job import Held, History, Job, Loss, Objective
from jeoni.training.loop import train
from jeoni.training.rows import plain_rows, training_rows
from jeoni.training.sizes import Sizes
from jeoni.training.work import Training, evaluation_steps, whole_steps
from jeoni.types import FloatArray

__all__ = ["FinetuneConfig", "Network", "Run", "TrainingSetup", "begin", "run_on"]


@dataclass(frozen=True)
class FinetuneConfig:
    """The settings of fine-tuning in which strategies differ.

    Attributes:
        title: for the progress bar.
        frozen: stages that stay as they are.
        wanted: which parameters of the other stages are trained.
        starts: the step at which a stage starts, by its distance from the top.
        anchor: pull towards the starting weights.
        warm_head: fit the head on the frozen features first (LP-FT, Kumar et al. 2022), else start at zero.
        train_statistics: batch normalisation uses batch statistics in trained stages.
        interpolate: choose how far to go from the start; without a warm head there is nothing to go back to.
        to_the_end: with few examples every step is made, and the held-out part does not choose the best moment.
        reuse: stages that start from pretrained weights; -1: all.
        loss: made from the examples trained on; None is the task's own.
        objective: of the stages alone, made from the part of the network that gives features: then the head does not
            take part in the training, and is fitted anew behind it.
        adapt: changes the network above the cut in place before its first step, such as by adding adapters.
        sizes: of pictures that grow in the course of the training; None: they have the backbone's size.
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
    sizes: Sizes | None = None
    fold: Callable[[Cut], None] = field(default=lambda made: None)


class Network(nn.Module):
    """Rows at the cut to outputs."""

    features: nn.Module
    head: nn.Module

    def __init__(self, features: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.features, self.head = features, head

    def forward(self, rows: Tensor) -> Tensor:
        """Outputs ``(n, width)`` of rows at the cut."""
        outputs: Tensor = self.head(self.features(rows))
        return outputs


@dataclass(frozen=True)
class TrainingSetup:
    """Everything that one training needs.

    Attributes:
        backbone: what to start from.
        source: the backbone whose rows are in the store: another one where ``backbone`` is a part or a twin of it.
        context: store, engine, seed, console.
        recipe: all its defaults resolved.
        config: of the strategy.
        head: its id.
        class_weights: ``auto``, ``balanced`` or ``none``.
    """

    backbone: Backbone
    source: Backbone
    context: Context
    recipe: ResolvedRecipe
    config: FinetuneConfig
    head: str
    class_weights: str


@dataclass(frozen=True)
class Run:
    """A network, before its first step or after its last.

    Attributes:
        made: where the backbone was cut.
        network: rows at the cut to logits.
        groups: what is trained of it.
        start: the weights before the first step.
        history: of the training.
        rows: what they were made with.
        choice: of the head that was fitted first.
        candidates: what that was chosen from.
        warm_temperature: of that head, ``()`` or ``(width,)``.
        task: what is predicted, with what that head decided about it.
        looks: at what was held out, where it was looked at on the way.
    """

    made: Cut
    network: Network
    groups: list[Group]
    start: dict[str, Tensor]
    history: History
    rows: dict[str, object]
    choice: dict[str, Any]
    candidates: list[dict[str, Any]]
    warm_temperature: FloatArray
    task: Task
    looks: Looks | None = None

    def put(self, values: dict[str, Tensor]) -> None:
        """Set the trained weights."""
        with torch.no_grad():
            for group in self.groups:
                for name, p in group.parameters.items():
                    p.copy_(values[name])

    def go(self, share: float) -> None:
        """From the starting weights, ``share`` of the way to the present ones."""
        with torch.no_grad():
            for group in self.groups:
                for name, p in group.parameters.items():
                    p.copy_(torch.lerp(self.start[name].to(p.device), p, share))


def begin(setup: TrainingSetup, examples: Examples) -> Run:
    """The network before its first step."""
    backbone, config, context, class_weights = setup.backbone, setup.config, setup.context, setup.class_weights
    made = cut(backbone, config.frozen)
    kind = build_head(setup.head)
    task, targets = task_of(examples.data), examples.data.targets
    choice: dict[str, Any] = {"class_weights": "none" if class_weights == "auto" else class_weights}
    candidates: list[dict[str, Any]] = []
    if config.warm_head:
        tap = Tap(backbone.n, True)
        features = examples.features(setup.source, tap)
        fitted = kind.fit(features, targets, task, examples.folds, class_weights, examples.clusters)
        module, choice, candidates = fitted.module, distributed.broadcast_object(fitted.choice), fitted.candidates
        task = distributed.broadcast_object(fitted.task)
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(context.seed)
            module = kind.build(backbone.dim, task.width)
    warm = module.get_buffer("temperature").double().numpy().copy()
    set_temperature(module, 1.0)
    config.adapt(made)
    network = Network(made.from_rows(backbone.input), module)
    groups = build_groups(
        backbone,
        made.frozen,
        made.prefix,
        network,
        setup.recipe,
        wanted=config.wanted,
        starts=config.starts,
        anchor=config.anchor,
    )
    start = {n: p.detach().clone() for g in groups for n, p in g.parameters.items()}
    return Run(made, network, groups, start, History(0, 0), {}, choice, candidates, warm, task)


def run_on(setup: TrainingSetup, examples: Examples, held: Held | None, counted: float | None = None) -> Run:
    """Train on the examples; the held-out part is evaluated now and then.

    Args:
        setup: what, and how.
        examples: to train on.
        held: the held-out part, if there is one.
        counted: the steps for which time was set aside, where they are not those of the recipe.
    """
    source, context, recipe, config = setup.source, setup.context, setup.recipe, setup.config
    run = begin(setup, examples)
    if run.made.note:
        context.console.warn(run.made.note)
    with context.spent.on("views"):
        timing = partial(gpu_step_s, run.network, device=distributed.device(), precision=recipe.precision)
        rows, said = training_rows(examples, source, run.made.tap, recipe, context, timing)
    targets = examples.data.targets
    balanced = run.choice.get("class_weights") == "balanced"
    options = LossOptions(balanced, recipe.label_smoothing, recipe.logit_adjustment)
    objective = config.objective(run.network.features) if config.objective else None
    job = Job(
        title=config.title,
        network=run.network,
        groups=[g for g in run.groups if objective is None or g.name != HEAD],
        rows=rows,
        targets=targets,
        criterion=run.task.criterion(targets, options),
        recipe=recipe,
        seed=context.seed,
        train_statistics=config.train_statistics,
        held=held,
        loss=config.loss(examples) if config.loss else None,
        objective=objective,
        identity=identity_of(examples),
        sizes=config.sizes,
    )
    kind = Training(source, config.frozen, recipe, recipe.steps, config.train_statistics).kind
    looking = evaluation_steps(len(held.rows), recipe.batch_size) if held else 0.0
    share = config.sizes.cost() if config.sizes else 1.0
    making = whole_steps(counted or recipe.steps, len(examples), recipe.batch_size)
    allowance = context.allowance(kind, share * (making + looking))
    with context.spent.on("training"):
        history = train(job, context.checkpoints, context.checkpoint_s, context.console, allowance)
    if objective is not None:
        plain = plain_rows(examples, source, run.made.tap, context)
        _refit(run, setup.head, outputs_of(run.network.features, plain).astype(np.float32), examples)
    return replace(run, history=history, rows=said)


def _refit(run: Run, head: str, features: FloatArray, examples: Examples) -> None:
    """Fit the head on what the trained network makes of its examples, in place.

    Its strength and class weights stay as the untrained features had them: the trained ones know the labels, so folds
    of them can decide nothing.
    """
    made: Any = build_head(head)
    if "strength" in run.choice:
        made = replace(made, strengths=(run.choice["strength"],))
    weights = run.choice.get("class_weights", "none")
    fitted = made.fit(features, examples.data.targets, run.task, examples.folds, weights, examples.clusters)
    run.network.head.load_state_dict(fitted.module.state_dict())
    set_temperature(run.network, 1.0)
