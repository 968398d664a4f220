"""Two random views of each example in a step: what self-supervised methods of images compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.errors import ConfigError
from jeoni.modalities.geometry import Geometry
from jeoni.pretraining.learning.method import Pretrained, Start, check_batch
from jeoni.pretraining.learning.stages import Learner, Plan, shared_batch, train_stages
from jeoni.specs import Recipe
from jeoni.training.defaults import ResolvedRecipe, resolve_defaults
from jeoni.training.depth import default_frozen, frozen_stages
from jeoni.training.job import Batch
from jeoni.training.order import Domain
from jeoni.training.precision import precision_for
from jeoni.training.rows import Rows, training_rows
from jeoni.types import Array, IntArray

__all__ = ["PREFERRED", "TwoViews", "frozen_of", "learn_from_views", "projector", "resolved", "view_taps"]

# views of a batch must differ as much as the content allows: crops to 40 %, colours, small turns
PREFERRED: dict[str, Any] = {
    "augment": "strong", "views": 6, "batch_size": 64, "learning_rate": 3e-4, "head_learning_rate": 1e-3,
    "depth_decay": 1.0, "weight_decay": 1e-4,
}  # fmt: skip
LENGTH = 2.0
Compare = Callable[[Tensor, Tensor], dict[str, Tensor]]


class TwoViews:
    """Every example twice, in two different views: first all of them, then all of them again.

    Args:
        rows: in random views.
        views: how many there are of each; 0 where every epoch has a new one.
    """

    def __init__(self, rows: Rows, views: int) -> None:
        self._rows, self._views = rows, views

    def __len__(self) -> int:
        return 2 * len(self._rows)

    @property
    def lengths(self) -> IntArray | None:
        """See :class:`jeoni.training.rows.Rows`."""
        own = self._rows.lengths
        return None if own is None else np.concatenate([own, own])

    @property
    def constant(self) -> bool:
        """They change."""
        return False

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`jeoni.training.rows.Rows`."""
        return self._rows.batch(*self._of(index, epoch))

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """See :class:`jeoni.training.rows.Rows`."""
        return self._rows.geometries(*self._of(index, epoch))

    def _of(self, index: IntArray, epoch: IntArray) -> tuple[IntArray, IntArray]:
        """The examples, and an epoch in which each shows the view that is its turn.

        Of ``v`` kept views an example shows the epoch's and, second, another one, at a distance that goes from 1 to
        ``v - 1`` in turn: so all pairs come up.
        """
        n = len(self._rows)
        second = index >= n
        if self._views:
            distance = 1 + (epoch // self._views) % (self._views - 1)
            return index % n, np.where(second, epoch + distance, epoch)
        return index % n, 2 * epoch + second


@dataclass(frozen=True)
class _Losses:
    """Both halves of a batch through stages and projector, then compared."""

    n: int
    compare: Compare

    def __call__(self, network: Learner, batch: Batch) -> dict[str, Tensor]:
        projected = network(batch.rows).float()
        second = torch.from_numpy(batch.index >= self.n).to(projected.device)
        return self.compare(projected[~second], projected[second])


def projector(dim: int, width: int, depth: int = 3, out: int = 0) -> nn.Sequential:
    """Linear layers with batch normalisation and ReLU between, as VICReg's expander; given up after the training."""
    layers: list[nn.Module] = []
    for k in range(depth - 1):
        layers += [nn.Linear(dim if k == 0 else width, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, out or width, bias=False))


def frozen_of(recipe: Recipe, backbone: Backbone, n: int, untrained: bool) -> int:
    """Stages that stay: of random weights none by default, of others the fewer the examples, the more.

    Raises:
        ConfigError: all of them, so that nothing is left to train.
    """
    frozen = frozen_stages(recipe, backbone, 0 if untrained else default_frozen(backbone, n))
    if frozen >= backbone.n:
        raise ConfigError(
            f"frozen is {frozen}, all stages of {backbone.name}: nothing is left to train. Take {backbone.n - 1} or "
            "fewer."
        )
    return frozen


def resolved(start: Start, own: dict[str, Any], length: float = LENGTH) -> ResolvedRecipe:
    """The recipe with nothing left open: what the user said, then what the method prefers."""
    precision = precision_for(start.backbone, long=True)
    preferred = {"precision": precision, **start.backbone.preferred, **own}
    return resolve_defaults(start.recipe, preferred, len(start.examples), length)


def learn_from_views(
    start: Start, name: str, terms: tuple[str, ...], head: Callable[[int], nn.Module], compare: Compare, settings: str
) -> Pretrained:
    """Train the stages above the cut so that two views of an example agree, as ``compare`` has it.

    Args:
        start: backbone, examples, recipe.
        name: of the method.
        terms: of its loss.
        head: from the number of features to what is trained beside.
        compare: projections ``(b, k)`` of one view and of another to the terms of the loss.
        settings: of the method, in a text that differs where they do.

    Raises:
        ConfigError: fewer examples than a batch, or an input of which there are no views.
    """
    backbone, n = start.backbone, len(start.examples)
    if not backbone.input.varied:
        raise ConfigError(
            f"{name} compares random views of an item, and {backbone.name} takes inputs that have none "
            f"({backbone.input.kind}). Take a backbone for images, or another method of `jeoni list pretraining`."
        )
    recipe = resolved(start, PREFERRED)
    check_batch(name, n, recipe.batch_size)
    if recipe.views == 1:
        raise ConfigError(f"views is 1; {name} compares two views of an item. Take --views 2 or more.")
    if recipe.augment == "none":
        raise ConfigError(f"augment is none; {name} compares random views. Take light, strong or medical.")
    made = cut(backbone, frozen_of(start.recipe, backbone, n, start.untrained))
    rows, facts = training_rows(start.examples, backbone, made.tap, recipe, start.context)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(start.context.seed)
        network = Learner(made.from_rows(backbone.input), head(backbone.dim), recipe.steps, terms)
    kept = facts["views"]
    assert isinstance(kept, int)
    plan = Plan(
        title=f"Pretraining ({name})",
        made=made,
        network=network,
        losses=_Losses(n, compare),
        rows=TwoViews(rows, kept),
        facts=facts,
        recipe=replace(recipe, batch_size=2 * shared_batch(recipe.batch_size)),
        statistics=True,
        domains=(Domain(n), Domain(n, views_of=0)),
        settings=settings,
    )
    return train_stages(start, plan)


def view_taps(backbone: Backbone) -> tuple[Tap, ...]:
    """The pooled features: views at the cut are computed when it is known how many there is room for."""
    return (Tap(backbone.n, True),)
