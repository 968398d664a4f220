"""Options about what is trained, and how."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.options import Bounds, Options, option
from jeoni.specs.settings import parse_settings

__all__ = ["CLASS_WEIGHTS", "HeadOptions", "Recipe", "SettingOptions", "TransferOptions"]

CLASS_WEIGHTS = ("auto", "balanced", "none")
SHARE = Bounds(0, 1, open_high=True)
RATE = Bounds(0, 1000, open_low=True)


@dataclass(frozen=True, kw_only=True)
class Recipe(Options):
    """How weights are trained. What is None or ``auto`` is decided by the strategy and by the data's size.

    Example:
        >>> Recipe(steps=100).learning_rate is None
        True
    """

    section: ClassVar[str] = "Training"

    frozen: str = option(
        "auto", "The lowest stages that stay as they are: how many, or the name of the last one.", section="Transfer"
    )
    reuse: str = option(
        "auto",
        "With layer_reuse, the lowest stages that are kept: how many, or the last one's name.",
        section="Transfer",
    )
    steps: int | None = option(
        None,
        "Training steps; left out, they grow with the root of the data's size.",
        bounds=Bounds(0, 100_000_000, open_low=True),
    )
    epochs: int | None = option(
        None,
        "The length of the training in passes over the training examples, in the place of --steps: a pass has as many "
        "steps as there are batches.",
        bounds=Bounds(0, 100_000, open_low=True),
    )
    batch_size: int | None = option(None, "Examples in a step.", bounds=Bounds(0, 1_000_000, open_low=True))
    learning_rate: float | None = option(None, "Learning rate of the topmost trained stage.", bounds=RATE)
    head_learning_rate: float | None = option(None, "Learning rate of the head.", bounds=RATE)
    depth_decay: float | None = option(
        None, "Each stage's learning rate is that of the stage above times this.", bounds=RATE
    )
    weight_decay: float | None = option(
        None, "Decoupled weight decay; none for biases and normalisation.", bounds=Bounds(0, 1000)
    )
    warmup: float | None = option(
        None, "The share of the steps in which learning rates rise; then they fall as a cosine.", bounds=SHARE
    )
    label_smoothing: float | None = option(None, "Probability that is spread over all classes.", bounds=SHARE)
    mixup: float | None = option(None, "Strength of mixup (Beta distribution); 0 is none.", bounds=Bounds(0, 1000))
    augment: str = option(
        "auto",
        "Random views of the items; mosaic, for boxes only, also learns from parts of four pictures put together.",
        ("auto", "none", "light", "strong", "medical", "scale", "mosaic"),
    )
    views: int | None = option(
        None,
        "How many random views are kept of each item; each epoch draws one.",
        bounds=Bounds(0, 10_000, open_low=True),
    )
    logit_adjustment: float | None = option(
        None, "Strength of the logit adjustment against imbalance; 0 is none.", bounds=Bounds(0, 1000)
    )
    ema: float | None = option(None, "Decay of the moving average of the weights; 0 is none.", bounds=SHARE)
    patience: int | None = option(
        None,
        "Patience: evaluations of the held-out part without progress before training stops; 0 is no limit.",
        bounds=Bounds(0, 1_000_000),
    )
    accumulate: int = option(
        1,
        "Gradient accumulation: parts in which a step's examples go through the network.",
        bounds=Bounds(0, 1_000_000, open_low=True),
    )
    precision: str = option("auto", "What training computes in.", ("auto", "float32", "bfloat16"), section="Machine")
    deterministic: bool = option(
        True,
        "On a GPU, add up in one order, so that the same training ends with the same weights; without, it is faster.",
        section="Machine",
    )
    cache_gb: float = option(
        20.0,
        "Room for cached activations; what does not fit is computed again in every epoch.",
        bounds=Bounds(0, 1_000_000, open_low=True),
        section="Machine",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps is not None and self.epochs is not None:
            raise ConfigError(f"steps is {self.steps} and epochs is {self.epochs}; a training has one length. Say one.")

    @property
    def recipe(self) -> Recipe:
        """The part that is about training."""
        return Recipe(**{f.name: getattr(self, f.name) for f in fields(Recipe)})

    @property
    def decided(self) -> dict[str, Any]:
        """The options that were decided; ``cache_gb`` and ``deterministic`` are about the machine.

        Example:
            >>> Recipe(steps=100, cache_gb=1.0).decided
            {'steps': 100}
        """
        return {name: value for name, value in self.given.items() if name not in ("cache_gb", "deterministic")}


@dataclass(frozen=True, kw_only=True)
class HeadOptions(Options):
    """The head on top of the backbone."""

    section: ClassVar[str] = "Transfer"

    head: str = option(
        "auto",
        "What is put on top; see `jeoni list heads`. auto is linear, and gda where labels are few.",
        names=("heads",),
    )
    class_weights: str = option("auto", "Weights against imbalance.", CLASS_WEIGHTS, section="Training")


@dataclass(frozen=True, kw_only=True)
class TransferOptions(HeadOptions, Recipe):
    """The arguments that strategies share: head, class weights and recipe."""


@dataclass(frozen=True, kw_only=True)
class SettingOptions(Options):
    """Hyper-parameters of the extension file that a verb was asked to use."""

    section: ClassVar[str] = "Transfer"

    set: str = option(
        "",
        "Hyper-parameters of the strategy or method, such as temperature=2,weight=0.5; head.hidden=128 is the head's.",
    )

    @property
    def settings(self) -> dict[str, Any]:
        """Them by name.

        Raises:
            ConfigError: not ``name=value`` pairs.
        """
        return parse_settings(self.set)

    @property
    def head_settings(self) -> dict[str, Any]:
        """Those of the head, which are written ``head.NAME``."""
        return {name: value for name, value in self.settings.items() if name.startswith("head.")}
