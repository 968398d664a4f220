"""The base class of deep methods: a loss between the domains, or a step of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from jeoni.training.job import Update
from jeoni.types import IntArray

__all__ = ["Alignment", "Batch", "Batches", "Network", "SourceOnly", "Step", "only", "ramp"]


class Network(nn.Module):
    """Rows to logits, with whatever a method trains beside.

    Attributes:
        features: rows to ``(n, d)``.
        head: ``(n, d)`` to logits ``(n, K)``.
        parts: of the method, such as a discriminator; thrown away after the training.
    """

    features: nn.Module
    head: nn.Module
    parts: nn.Module

    def __init__(self, features: nn.Module, head: nn.Module, parts: nn.Module) -> None:
        super().__init__()
        self.features, self.head, self.parts = features, head, parts

    def forward(self, rows: Tensor) -> Tensor:
        """Logits ``(n, classes)`` of rows."""
        logits: Tensor = self.head(self.features(rows))
        return logits


Batches = Callable[[], Iterator[tuple[IntArray, Tensor]]]


@dataclass(frozen=True)
class Batch:
    """Both domains' share of a step, having gone through the network.

    Attributes:
        source_features, target_features: ``(b, d)`` each.
        source_logits, target_logits: ``(b, K)`` each.
    """

    source_features: Tensor
    target_features: Tensor
    source_logits: Tensor
    target_logits: Tensor


@dataclass(frozen=True)
class Step:
    """The data and the network of one step.

    Attributes:
        network: as it is now.
        source, target: rows of each domain's share of the batch; ``strong`` are other views of the target's examples,
            for methods that ask for them.
        labels: ``(b, K)`` of the source's share.
        numbers: ``(b,)`` which target examples they are.
        progress: 0 … 1.
        smoothing: of the labels.
        weights: ``(K,)`` of the classes in the task's loss; None takes all alike.
    """

    network: Network
    source: Tensor
    target: Tensor
    strong: Tensor
    labels: Tensor
    numbers: IntArray
    progress: float
    smoothing: float = 0.0
    weights: Tensor | None = None

    def batch(self) -> Batch:
        """Send both domains through the network together."""
        rows = torch.cat([self.source, self.target])
        features = self.network.features(rows)
        logits, split = self.network.head(features).float(), len(self.source)
        features = features.float()
        return Batch(features[:split], features[split:], logits[:split], logits[split:])

    def task(self, logits: Tensor) -> Tensor:
        """Cross-entropy of the source's labels."""
        weights = None if self.weights is None else self.weights.to(logits.device)
        return nn.functional.cross_entropy(logits, self.labels, weights, label_smoothing=self.smoothing)


@dataclass(frozen=True)
class Alignment:
    """Base of the deep methods, which are frozen dataclasses whose fields are their hyper-parameters.

    Most write :meth:`alignment` only: then a step lowers ``task loss + weight · alignment``. Others write
    :meth:`updates`.

    Attributes:
        weight: of the alignment beside the task's loss.
        uses_source: whether source examples take part; where not, a model is enough.
        strong_views: whether target examples come in strongly changed views too.
        statistics: whether batch normalisation uses, and updates, batch statistics where it is trained.
        frozen: stages that stay as they are, where the method decides it.
        own_statistics: whether the source model must normalise with the source's own statistics before.
        trained_before: whether the network must have learned the source before the first step.
        least: of each domain's examples, how many its share of a batch must hold.
        preferred: what its paper takes of the recipe, where that is another choice than fine-tuning's.
    """

    weight: float = 1.0

    uses_source: ClassVar[bool] = True
    strong_views: ClassVar[bool] = False
    statistics: ClassVar[bool] = False
    frozen: ClassVar[int | None] = None
    own_statistics: ClassVar[bool] = False
    trained_before: ClassVar[bool] = False
    least: ClassVar[int] = 1
    preferred: ClassVar[Mapping[str, Any]] = {}

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """Build the parts that are trained, or kept, beside the network.

        Args:
            dim: of the features.
            classes: how many.
            network: as it begins.
            targets: how many target examples there are.

        Raises:
            ConfigError: a network that the method cannot adapt.
        """
        return nn.Identity()

    def wanted(self, name: str, owner: nn.Module) -> bool:
        """Whether a parameter above the cut is trained."""
        return True

    def alignment(self, batch: Batch, step: Step) -> Tensor:
        """How far apart the domains are, a scalar that is lowered."""
        raise NotImplementedError

    def updates(self, step: Step) -> Iterator[Update]:
        """The updates of one step; see :class:`jeoni.training.job.Objective`."""
        batch = step.batch()
        yield Update(step.task(batch.source_logits) + self.weight * self.alignment(batch, step))

    def prepare(self, network: Network, target: Batches, passed: int) -> None:
        """Called at the beginning of every pass over the target.

        Args:
            network: as it is now, in eval mode.
            target: gives all target rows in batches of like size, mixed by chance, with their numbers.
            passed: how many passes were made.
        """

    def finish(self, network: Network, target: Batches) -> None:
        """Called after the last step, with the network in eval mode."""

    def steps(self, wanted: int) -> int:
        """How many steps are made, where the user or the data's size says ``wanted``."""
        return wanted


@dataclass(frozen=True)
class SourceOnly(Alignment):
    """No adaptation: what comes first where a method needs a network that has learned the source."""

    def updates(self, step: Step) -> Iterator[Update]:
        """The task alone."""
        yield Update(step.task(step.network(step.source)))


def ramp(progress: float, steepness: float = 10.0) -> float:
    """From 0 to 1 (Ganin & Lempitsky 2015): ``2 / (1 + exp(-10 p)) - 1``.

    Example:
        >>> ramp(0.0), round(ramp(1.0), 3)
        (0.0, 1.0)
    """
    return float(2 / (1 + torch.exp(torch.tensor(-steepness * progress, dtype=torch.float64))) - 1)


def only(prefix: str) -> Callable[[str], bool]:
    """Whether a parameter's name begins so."""
    return lambda name: name.startswith(prefix)
