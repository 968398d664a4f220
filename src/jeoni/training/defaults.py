"""The defaults of a recipe: by what a strategy prefers, and how much data there is.

Kolesnikov et al. 2020 (BiT-HyperRule): the length of a training is decided by the data's size. Theirs counts steps of
512 images for a TPU; ours grows with the root of the number of examples, so that 100 images are seen 40 times, 2,000
about nine times and 20,000 about three times: frozen stages are cached and the head starts fitted, so less is needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from jeoni.errors import ConfigError, did_you_mean
from jeoni.specs import AUTO, Recipe

__all__ = ["find_stage", "resolve_defaults", "steps_for"]

DEFAULTS: Mapping[str, Any] = {
    "batch_size": 32,
    "learning_rate": 3e-4,
    "head_learning_rate": 1e-3,
    "depth_decay": 0.75,
    "weight_decay": 0.01,
    "warmup": 0.1,
    "label_smoothing": 0.0,
    "mixup": 0.0,
    "augment": "light",
    "views": 4,
    "logit_adjustment": 0.0,
    "ema": 0.0,
    "patience": 0,
    "precision": "float32",
}


def steps_for(n: int, batch_size: int, length: float = 1.0) -> int:
    """Training steps for ``n`` examples.

    Args:
        n: number of training examples.
        batch_size: examples in a step.
        length: a factor; training from scratch gets more.

    Example:
        >>> [steps_for(n, 32) for n in (100, 2000, 20_000)]
        [125, 559, 1768]
    """
    return max(40, round(length * 400 * math.sqrt(n) / batch_size))


def resolve_defaults(recipe: Recipe, own: Mapping[str, Any], n: int, length: float = 1.0) -> Recipe:
    """Fill in what was left open.

    Args:
        recipe: what the user said.
        own: what the strategy prefers.
        n: number of training examples.
        length: how much longer than others the strategy trains.

    Example:
        >>> resolve_defaults(Recipe(batch_size=16), {"learning_rate": 1e-3}, n=100).steps
        250
        >>> resolve_defaults(Recipe(epochs=3, batch_size=16), {}, n=100).steps
        19
    """
    preferred = {**DEFAULTS, **own}
    found = {f.name: getattr(recipe, f.name) for f in fields(recipe)}
    open_ = [k for k, v in found.items() if v in (AUTO, "auto") and k in preferred]
    resolved = replace(recipe, **{k: preferred[k] for k in open_})
    if resolved.epochs != AUTO:
        steps = math.ceil(resolved.epochs * n / resolved.batch_size)
        resolved = replace(resolved, steps=steps, epochs=AUTO)
    elif resolved.steps == AUTO:
        resolved = replace(resolved, steps=steps_for(n, resolved.batch_size, length))
    if resolved.augment == "none":
        resolved = replace(resolved, views=0)
    return resolved


def find_stage(wanted: str, names: tuple[str, ...], what: str, default: int) -> int:
    """A number of stages from what a user wrote: ``auto``, how many, or the name of the last one.

    Args:
        wanted: as written.
        names: of the stages, lowest first.
        what: the option, for the message.
        default: for ``auto``.

    Raises:
        ConfigError: neither a number that fits nor a name; the message lists the names.

    Example:
        >>> find_stage("block 1", ("stem", "block 1", "pool"), "frozen", 0)
        2
    """
    if wanted == "auto":
        return default
    if wanted in names:
        return names.index(wanted) + 1
    if wanted.isdecimal() and int(wanted) <= len(names):
        return int(wanted)
    raise ConfigError(
        f"{what} is {wanted!r}; it can be a number from 0 to {len(names)}, or a stage.{did_you_mean(wanted, names)} "
        f"The stages: {', '.join(names)}."
    )
