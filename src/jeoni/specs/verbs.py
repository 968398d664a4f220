"""The options of each verb: groups that it uses, and its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.backbone import BackboneOptions, ComputeOptions
from jeoni.specs.data import ColumnOptions, LanguageOptions, LeakOptions, SeedOptions, TaskOptions, TestSetOptions
from jeoni.specs.options import Bounds, Spec, option
from jeoni.specs.training import CLASS_WEIGHTS, Recipe, SettingOptions, TransferOptions

__all__ = ["AdaptSpec", "CommonSpec", "CompareSpec", "DiagnoseSpec", "EvaluateSpec", "FitSpec", "PredictSpec"]

FOLDS = "Folds of the training part that decide every choice."
FOLD_BOUNDS = Bounds(2, 1000)
REDRAWN = "How often the folds are drawn anew; left out, the data's size decides."
REDRAWN_BOUNDS = Bounds(1, 1000)
PICTURES = "Also make the report's pictures; without them a short run is shorter still."
DIGITS = 10


@dataclass(frozen=True, kw_only=True)
class CommonSpec(Spec, LeakOptions, ColumnOptions, BackboneOptions, ComputeOptions, SeedOptions, LanguageOptions):
    """The options of every verb that reads data and runs them through a backbone."""


@dataclass(frozen=True, kw_only=True)
class FitSpec(CommonSpec, TaskOptions, TestSetOptions, SettingOptions, TransferOptions):
    """Everything that decides a fit.

    Example:
        >>> FitSpec(backbone="efficientnet_lite1").seed
        0
    """

    section: ClassVar[str] = "Evaluation"

    strategy: str = option(
        "probe", "How to transfer; see `jeoni list strategies`.", section="Transfer", names=("strategies",)
    )
    test_fraction: float = option(
        0.2, "The share kept as test set when none is given.", bounds=Bounds(0, 1, open_low=True, open_high=True)
    )
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    repeats: int | None = option(None, REDRAWN, bounds=REDRAWN_BOUNDS)
    control: bool = option(True, "Also measure an untrained backbone on the same folds.")
    pictures: bool = option(True, PICTURES, section="Output")


@dataclass(frozen=True, kw_only=True)
class CompareSpec(CommonSpec, TaskOptions, TestSetOptions, TransferOptions):
    """Everything that decides a comparison.

    Example:
        >>> CompareSpec(budgets="5,all").sizes
        (5, None)
    """

    absent: ClassVar[Mapping[str, str]] = {
        "strategy": "Name several: strategies='probe,finetune,scratch'; the last is the control.",
        "set": "A comparison takes each strategy with its own hyper-parameters.",
    }

    section: ClassVar[str] = "Evaluation"

    strategies: str = option(
        "probe,finetune,scratch",
        "What is compared, separated by commas; the last is the control.",
        several=True,
        section="Transfer",
        names=("strategies",),
    )
    budgets: str = option("5,10,20,50,all", "Labels per class, separated by commas.", several=True)
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    repeats: int = option(
        5, "Training draws; without an own test set each has a fold of its own to be tested on.", bounds=Bounds(1, 1000)
    )
    measure: str = option(
        "auto",
        "What is compared; auto is balanced accuracy for draws of as many per class where classes are unequal.",
        ("auto", "accuracy", "balanced_accuracy"),
    )
    stages: bool = option(True, "Also probe every stage's features.")
    halving: bool = option(False, "Only the better half of the strategies goes on to the next larger budget.")

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


@dataclass(frozen=True, kw_only=True)
class AdaptSpec(CommonSpec, SettingOptions, Recipe):
    """Everything that decides an adaptation.

    Example:
        >>> AdaptSpec(method="coral").method
        'coral'
    """

    absent: ClassVar[Mapping[str, str]] = {
        "test": "An adaptation is scored on its target, whose labels teach nothing; to score on other items: "
        "jeoni evaluate RUN/model ITEMS.",
        "head": "An adaptation takes the linear head only.",
        "strategy": "Name the method: method='coral', or another one of `jeoni list adapters deep`.",
    }

    section: ClassVar[str] = "Evaluation"

    method: str = option(
        "auto",
        "How to adapt; auto tries what suits the shift, and stays with the source model in doubt. Several, with commas "
        "between, are scored side by side.",
        several=True,
        section="Transfer",
        names=("adapters", "deep"),
    )
    class_weights: str = option("auto", "Weights against imbalance of the source.", CLASS_WEIGHTS, section="Training")
    pictures: bool = option(True, PICTURES, section="Output")
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    repeats: int | None = option(None, REDRAWN, bounds=REDRAWN_BOUNDS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.methods or len(set(self.methods)) < len(self.methods):
            raise ConfigError(f"method is {self.method!r}; one is needed, or different ones with commas between.")

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods' ids."""
        return tuple(name.strip() for name in self.method.split(",") if name.strip())


@dataclass(frozen=True, kw_only=True)
class DiagnoseSpec(CommonSpec):
    """Everything that decides a diagnosis of the shift between two domains."""


@dataclass(frozen=True, kw_only=True)
class EvaluateSpec(Spec, ColumnOptions, ComputeOptions, SeedOptions, LanguageOptions):
    """Everything that decides how a saved model is scored."""


@dataclass(frozen=True, kw_only=True)
class PredictSpec(Spec, ComputeOptions):
    """Everything that decides how a saved model predicts."""

    section: ClassVar[str] = "Data"

    column: str = option(
        "",
        "A table's column of items; left out, that of the fit, or a recognised one.",
        aliases=("image_column", "text_column", "audio_column"),
    )
