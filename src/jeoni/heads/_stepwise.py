"""Fitting a head that has no convex solution: by the training loop, every choice made on the folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.heads._choice import choose, example_weights, weight_options
from jeoni.heads._protocol import FittedHead
from jeoni.spec import Recipe
from jeoni.training.groups import Group
from jeoni.training.job import Job
from jeoni.training.loop import train
from jeoni.training.rows import ArrayRows
from jeoni.training.settle import settle
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["fit_stepwise"]

BATCH = 128
PASSES = 60


def fit_stepwise(
    build: Callable[[dict[str, Any]], nn.Module],
    settings: Sequence[dict[str, Any]],
    features: RowsLike,
    labels: IntArray,
    classes: int,
    folds: IntArray,
    class_weights: str,
) -> FittedHead:
    """Train one module per candidate and fold of the first draw, choose, then train on all rows.

    Args:
        build: a fresh module for a setting; it has a buffer ``temperature`` and, to be standardised by, ``mean`` and
            ``scale``.
        settings: candidates; ``weight_decay`` and ``learning_rate`` in them are those of the optimiser.
        features: ``(n, d)``; read into memory.
        labels: ``(n,)``.
        classes: how many.
        folds: ``(repeats, n)``; the first draw is used.
        class_weights: ``auto``, ``balanced`` or ``none``.
    """
    rows = np.asarray(features[slice(0, len(labels))], dtype=np.float32)
    options = weight_options(labels, classes, class_weights)
    held_out = np.zeros((1, len(options), len(settings), len(labels), classes), dtype=np.float32)
    for o, option in enumerate(options):
        for s, setting in enumerate(settings):
            for fold in np.unique(folds[0]):
                seen, held = np.flatnonzero(folds[0] != fold), np.flatnonzero(folds[0] == fold)
                module = _trained(build, setting, rows[seen], labels[seen], classes, option)
                with torch.inference_mode():
                    held_out[0, o, s, held] = module(torch.from_numpy(rows[held])).numpy()
    candidates, best = choose(held_out, list(settings), options, labels, classes, folds[:1])
    setting = {k: best[k] for k in settings[0]}
    module = _trained(build, setting, rows, labels, classes, best["class_weights"])
    module.get_buffer("temperature").fill_(best["temperature"])
    return FittedHead(module.eval(), best, candidates)


def _trained(
    build: Callable[[dict[str, Any]], nn.Module],
    setting: dict[str, Any],
    rows: Array,
    labels: IntArray,
    classes: int,
    option: str,
) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build(setting)
    module.get_buffer("mean").copy_(torch.from_numpy(rows.mean(0)))
    module.get_buffer("scale").copy_(torch.from_numpy(1 / np.maximum(rows.std(0), 1e-6)))
    n = len(labels)
    recipe = Recipe(
        steps=int(np.clip(PASSES * n // BATCH, 150, 2000)),
        batch_size=BATCH,
        weight_decay=setting["weight_decay"],
        learning_rate=setting["learning_rate"],
        augment="none",
    )
    settled = settle(recipe, {}, n)
    group = Group("head", dict(module.named_parameters()), settled.learning_rate, settled.weight_decay)
    used = np.ones(n, dtype=bool)
    by_class = _class_weights(labels, classes, example_weights(labels, classes, option, used))
    train(Job("Head", module, [group], ArrayRows(rows), labels, classes, settled, class_weights=by_class))
    return module.cpu()


def _class_weights(labels: IntArray, classes: int, weights: FloatArray) -> Tensor:
    """``(classes,)`` from a weight per row."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    return torch.from_numpy(np.bincount(labels, weights=weights, minlength=classes) / counts).float()
