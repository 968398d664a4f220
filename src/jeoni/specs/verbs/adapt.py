"""The options of `jeoni adapt`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.options import Bounds, option
from jeoni.specs.training import CLASS_WEIGHTS, Recipe, SettingOptions
from jeoni.specs.verbs.common import FOLD_BOUNDS, FOLDS, PICTURES, REDRAWN, REDRAWN_BOUNDS, CommonSpec

__all__ = ["AdaptSpec"]


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
    query: int | None = option(
        None,
        "Do not adapt yet: propose so many target items to label, which --labels then reads.",
        bounds=Bounds(2, 10_000_000),
        section="Data",
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
