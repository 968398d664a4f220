"""DCGAN (Radford, Metz & Chintala ICLR 2016, arXiv:1511.06434): features of a discriminator, trained with a generator.

Two players in turn: the discriminator tells images from made-up ones, the generator is trained to be taken for real
(the non-saturating loss of Goodfellow et al. 2014). Adam's first moment is 0.5, rates are 2e-4. Ours differs in that
the features are the last activation, 4 x 4 places, where the paper joins all layers', so that the network can be cut
like others; in a schedule that falls to nothing; and in that statistics of batch normalisation are taken anew from real
images at the end, since during the training they mix both kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import distributed
from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.convolutional_gan import SIDES, Discriminator, Generator
from jeoni.backbones.cut import Tap
from jeoni.backbones.weights import fingerprint
from jeoni.errors import ConfigError
from jeoni.modalities.inputs.image import ImageInput
from jeoni.pretraining.learning.method import Pretrained, Start, check_batch
from jeoni.pretraining.learning.stages import Learner, course_of, shared_batch
from jeoni.pretraining.learning.two_views import resolved
from jeoni.specs import Recipe
from jeoni.training.depth import identity_of
from jeoni.training.facts import training_facts
from jeoni.training.forward import as_input
from jeoni.training.groups import Group
from jeoni.training.job import Batch, Job, Update
from jeoni.training.loop import train
from jeoni.training.rows import Rows, training_rows
from jeoni.types import Array

__all__ = ["DCGANPretraining"]

PREFERRED: dict[str, Any] = {
    "augment": "light", "views": 2, "batch_size": 64, "learning_rate": 2e-4, "head_learning_rate": 2e-4,
    "depth_decay": 1.0, "weight_decay": 0.0, "warmup": 0.0,
}  # fmt: skip
BETAS = (0.5, 0.999)
LENGTH = 8.0
SAMPLES = 64
STATISTICS = 16  # batches of real images that statistics are taken from at the end
GENERATOR = "head.generator."


@dataclass(frozen=True)
class DCGANPretraining:
    """Two players.

    Attributes:
        side: of the images, 32 or 64 pixels.
        width: channels of the first layer.
        noise: numbers that an image is made from.
    """

    modalities: ClassVar[tuple[str, ...]] = ("image",)
    supervised: ClassVar[bool] = False

    side: int = 32
    width: int = 64
    noise: int = 100

    def check(self) -> None:
        """Whether there is such a network.

        Raises:
            ConfigError: another side, or a width below 1.
        """
        if self.side not in SIDES or not 1 <= self.width <= 1024 or self.noise < 1:
            raise ConfigError(
                f"side is {self.side}, width {self.width}, noise {self.noise}; side can be "
                f"{' or '.join(map(str, SIDES))}, width 1 to 1,024, noise 1 or more."
            )

    def network(self, seed: int) -> Backbone:
        """The discriminator with random weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Discriminator(self.side, self.width)
        digest = fingerprint(network.state_dict())
        name = f"dcgan_{self.side}"
        return build_backbone(
            network,
            name=name,
            architecture=name,
            arguments={"side": self.side, "width": self.width},
            input=ImageInput(self.side, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bilinear"),
            provenance=Provenance("untrained", f"{name}, seed {seed}", "none needed", digest),
            library="dcgan",
        )

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """The pooled features, for the comparison."""
        return (Tap(backbone.n, True),)

    def learn(self, start: Start) -> Pretrained:
        """Let both play.

        Raises:
            ConfigError: fewer images than a batch, or a recipe that freezes stages.
        """
        backbone, n, context = start.backbone, len(start.examples), start.context
        if start.recipe.frozen not in ("auto", "0"):
            raise ConfigError(f"frozen is {start.recipe.frozen!r}; dcgan trains a network from random weights, whole.")
        recipe = resolved(start, PREFERRED, LENGTH)
        check_batch("dcgan", n, recipe.batch_size)
        rows, facts = training_rows(start.examples, backbone, Tap(0, False), recipe, context)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(context.seed)
            discriminator = Discriminator(self.side, self.width)
            players = Players(discriminator.dim, Generator(self.side, self.width, self.noise))
        discriminator.load_state_dict(backbone.network.state_dict())
        inside = backbone.input.entry(discriminator)
        learner = Learner(inside, players, recipe.steps, ("discriminator", "generator"))
        groups = _groups(learner, recipe.learning_rate, recipe.weight_decay)
        recipe = replace(recipe, batch_size=shared_batch(recipe.batch_size))
        job = Job(
            title="Pretraining (dcgan)",
            network=learner,
            groups=groups,
            rows=rows,
            targets=np.zeros(len(rows), dtype=np.int64),
            criterion=None,
            recipe=recipe,
            seed=context.seed,
            train_statistics=True,
            objective=_Game(learner),
            identity=f"{identity_of(start.examples)} {self!r}",
            betas=BETAS,
        )
        allowance = context.allowance("pretraining", recipe.steps)
        history = train(job, context.checkpoints, context.checkpoint_s, context.console, allowance)
        _take_statistics(learner, rows, recipe.batch_size)
        samples = _samples(players.generator, self.noise, context.seed)
        learner.cpu()
        network = discriminator.eval().requires_grad_(False)
        made = replace(backbone, network=network, fingerprint=fingerprint(network.state_dict()))
        training = training_facts(history, _by_stage(groups, backbone), recipe, facts, True)
        return Pretrained(made, 0, 0, training, course_of(learner), samples=samples)


class Players(nn.Module):
    """The generator, and the discriminator's last layer.

    Args:
        dim: features of the discriminator.
        generator: makes images.
    """

    def __init__(self, dim: int, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.judge = nn.Linear(dim, 1)
        nn.init.normal_(self.judge.weight, 0.0, 0.02)

    def forward(self, features: Tensor) -> Tensor:
        """How sure the discriminator is that an image is real, as a logit ``(n,)``."""
        logits: Tensor = self.judge(features)[:, 0]
        return logits


class _Game:
    """A step of the discriminator, then one of the generator."""

    def __init__(self, network: Learner) -> None:
        self._network, self._step = network, 0

    def begin(self, step: int) -> None:
        """Remember which step it is."""
        self._step = step

    def updates(self, batch: Batch, progress: float) -> Iterator[Update]:
        """Two; see :class:`jeoni.training.job.Objective`."""
        network: Any = self._network
        players, judge = network.head, network.head
        noise = torch.randn(len(batch.rows), players.generator.size, device=batch.rows.device)
        made = players.generator(noise)
        real = _real(judge(network.features(batch.rows)))
        fake = _fake(judge(network.features.module(made.detach())))
        network.note(self._step, {"discriminator": real + fake})
        yield Update(real + fake, lambda name: not name.startswith(GENERATOR))
        fooled = _real(judge(network.features.module(made)))
        network.note(self._step, {"generator": fooled})
        yield Update(fooled, lambda name: name.startswith(GENERATOR))


def _real(logits: Tensor) -> Tensor:
    return nn.functional.softplus(-logits.float()).mean()


def _fake(logits: Tensor) -> Tensor:
    return nn.functional.softplus(logits.float()).mean()


def _groups(network: Learner, rate: float, decay: float) -> list[Group]:
    """All parameters, those of the discriminator's stages by themselves."""
    named = dict(network.named_parameters())
    below = {n: p for n, p in named.items() if n.startswith("features.")}
    above = {n: p for n, p in named.items() if n not in below}
    return [Group("stages", below, rate, decay), Group("head", above, rate, decay)]


def _by_stage(groups: list[Group], backbone: Backbone) -> list[Group]:
    """The same for the record: all stages at one rate."""
    return [replace(groups[0], name=stage.name) for stage in backbone.stages if stage.parameters] + groups[1:]


def _take_statistics(network: Learner, rows: Rows, batch_size: int) -> None:
    """Mean and variance of batch normalisation in the discriminator, from real images alone."""
    features: Any = network.features
    norms = [m for m in features.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [m.momentum for m in norms]
    device = distributed.device()
    features.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.train()
        norm.momentum = None  # the plain average of all batches
    with torch.no_grad():
        for at in range(0, min(len(rows), STATISTICS * batch_size), batch_size):
            index = np.arange(at, min(at + batch_size, len(rows)))
            features(as_input(rows.batch(index, np.zeros_like(index)), device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    features.eval()


def _samples(generator: Generator, size: int, seed: int) -> Array:
    """Made-up images ``(m, side, side, 3)`` uint8, the same for the same seed."""
    device = next(generator.parameters()).device
    noise = torch.randn(SAMPLES, size, generator=torch.Generator().manual_seed(seed)).to(device)
    with torch.no_grad():
        images = generator.eval()(noise).cpu()
    found: Array = ((images.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy()
    return found
