"""The defaults of a recipe: by what a strategy prefers, and how much data there is.

Kolesnikov et al. 2020 (BiT-HyperRule): the length of a training is decided by the data's size. Theirs counts steps of
512 images for a TPU; ours grows with the root of the number of examples, so that 100 images are seen 40 times, 2,000
about nine times and 20,000 about three times: frozen stages are cached and the head starts fitted, so less is needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from jeoni.errors import ConfigError, did_you_mean
from jeoni.specs import Recipe

__all__ = ["ResolvedRecipe", "find_stage", "resolve_defaults", "steps_for"]


@dataclass(frozen=True, kw_only=True)
class ResolvedRecipe:
    """A recipe in which nothing is open; its defaults are those of fine-tuning. Fields are those of :class:`Recipe`."""

    frozen: str = "auto"
    reuse: str = "auto"
    steps: int
    batch_size: int = 32
    learning_rate: float = 3e-4
    head_learning_rate: float = 1e-3
    depth_decay: float = 0.75
    weight_decay: float = 0.01
    warmup: float = 0.1
    label_smoothing: float = 0.0
    mixup: float = 0.0
    augment: str = "light"
    views: int = 4
    logit_adjustment: float = 0.0
    ema: float = 0.0
    patience: int = 0
    accumulate: int = 1
    precision: str = "float32"
    cache_gb: float = 20.0
    deterministic: bool = True


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


def resolve_defaults(recipe: Recipe, own: Mapping[str, Any], n: int, length: float = 1.0) -> ResolvedRecipe:
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
    said = {f.name: getattr(recipe, f.name) for f in fields(recipe)}
    decided = {**own, **{name: value for name, value in said.items() if value not in (None, "auto")}}
    batch_size = decided.get("batch_size", ResolvedRecipe.batch_size)
    epochs = decided.pop("epochs", None)
    if epochs is not None:
        decided["steps"] = math.ceil(epochs * n / batch_size)
    decided.setdefault("steps", steps_for(n, batch_size, length))
    if decided.get("augment") == "none":
        decided["views"] = 0
    return ResolvedRecipe(**decided)


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
