"""A training job, its losses, and its history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from torch import Tensor, nn

from jeoni.backbones.weights import fingerprint
from jeoni.errors import ConfigError
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Criterion
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.groups import Group
from jeoni.training.order import Domain
from jeoni.training.rows import Rows
from jeoni.training.sizes import Sizes
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Batch", "Diverged", "Held", "History", "Job", "Loss", "Objective", "Update", "Watch"]


@dataclass(frozen=True)
class Batch:
    """Examples of a step, as they go through the network together.

    Attributes:
        rows: ``(b, …)`` as the network takes them.
        targets: ``(b, …)`` of the task; examples without one say so in the task's own way.
        index: ``(b,)`` their numbers.
        views: ``(b,)`` which random view of each: the epoch it was asked for in.
        source: where the rows come from; None where that is not known.
    """

    rows: Tensor
    targets: Array
    index: IntArray
    views: IntArray
    source: Rows | None = field(default=None, repr=False)

    def part(self, which: IntArray, rows: Tensor) -> Batch:
        """Some of the examples, with rows of their own."""
        return Batch(rows, self.targets[which], self.index[which], self.views[which], self.source)

    def geometries(self) -> tuple[Geometry | None, ...]:
        """Where places in each example lie in its view, so that boxes and masks can follow it; costs what it reads."""
        return self.source.geometries(self.index, self.views) if self.source else (None,) * len(self.index)


Loss = Callable[[Tensor, Batch], Tensor]
"""Outputs ``(b, width)`` and their batch to losses ``(b,)``."""


class Diverged(ConfigError):  # noqa: N818 - says what happened
    """The loss is no longer finite."""


class Watch(Protocol):
    """Who looks at the held-out part along with the training; a checkpoint keeps what was seen."""

    def __call__(self, behind: float, outputs: FloatArray) -> bool:
        """Of the share of the training that is behind, 0 … 1, and the outputs ``(m, width)``: whether it may stop."""

    def state(self) -> Any:
        """What was seen, for JSON."""

    def restore(self, state: Any) -> None:
        """Go on from what was seen."""


@dataclass(frozen=True)
class Held:
    """Examples that are never trained on.

    Attributes:
        rows: as the network takes them.
        score: of its logits; lower is better.
        decides: whether the best score decides which weights are taken; otherwise the last ones are.
        watch: looks on, and may stop the training.
    """

    rows: Rows
    score: Callable[[FloatArray], float]
    decides: bool = True
    watch: Watch | None = None


@dataclass(frozen=True)
class Update:
    """A loss to lower, and by which parameters.

    Attributes:
        loss: a scalar.
        wanted: of a parameter's name in the network: whether it moves; None moves all that are trained.
    """

    loss: Tensor
    wanted: Callable[[str], bool] | None = None


class Objective(Protocol):
    """The losses of a step, where that is not one loss of the logits of labelled examples."""

    def begin(self, step: int) -> None:
        """Called before every step."""

    def updates(self, batch: Batch, progress: float) -> Iterator[Update]:
        """One after the other: each is made before the next one is asked for; ``progress`` is 0 … 1."""


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        title: for the progress bar.
        network: rows to logits; what is trained of it is in ``groups``, all else stays as it is.
        groups: parameters and how each is trained.
        rows: to train on.
        targets: ``(n, …)``.
        criterion: of the task: outputs and targets to losses.
        recipe: all its defaults resolved.
        seed: of everything random.
        train_statistics: whether batch normalisation uses, and updates, batch statistics in trained stages.
        held: decides the best step; without it the last one counts.
        loss: replaces the criterion where it needs more of the batch than its targets.
        objective: replaces the whole step, such as where two players are trained in turn.
        domains: consecutive parts of the examples, each of which gives an equal share of every batch; empty where there
            is one.
        identity: names the data; part of the checkpoint's name.
        betas: of AdamW, how slowly its moments forget.
        sizes: of pictures, where these grow in the course of the training; None: they are as ``rows`` give them.
    """

    title: str
    network: nn.Module
    groups: list[Group]
    rows: Rows
    targets: Array
    criterion: Criterion | None
    recipe: ResolvedRecipe
    seed: int = 0
    train_statistics: bool = False
    held: Held | None = None
    loss: Loss | None = None
    objective: Objective | None = None
    domains: tuple[Domain, ...] = ()
    identity: str = ""
    betas: tuple[float, float] = (0.9, 0.999)
    sizes: Sizes | None = None

    def name(self) -> str:
        """The same for the same data, recipe and starting weights."""
        content = hashlib.sha256(fingerprint(self.network.state_dict()).encode())
        content.update(json.dumps([asdict(self.recipe), self.seed, self.identity, self.title]).encode())
        content.update(self.targets.tobytes())
        if self.sizes is not None:
            content.update(repr(self.sizes).encode())
        return content.hexdigest()[:16]


@dataclass(frozen=True)
class History:
    """The course of a training.

    Attributes:
        steps: that were made.
        best_step: after which the weights were taken; equals ``steps`` without a held-out part.
        evaluations: step, mean training loss since the last one, and the held-out score (lower is better).
        seconds: of all calls that took part; of one that was interrupted, up to its last checkpoint.
        examples: that went through the network.
        earlier_s: of the seconds, those of calls before this one.
        full: the steps that were asked for.
        limit: what a time to keep did: ``shortened`` (planned into it), ``stopped`` (it was used up), or nothing.
    """

    steps: int
    best_step: int
    evaluations: list[dict[str, float | None]] = field(default_factory=list)
    seconds: float = 0.0
    examples: int = 0
    earlier_s: float = 0.0
    full: int = 0
    limit: str = ""
