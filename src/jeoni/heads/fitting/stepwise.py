"""Fitting a head that has no convex solution: by the training loop, every choice made on the folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from jeoni.heads.fitting.choice import choose, weight_options
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.specs import Recipe
from jeoni.tasks import LossOptions, Task, with_decisions
from jeoni.training.defaults import resolve_defaults
from jeoni.training.depth import set_temperature
from jeoni.training.groups import Group
from jeoni.training.job import Job
from jeoni.training.loop import train
from jeoni.training.rows import ArrayRows
from jeoni.types import Array, IntArray, RowsLike

__all__ = ["fit_stepwise"]

BATCH = 128
PASSES = 60


def fit_stepwise(
    build: Callable[[dict[str, Any]], nn.Module],
    settings: Sequence[dict[str, Any]],
    features: RowsLike,
    targets: Array,
    task: Task,
    folds: IntArray,
    class_weights: str,
) -> FittedHead:
    """Train one module per candidate and fold of the first draw, choose, then train on all rows.

    Args:
        build: a fresh module for a setting; it has a buffer ``temperature`` and, to be standardised by, ``mean`` and
            ``scale``.
        settings: candidates; ``weight_decay`` and ``learning_rate`` in them are those of the optimiser.
        features: ``(n, d)``; read into memory.
        targets: ``(n, …)``.
        task: what is predicted.
        folds: ``(repeats, n)``; the first draw is used.
        class_weights: ``auto``, ``balanced`` or ``none``.
    """
    rows = np.asarray(features[slice(0, len(targets))], dtype=np.float32)
    classes = task.link == "softmax"
    options = weight_options(targets, task.width, class_weights) if classes else [_option(class_weights)]
    held_out = np.zeros((1, len(options), len(settings), len(targets), task.width), dtype=np.float32)
    for o, option in enumerate(options):
        for s, setting in enumerate(settings):
            for fold in np.unique(folds[0]):
                seen, held = np.flatnonzero(folds[0] != fold), np.flatnonzero(folds[0] == fold)
                module = _trained(build, setting, rows[seen], targets[seen], task, option)
                with torch.inference_mode():
                    held_out[0, o, s, held] = module(torch.from_numpy(rows[held])).numpy()
    if classes:
        candidates, best = choose(held_out, list(settings), options, targets, task.width, folds[:1])
    else:
        candidates, best = _choose_by_loss(held_out[0, 0], list(settings), options[0], targets, task)
    setting = {k: best[k] for k in settings[0]}
    module = _trained(build, setting, rows, targets, task, best["class_weights"])
    set_temperature(module, np.asarray(best["temperature"]))
    place = next(k for k, s in enumerate(settings) if s == setting)
    decided = with_decisions(task, held_out[0, options.index(best["class_weights"]), place], targets)
    return FittedHead(module.eval(), best, decided, candidates)


def _option(class_weights: str) -> str:
    return "none" if class_weights == "auto" else class_weights


def _choose_by_loss(
    held_out: Array, settings: list[dict[str, Any]], option: str, targets: Array, task: Task
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One record per candidate with its held-out loss, and the best; ``held_out (settings, n, width)`` outputs."""
    candidates = []
    for setting, outputs in zip(settings, held_out, strict=True):
        divisor = task.temperature(outputs, targets, doubt=1 / (len(targets) + 2))
        loss = float(task.losses(task.decode(outputs / divisor), targets).mean())
        candidates.append({**setting, "class_weights": option, "loss": loss, "temperature": divisor.tolist()})
    best = min(candidates, key=lambda c: c["loss"])
    return candidates, {k: best[k] for k in (*settings[0], "class_weights", "temperature")}


def _trained(
    build: Callable[[dict[str, Any]], nn.Module],
    setting: dict[str, Any],
    rows: Array,
    targets: Array,
    task: Task,
    option: str,
) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build(setting)
    module.get_buffer("mean").copy_(torch.from_numpy(rows.mean(0)))
    module.get_buffer("scale").copy_(torch.from_numpy(1 / np.maximum(rows.std(0), 1e-6)))
    n = len(targets)
    recipe = Recipe(
        steps=int(np.clip(PASSES * n // BATCH, 150, 2000)),
        batch_size=BATCH,
        weight_decay=setting["weight_decay"],
        learning_rate=setting["learning_rate"],
        augment="none",
    )
    resolved = resolve_defaults(recipe, {}, n)
    group = Group("head", dict(module.named_parameters()), resolved.learning_rate, resolved.weight_decay)
    criterion = task.criterion(targets, LossOptions(balanced=option == "balanced"))
    train(Job("Head", module, [group], ArrayRows(rows), targets, criterion, resolved))
    return module.cpu()
