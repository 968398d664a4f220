"""One training as it is asked for, what it lowers, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Protocol

from torch import Tensor, nn

from jeoni.backbones.weights import fingerprint
from jeoni.errors import ConfigError
from jeoni.spec import Recipe
from jeoni.training.groups import Group
from jeoni.training.rows import Rows
from jeoni.types import FloatArray, IntArray

__all__ = ["Diverged", "Held", "History", "Job", "Loss", "Objective", "Update"]

Loss = Callable[[Tensor, Tensor, IntArray], Tensor]


class Diverged(ConfigError):  # noqa: N818 - says what happened
    """The loss is no longer finite."""


@dataclass(frozen=True)
class Held:
    """Examples that are never trained on.

    Attributes:
        rows: as the network takes them.
        score: of its logits; lower is better.
        decides: whether the best score decides which weights are taken; otherwise the last ones are.
    """

    rows: Rows
    score: Callable[[FloatArray], float]
    decides: bool = True


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
    """What a step lowers, where that is not one loss of the logits of labelled examples."""

    def begin(self, step: int) -> None:
        """Called before every step."""

    def updates(self, x: Tensor, targets: Tensor, index: IntArray, progress: float) -> Iterator[Update]:
        """One after the other: each is made before the next one is asked for.

        Args:
            x: the batch's rows, as the network takes them.
            targets: ``(b, classes)`` of labelled examples; zeros for the others.
            index: ``(b,)`` their numbers.
            progress: 0 … 1.
        """


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        title: for the progress bar.
        network: rows to logits; what is trained of it is in ``groups``, all else stays as it is.
        groups: parameters and how each is trained.
        rows: to train on.
        labels: ``(n,)``.
        recipe: settled.
        seed: of everything random.
        class_weights: ``(classes,)`` in the loss, or None.
        log_prior: ``(classes,)`` added to logits times ``recipe.logit_adjustment``, or None.
        train_statistics: whether batch normalisation uses, and updates, batch statistics in trained stages.
        held: decides the best step; without it the last one counts.
        loss: replaces cross-entropy: logits, targets ``(b, classes)``, example numbers to a scalar.
        objective: replaces the whole step, such as where two players are trained in turn.
        domains: sizes of consecutive parts of the examples, each of which gives an equal share of every batch; empty
            where there is one. Examples whose label is -1 have none.
        identity: names the data; part of the checkpoint's name.
    """

    title: str
    network: nn.Module
    groups: list[Group]
    rows: Rows
    labels: IntArray
    classes: int
    recipe: Recipe
    seed: int = 0
    class_weights: Tensor | None = None
    log_prior: Tensor | None = None
    train_statistics: bool = False
    held: Held | None = None
    loss: Loss | None = None
    objective: Objective | None = None
    domains: tuple[int, ...] = ()
    identity: str = ""

    def name(self) -> str:
        """The same for the same data, recipe and starting weights."""
        content = hashlib.sha256(fingerprint(self.network.state_dict()).encode())
        content.update(json.dumps([asdict(self.recipe), self.seed, self.identity, self.title]).encode())
        content.update(self.labels.tobytes())
        return content.hexdigest()[:16]


@dataclass(frozen=True)
class History:
    """What a training did.

    Attributes:
        steps: that were made.
        best_step: after which the weights were taken; equals ``steps`` without a held-out part.
        looks: step, mean training loss since the last look, and the held-out score (lower is better).
        seconds: of all calls that took part; of one that was interrupted, up to its last checkpoint.
        examples: that went through the network.
        earlier_s: of the seconds, those of calls before this one.
    """

    steps: int
    best_step: int
    looks: list[dict[str, float | None]] = field(default_factory=list)
    seconds: float = 0.0
    examples: int = 0
    earlier_s: float = 0.0
