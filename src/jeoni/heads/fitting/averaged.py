"""Heads on the features of several stages, averaged: one head on these features side by side.

The mean of linear maps of parts of a vector is a linear map of the whole. So the mean of what the heads say (their
logits, each at its own temperature; of numbers the predictions) is a single head, saved and explained as others are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from jeoni.errors import ConfigError
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task
from jeoni.types import Array

__all__ = ["AVERAGED", "average_heads", "may_be_averaged", "part_of_head"]

AVERAGED = ("auto", "linear", "ridge", "gda")  # heads that are linear in the features


def average_heads(fitted: Sequence[FittedHead], targets: Array) -> FittedHead:
    """One head on the features of all, in the order given.

    The temperature is chosen anew: by the mean of the held-out outputs.

    Args:
        fitted: heads of one task on the same examples and folds, linear in the features; the last one's facts stay.
        targets: ``(n, …)`` of the task.

    Raises:
        ConfigError: a task of neither classes nor numbers.
    """
    modules, last = [one.module for one in fitted if isinstance(one.module, AffineModule)], fitted[-1]
    assert len(modules) == len(fitted), "a head that is not linear in the features"
    if not may_be_averaged(last.task):
        raise ConfigError(
            f"Heads on several stages are for classes or numbers; the task is {last.task.id}. Leave the setting stages "
            "out."
        )
    count = len(fitted)
    weight = torch.cat([module.weight.detach() / module.temperature / count for module in modules], 1)
    bias = torch.stack([module.bias.detach() / module.temperature for module in modules]).mean(0)
    held_out = _mean_held_out(fitted)
    divisor = _temperature_of(last.task, held_out, targets)
    made = AffineModule.of(weight.numpy(), bias.numpy())
    made.temperature.fill_(divisor)
    strengths = [one.choice["strength"] for one in fitted if "strength" in one.choice]
    choice: dict[str, Any] = {**last.choice, "temperature": divisor, **({"strength": strengths} if strengths else {})}
    return replace(last, module=made, choice=choice, held_out=held_out)


def may_be_averaged(task: Task) -> bool:
    """Whether the outputs of several heads for this task have a mean that is an output: of classes and numbers."""
    return not task.parts and task.link in ("softmax", "identity")


def part_of_head(head: AffineModule, width: int) -> AffineModule:
    """What a head says by its last ``width`` features: of several stages side by side, those of the topmost."""
    made = AffineModule.of(head.weight.detach()[:, -width:].numpy(), head.bias.detach().numpy())
    made.temperature.copy_(head.temperature)
    return made


def _mean_held_out(fitted: Sequence[FittedHead]) -> Array | None:
    """``(repeats, n, width)``, each head's at its own temperature; None where one has none."""
    found = [one.held_out / float(one.choice.get("temperature", 1.0)) for one in fitted if one.held_out is not None]
    return np.mean(found, axis=0).astype(np.float32) if len(found) == len(fitted) else None


def _temperature_of(task: Task, held_out: Array | None, targets: Array) -> float:
    if held_out is None or not len(held_out):
        return 1.0
    flat = held_out.reshape(-1, held_out.shape[-1])
    return float(task.temperature(flat, np.tile(targets, len(held_out)), doubt=1 / (len(targets) + 2)))
