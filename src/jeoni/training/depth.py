"""How deep a training goes: which stages stay, what must be in the store for it, and whether they stayed."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.backbones.weights import fingerprint
from jeoni.errors import ConfigError
from jeoni.features.examples import Examples
from jeoni.specs import Recipe
from jeoni.training.defaults import find_stage
from jeoni.training.rows import fits
from jeoni.types import FloatArray

__all__ = ["default_frozen", "frozen_alike", "frozen_stages", "identity_of", "set_temperature", "taps_for"]


def default_frozen(backbone: Backbone, n: int) -> int:
    """How many stages stay frozen: the fewer the examples, the more.

    Two thirds below 5,000 examples, half below 20,000, then none (Yosinski et al. 2014: lower layers transfer as they
    are; Kornblith et al. 2019: with much data all of them are worth training).
    """
    share = 2 / 3 if n < 5000 else 1 / 2 if n < 20_000 else 0.0
    return round(share * backbone.n)


def frozen_stages(recipe: Recipe, backbone: Backbone, default: int) -> int:
    """How many stages the recipe freezes.

    Raises:
        ConfigError: neither a number nor a stage; the message lists the stages.
    """
    return find_stage(recipe.frozen, tuple(s.name for s in backbone.stages), "frozen", default)


def taps_for(backbone: Backbone, frozen: int, n: int, recipe: Recipe) -> tuple[Tap, ...]:
    """The activations that must be in the store: the pooled features, and the rows at the cut where they fit.

    Raises:
        ConfigError: a backbone that holds no weights, so that nothing can be trained.
    """
    if not backbone.learned:
        raise ConfigError(
            f"{backbone.name} are features as they are: below the head there is nothing to train or to compare. Take "
            "`jeoni fit` with --strategy probe (and --head mlp for more), or `jeoni adapt` with a method on features, "
            "such as --method coral."
        )
    whole = Tap(backbone.n, True)
    at = cut(backbone, frozen).tap
    return (whole,) if at == whole or not fits(backbone, at, n, recipe.cache_gb) else (whole, at)


def identity_of(examples: Examples) -> str:
    """The same for the same content in the same order."""
    content = hashlib.sha256()
    for i in examples.index:
        content.update(examples.seen.digests[int(i)])
    return content.hexdigest()


def set_temperature(module: nn.Module, value: float | FloatArray) -> None:
    """Of a head, or of a network's part ``head``: one number, or one per output."""
    head = getattr(module, "head", module)
    there: Tensor = head.get_buffer("temperature")
    head.temperature = torch.as_tensor(value, dtype=torch.float32, device=there.device)


def frozen_alike(before: Backbone, after: Backbone, frozen: int) -> bool:
    """Whether every tensor of the frozen stages is, bit for bit, what it was."""
    names = {p for stage in before.stages[:frozen] for p in stage.parameters}
    one, other = ({k: v for k, v in b.network.state_dict().items() if k in names} for b in (before, after))
    return fingerprint(one) == fingerprint(other)
