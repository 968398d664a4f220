"""Denoising autoencoder (Vincent et al. JMLR 2010): features from which the undamaged input can be made again.

A share of what goes into the stages above the cut is set to zero, whole channels or pixels at random places; from the
features of that a decoder makes what was there before. Ours differs: what is made again is the input of the trained
stages, averaged over a coarse grid and scaled column by column, so that a small decoder does and frozen stages stay as
they are; with no stage frozen it is the image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.backbones.entry import entry
from jeoni.errors import ConfigError
from jeoni.pretraining.learning.method import Pretrained, Start, check_batch
from jeoni.pretraining.learning.stages import Learner, Plan, shared_batch, train_stages
from jeoni.pretraining.learning.two_views import frozen_of, resolved
from jeoni.specs import Recipe
from jeoni.training.depth import taps_for
from jeoni.training.forward import as_input
from jeoni.training.job import Batch
from jeoni.training.rows import Rows, training_rows

__all__ = ["Autoencoder"]

PREFERRED: dict[str, Any] = {
    "augment": "light", "views": 4, "batch_size": 64, "learning_rate": 3e-4, "head_learning_rate": 1e-3,
    "depth_decay": 1.0, "weight_decay": 1e-4,
}  # fmt: skip
SAMPLE = 256
TINY = 1e-4


@dataclass(frozen=True)
class Autoencoder:
    """Undo damage.

    Attributes:
        damage: the share of places that are set to zero.
        grid: the side of the coarse grid that is made again.
        width: of the decoder's hidden layer.
    """

    modalities: ClassVar[tuple[str, ...]] = ("image", "audio")
    supervised: ClassVar[bool] = False

    damage: float = 0.3
    grid: int = 4
    width: int = 512

    def check(self) -> None:
        """Whether the damage can be.

        Raises:
            ConfigError: it is no share.
        """
        if not 0 <= self.damage < 1:
            raise ConfigError(f"damage is {self.damage:g}; it is a share of the input, at least 0 and below 1.")

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """The pooled features; views at the cut are computed when it is known how many there is room for."""
        return taps_for(backbone, backbone.n, n, recipe)

    def learn(self, start: Start) -> Pretrained:
        """Train the stages above the cut and a decoder.

        Raises:
            ConfigError: an input that is no image, or fewer examples than a batch.
        """
        backbone, n = start.backbone, len(start.examples)
        if not backbone.input.varied:
            raise ConfigError(
                f"autoencoder makes images again, and {backbone.name} takes {backbone.input.kind} rows. Take a "
                "backbone for images, or another method of `jeoni list pretraining`."
            )
        recipe = resolved(start, PREFERRED)
        check_batch("autoencoder", n, recipe.batch_size)
        made = cut(backbone, frozen_of(start.recipe, backbone, n, start.untrained))
        rows, facts = training_rows(start.examples, backbone, made.tap, recipe, start.context)
        features = made.from_rows(backbone.input)
        whole = made.tap.stage == 0  # then rows are pixels, and what goes in is what the network takes
        enters = entry(nn.Identity(), backbone.input) if whole else nn.Identity()
        goal = Goal.of(rows, enters, self.grid)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(start.context.seed)
            head = nn.Sequential(
                nn.Linear(backbone.dim, self.width), nn.ReLU(), nn.Linear(self.width, len(goal.centre))
            )
        learner = Learner(features, head, recipe.steps, ("reconstruction",))
        plan = Plan(
            title="Pretraining (autoencoder)",
            made=made,
            network=learner,
            losses=_Losses(self.damage, goal, whole),
            rows=rows,
            facts=facts,
            recipe=replace(recipe, batch_size=shared_batch(recipe.batch_size)),
            statistics=True,
            settings=repr(self),
        )
        return train_stages(start, plan)


@dataclass(frozen=True)
class Goal:
    """What is made again: a coarse grid of an activation, each number centred and scaled.

    Attributes:
        enters: rows to what goes into the trained stages.
        grid: its side.
        centre: ``(m,)``.
        scale: ``(m,)``.
    """

    enters: nn.Module
    grid: int
    centre: Tensor
    scale: Tensor

    @classmethod
    def of(cls, rows: Rows, enters: nn.Module, grid: int) -> Goal:
        """Centre and scale by some of the rows."""
        index = np.unique(np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(np.int64))
        with torch.no_grad():
            given = as_input(rows.batch(index, np.zeros_like(index)), torch.device("cpu"))
            coarse = _coarse(enters(given), grid)
        return cls(enters, grid, coarse.mean(0), coarse.std(0) + TINY)

    def __call__(self, activation: Tensor) -> Tensor:
        """``(n, m)``."""
        centre, scale = (part.to(activation.device) for part in (self.centre, self.scale))
        return (_coarse(activation, self.grid) - centre) / scale


def _coarse(activation: Tensor, grid: int) -> Tensor:
    if activation.ndim == 4:
        activation = nn.functional.adaptive_avg_pool2d(activation.float(), grid)
    elif activation.ndim == 3:
        activation = activation.float().mean(1)
    return activation.flatten(1).float()


@dataclass(frozen=True)
class _Losses:
    damage: float
    goal: Goal
    pixels: bool

    def __call__(self, network: Learner, batch: Batch) -> dict[str, Tensor]:
        features: Any = network.features
        with torch.no_grad():
            whole = self.goal.enters(batch.rows)
            wanted = self.goal(whole)
        # of pixels all channels of a place are lost together
        places = (len(whole), 1, *whole.shape[2:]) if self.pixels else whole.shape
        kept = (torch.rand(places, device=whole.device) >= self.damage).to(whole.dtype)
        inside = features.module if self.pixels else features
        guess = network.head(inside(whole * kept)).float()
        return {"reconstruction": nn.functional.mse_loss(guess, wanted)}
