"""Heads with a closed form: solved at once for each candidate and fold, then chosen as all heads are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from jeoni.errors import ConfigError
from jeoni.heads.fitting.choice import choose, example_weights, weight_options
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task, with_decisions
from jeoni.training.depth import set_temperature
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["Solve", "class_means", "fit_closed_form", "unit_rows"]

Solve = Callable[[dict[str, Any], FloatArray, IntArray, int, FloatArray], nn.Module]
"""From a setting, rows ``(m, d)``, labels ``(m,)``, the number of classes and weights ``(m,)`` to a module."""


def fit_closed_form(
    name: str,
    solve: Solve,
    settings: Sequence[dict[str, Any]],
    features: RowsLike,
    targets: Array,
    task: Task,
    folds: IntArray,
    class_weights: str,
) -> FittedHead:
    """Solve for every candidate and fold, choose by the held-out log-loss, then solve on all rows.

    Args:
        name: the head's id, for messages.
        solve: the closed form.
        settings: candidates; one where nothing is to be chosen.
        features: ``(n, d)``; read into memory.
        targets: ``(n,)`` classes.
        task: what is predicted.
        folds: ``(repeats, n)``; ``(0, n)`` where nothing can be held out.
        class_weights: ``auto``, ``balanced`` or ``none``.

    Raises:
        ConfigError: another task than a classification.
    """
    if task.link != "softmax" or task.parts:
        raise ConfigError(f"The head {name} is for classes; for the task {task.id} take --head linear or --head mlp.")
    rows = np.asarray(features[slice(0, len(targets))], dtype=np.float64)
    options, n, classes = weight_options(targets, task.width, class_weights), len(targets), task.width
    held_out = np.zeros((len(folds), len(options), len(settings), n, classes), dtype=np.float32)
    for r, fold in enumerate(folds):
        for number in np.unique(fold):
            seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            for o, option in enumerate(options):
                weights = example_weights(targets[seen], classes, option, np.ones(len(seen), dtype=bool))
                for s, setting in enumerate(settings):
                    module = solve(setting, rows[seen], targets[seen], classes, weights)
                    held_out[r, o, s, held] = _outputs(module, rows[held])
    candidates, best = choose(held_out, list(settings), options, targets, classes, folds)
    setting = {key: best[key] for key in settings[0]}
    weights = example_weights(targets, classes, best["class_weights"], np.ones(n, dtype=bool))
    module = solve(setting, rows, targets, classes, weights)
    set_temperature(module, np.asarray(best["temperature"]))
    chosen = next(k for k, s in enumerate(settings) if s == setting)
    kept = held_out[:, options.index(best["class_weights"]), chosen]
    if len(folds):
        task = with_decisions(task, kept[0], targets)
    return FittedHead(module.eval(), best, task, candidates, held_out=kept)


def class_means(rows: FloatArray, labels: IntArray, classes: int) -> FloatArray:
    """``(classes, d)``; a class without a row gets the mean of all rows: nothing speaks for it, nor against it."""
    sums = np.zeros((classes, rows.shape[1]))
    np.add.at(sums, labels, rows)
    counts = np.bincount(labels, minlength=classes)
    means = sums / np.maximum(counts, 1)[:, None]
    means[counts == 0] = rows.mean(0)
    return means


def unit_rows(rows: Array) -> FloatArray:
    """``(n, d)`` with rows of length 1; a row of zeros stays one."""
    wide = np.asarray(rows, dtype=np.float64)
    found: FloatArray = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
    return found


def _outputs(module: nn.Module, rows: FloatArray) -> Array:
    with torch.inference_mode():
        found: Array = module(torch.from_numpy(rows.astype(np.float32))).numpy()
    return found
