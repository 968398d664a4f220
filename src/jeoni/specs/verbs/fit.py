"""The options of `jeoni fit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.specs.data import TaskOptions, TestSetOptions
from jeoni.specs.options import Bounds, option
from jeoni.specs.training import SettingOptions, TransferOptions
from jeoni.specs.verbs.common import FOLD_BOUNDS, FOLDS, PICTURES, REDRAWN, REDRAWN_BOUNDS, CommonSpec

__all__ = ["FitSpec"]


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
    control_items: int = option(
        1000,
        "The most examples that the untrained backbone is run on; a number above that of the examples takes all.",
        bounds=Bounds(100, 10_000_000),
    )
    pictures: bool = option(True, PICTURES, section="Output")
