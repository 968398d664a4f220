"""What a user may decide, each thing declared once: command line, ``run.json`` and the report come from here.

No torch here: the command line reads its options from these fields.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Self

from jeoni.errors import ConfigError, did_you_mean
from jeoni.settings import parse_settings

__all__ = ["AUTO", "AdaptSpec", "CompareSpec", "FitSpec", "Recipe", "check_span", "out_of_bounds"]

AUTO = -1
MOST_SECONDS = 3600
DIGITS = 10


@dataclass(frozen=True)
class Bounds:
    """What a number lies between; ends that are ``open`` do not belong to it."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False

    def hold(self, value: float) -> bool:
        """Whether it does; what is not a number never does."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    def __str__(self) -> str:
        if self.high == 1:
            return "lie between 0 and 1"
        least = f"be {'above' if self.open_low else 'at least'} {self.low:,}"
        return f"{least} and at most {self.high:,}" if self.high < math.inf else least


SHARE = Bounds(0, 1, open_high=True)
RATE = Bounds(0, 1000, open_low=True)
KINDS: dict[str, Any] = {"str": str, "bool": bool, "int": Integral, "float": Real}


def _option(default: Any, help_text: str, choices: Sequence[str] = (), bounds: Bounds | None = None) -> Any:
    return field(default=default, metadata={"help": help_text, "choices": tuple(choices), "bounds": bounds})


def _training(default: Any, help_text: str, choices: Sequence[str] = (), bounds: Bounds | None = None) -> Any:
    about = {"help": help_text, "choices": tuple(choices), "bounds": bounds, "panel": "Training"}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Recipe:
    """How weights are trained. What is left at -1 or ``auto`` is decided by the strategy and by the data's size.

    Example:
        >>> Recipe(steps=100).learning_rate == AUTO
        True
    """

    frozen: str = _training("auto", "The lowest stages that stay as they are: how many, or the name of the last one.")
    reuse: str = _training(
        "auto", "With layer_reuse, the lowest stages that are kept: how many, or the last one's name."
    )
    steps: int = _training(
        AUTO,
        "Training steps; left out, they grow with the root of the data's size.",
        bounds=Bounds(0, 100_000_000, open_low=True),
    )
    batch_size: int = _training(AUTO, "Examples in a step.", bounds=Bounds(0, 1_000_000, open_low=True))
    learning_rate: float = _training(AUTO, "Learning rate of the topmost trained stage.", bounds=RATE)
    head_learning_rate: float = _training(AUTO, "Learning rate of the head.", bounds=RATE)
    depth_decay: float = _training(
        AUTO, "Each stage's learning rate is that of the stage above times this.", bounds=RATE
    )
    weight_decay: float = _training(
        AUTO, "Decoupled weight decay; none for biases and normalisation.", bounds=Bounds(0, 1000)
    )
    warmup: float = _training(
        AUTO, "The share of the steps in which learning rates rise; then they fall as a cosine.", bounds=SHARE
    )
    label_smoothing: float = _training(AUTO, "Probability that is spread over all classes.", bounds=SHARE)
    mixup: float = _training(AUTO, "Strength of mixup (Beta distribution); 0 is none.", bounds=Bounds(0, 1000))
    augment: str = _training("auto", "Random views of the items.", ("auto", "none", "light", "strong", "medical"))
    views: int = _training(
        AUTO,
        "How many random views are kept of each item; each epoch draws one.",
        bounds=Bounds(0, 10_000, open_low=True),
    )
    logit_adjustment: float = _training(
        AUTO, "Strength of the logit adjustment against imbalance; 0 is none.", bounds=Bounds(0, 1000)
    )
    ema: float = _training(AUTO, "Decay of the moving average of the weights; 0 is none.", bounds=SHARE)
    patience: int = _training(
        AUTO,
        "Looks at the held-out part without progress before training stops; 0 is no limit.",
        bounds=Bounds(0, 1_000_000),
    )
    accumulate: int = _training(
        1, "Parts in which a step's examples go through the network.", bounds=Bounds(0, 1_000_000, open_low=True)
    )
    precision: str = _training("auto", "What training computes in.", ("auto", "float32", "bfloat16"))
    cache_gb: float = _training(
        20.0,
        "Room for cached activations; what does not fit is computed again in every epoch.",
        bounds=Bounds(0, 1_000_000, open_low=True),
    )

    @property
    def given(self) -> dict[str, Any]:
        """What was decided about training; ``cache_gb`` is about the machine.

        Example:
            >>> Recipe(steps=100, cache_gb=1.0).given
            {'steps': 100}
        """
        found = {f.name: (getattr(self, f.name), f.default) for f in fields(Recipe) if f.name != "cache_gb"}
        return {name: value for name, (value, default) in found.items() if value != default}


@dataclass(frozen=True)
class FitSpec(Recipe):
    """Everything that decides a run. The command line's options, ``run.json`` and the report's table come from here.

    Example:
        >>> FitSpec(backbone="efficientnet_lite1").seed
        0
    """

    backbone: str = _option(
        "auto", "What to transfer from: a name from `jeoni list backbones`, or source:name; auto goes by the data."
    )
    weights: str = _option("", "A local weights file for the backbone (safetensors, or a plain state dict).")
    strategy: str = _option("probe", "How to transfer; see `jeoni list strategies`.")
    set: str = _option(
        "",
        "Hyper-parameters of the strategy or method, such as temperature=2,weight=0.5; head.hidden=128 is the head's.",
    )
    head: str = _option("linear", "What is put on top; see `jeoni list heads`.")
    test: str = _option("", "An own test set: a folder or table like the data.")
    image_column: str = _option("", "The column that holds images or their paths (recognised if left out).")
    text_column: str = _option("", "The column that holds texts (recognised if left out).")
    audio_column: str = _option("", "The column that holds sounds or their paths (recognised if left out).")
    label_column: str = _option(
        "",
        "The column that holds the labels (recognised if left out); several, separated by commas.",
    )
    task: str = _option(
        "auto", "What is predicted: classification, regression, multilabel or multitask; auto goes by the labels."
    )
    group_column: str = _option("", "A column whose groups (patient, panel, video) are never split.")
    group_pattern: str = _option(
        "", "A regular expression; its group, matched below a class's folder, names an item's group."
    )
    test_fraction: float = _option(
        0.2, "The share kept as test set when none is given.", bounds=Bounds(0, 1, open_low=True, open_high=True)
    )
    folds: int = _option(5, "Folds of the training part that decide every choice.", bounds=Bounds(2, 1000))
    repeats: int = _option(
        0, "How often the folds are drawn anew; 0 lets the data's size decide.", bounds=Bounds(0, 1000)
    )
    class_weights: str = _option("auto", "Weights against imbalance.", ("auto", "balanced", "none"))
    crop: str = _option(
        "squash", "How an image becomes a square: whole but squashed, or its centre.", ("squash", "center")
    )
    seconds: float = _option(
        AUTO,
        "Seconds of each sound that are heard, its middle; left out, the data decide.",
        bounds=Bounds(0, math.inf, open_low=True),
    )
    engine: str = _option("auto", "What runs the frozen stages; see `jeoni doctor`.")
    control: bool = _option(True, "Also measure an untrained backbone on the same folds.")
    strict: bool = _option(False, "Stop at the first bad item instead of skipping it.")
    keep_leaks: bool = _option(False, "Keep training items that are also in the test set.")
    seed: int = _option(0, "The seed of all random choices.", bounds=Bounds(0, 2**31 - 1))
    workers: int = _option(0, "Threads that read and decode; 0 is one per core.", bounds=Bounds(0, 1024))

    def __post_init__(self) -> None:
        for f in fields(self):
            self._check(f.name, f.default, str(f.type), f.metadata["choices"], f.metadata["bounds"])
        check_span(self.seconds)

    def _check(self, name: str, default: Any, kind: str, choices: Sequence[str], bounds: Bounds | None) -> None:
        """One field: of its kind, among its choices, within its bounds; -1 stands for what is left out."""
        value = getattr(self, name)
        if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise ConfigError(f"{name} is {value!r}; a value of the type {kind} is needed.")
        if choices and value not in choices:
            raise ConfigError(f"{name} is {value!r}; it can be {', '.join(choices)}.")
        left_out = value == default == AUTO
        if bounds is not None and not left_out and not bounds.hold(value):
            raise out_of_bounds(name, value, default, bounds)

    @property
    def settings(self) -> dict[str, Any]:
        """Hyper-parameters of the strategy or method, by name.

        Raises:
            ConfigError: not ``name=value`` pairs.
        """
        return parse_settings(self.set)

    @property
    def recipe(self) -> Recipe:
        """The part that is about training."""
        return Recipe(**{f.name: getattr(self, f.name) for f in fields(Recipe)})

    def changed(self, **changes: Any) -> Self:
        """A copy with some fields changed.

        Raises:
            ConfigError: a field that does not exist, with the nearest names.
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise ConfigError(f"There is no option {name!r}.{did_you_mean(name, known)}")
        given: dict[str, Any] = {k: str(v) if isinstance(v, Path) else v for k, v in changes.items()}
        return replace(self, **given)


@dataclass(frozen=True)
class CompareSpec(FitSpec):
    """Everything that decides a comparison.

    Example:
        >>> CompareSpec(budgets="5,all").sizes
        (5, None)
    """

    strategies: str = _option(
        "probe,finetune,scratch", "What is compared, separated by commas; the last is the control."
    )
    budgets: str = _option("5,10,20,50,all", "Labels per class, separated by commas.")
    repeats: int = _option(
        5, "Training draws; without an own test set each has a fold of its own to be tested on.", bounds=Bounds(1, 1000)
    )
    measure: str = _option(
        "auto",
        "What is compared; auto is balanced accuracy for draws of as many per class where classes are unequal.",
        ("auto", "accuracy", "balanced_accuracy"),
    )
    stages: bool = _option(True, "Also probe every stage's features.")
    halving: bool = _option(False, "Only the better half of the strategies goes on to the next larger budget.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.arms) < 2 or len(set(self.arms)) < len(self.arms):
            raise ConfigError(f"strategies is {self.strategies!r}; at least two different ones are needed.")
        _ = self.sizes

    @property
    def arms(self) -> tuple[str, ...]:
        """The strategies' ids."""
        return tuple(name.strip() for name in self.strategies.split(",") if name.strip())

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """Labels per class, rising; None is all there are.

        Raises:
            ConfigError: not a number from 2 on, and not ``all``.
        """
        words = [w.strip() for w in self.budgets.split(",") if w.strip()]
        wrong = [w for w in words if w != "all" and not (w.isdecimal() and len(w) < DIGITS and int(w) >= 2)]
        if wrong or not words:
            raise ConfigError(f"budgets is {self.budgets!r}; numbers from 2 on and `all` are needed, such as 5,20,all.")
        numbers: list[int | None] = [*sorted({int(w) for w in words if w != "all"})]
        return (*numbers, None) if "all" in words else tuple(numbers)


@dataclass(frozen=True)
class AdaptSpec(FitSpec):
    """Everything that decides an adaptation.

    Example:
        >>> AdaptSpec(method="coral").method
        'coral'
    """

    method: str = _option(
        "auto", "How to adapt; auto tries what suits the shift, and stays with the source model in doubt."
    )


def out_of_bounds(name: str, value: float, default: Any, bounds: Bounds) -> ConfigError:
    """The error for a number that an option cannot be."""
    mend = ", or be left out" if default == AUTO else ""
    return ConfigError(f"{name} is {value}; it must {bounds}{mend}.")


def check_span(seconds: float) -> None:
    """Refuses more of a sound than memory holds.

    Raises:
        ConfigError: more than :data:`MOST_SECONDS`.
    """
    if not seconds <= MOST_SECONDS:
        raise ConfigError(f"seconds is {seconds:g}; of a sound at most {MOST_SECONDS:,} can be heard at once.")
