"""What every way of pretraining is given, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.specs import Recipe
from jeoni.specs.settings import configured
from jeoni.types import Array

__all__ = ["FOLDER", "Course", "Method", "OwnNetwork", "Pretrained", "Start", "build_method", "check_batch"]

FOLDER = "jeoni.pretraining"


@dataclass(frozen=True)
class Start:
    """What a method starts from.

    Attributes:
        backbone: its starting weights; random ones are weights like others here.
        examples: to learn from. Their labels, if there are any, are for methods that say so.
        context: store, engine, seed, console, checkpoints.
        recipe: what the user said of the training.
        untrained: whether the starting weights are random.
    """

    backbone: Backbone
    examples: Examples
    context: Context
    recipe: Recipe
    untrained: bool = False


@dataclass(frozen=True)
class Course:
    """The terms of a loss along a training.

    Attributes:
        steps: ``(k,)`` at the end of each part of the training.
        terms: by name, ``(k,)`` the mean over each part.
    """

    steps: tuple[int, ...] = ()
    terms: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pretrained:
    """An upstream model, and how it came about.

    Attributes:
        backbone: ready to transfer from.
        frozen: stages that were left as they were.
        reuse: stages that started from weights that were there.
        training: of the loop, for the run's record; empty where nothing was trained step by step.
        course: the terms of the loss.
        details: what a method has to tell of itself, by name.
        samples: ``(m, h, w, 3)`` uint8 made-up images of a generator; None of other methods.
    """

    backbone: Backbone
    frozen: int
    reuse: int
    training: dict[str, Any] = field(default_factory=dict)
    course: Course = field(default_factory=Course)
    details: dict[str, float] = field(default_factory=dict)
    samples: Array | None = None


class Method(Protocol):
    """A way of pretraining, as its file offers it: a frozen dataclass whose fields are its hyper-parameters.

    Attributes:
        modalities: of the data it can learn from.
        supervised: whether it learns from labels.
    """

    modalities: ClassVar[tuple[str, ...]]
    supervised: ClassVar[bool] = False

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """The activations of the examples as they are that must be in the store before :meth:`learn`."""

    def learn(self, start: Start) -> Pretrained:
        """Pretrain.

        Raises:
            ConfigError: a backbone or a recipe that the method cannot work with.
        """


@runtime_checkable
class OwnNetwork(Protocol):
    """A method that builds the network it trains: there are no weights to start from."""

    def network(self, seed: int) -> Backbone:
        """The network with random weights."""


def build_method(name: str, settings: Mapping[str, Any] | None = None) -> Method:
    """Make a method.

    Args:
        name: its id, of :mod:`jeoni.pretraining`.
        settings: values of its fields.

    Raises:
        ConfigError: an unknown name or setting, with the nearest ones.

    Example:
        >>> build_method("vicreg", {"width": 64}).width
        64
    """
    made: Method = configured(name, plugins.load(FOLDER, name), settings or {})
    return made


def check_batch(name: str, n: int, batch_size: int) -> None:
    """Refuse fewer examples than a batch holds.

    Raises:
        ConfigError: there are.
    """
    if n < batch_size:
        raise ConfigError(
            f"{name} learns from batches of {batch_size} items; there are {n}. Take --batch-size {max(2, n // 2)} or "
            "fewer, or add items."
        )
