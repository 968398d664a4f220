"""The options of `jeoni fit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.specs.budget import BudgetOptions
from jeoni.specs.data import FrameOptions, SigmaOptions, TaskOptions, TestSetOptions
from jeoni.specs.options import Bounds, option
from jeoni.specs.training import SettingOptions, TransferOptions
from jeoni.specs.verbs.common import FOLD_BOUNDS, FOLDS, PICTURES, REDRAWN, REDRAWN_BOUNDS, CommonSpec

__all__ = ["FitSpec"]


@dataclass(frozen=True, kw_only=True)
class FitSpec(
    CommonSpec, TaskOptions, FrameOptions, TestSetOptions, SigmaOptions, SettingOptions, TransferOptions, BudgetOptions
):
    """Everything that decides a fit.

    Example:
        >>> FitSpec(backbone="efficientnet_lite1").seed
        0
    """

    section: ClassVar[str] = "Evaluation"

    strategy: str = option(
        "plan",
        "How to transfer; see `jeoni list strategies`. plan goes by the data, and tries what trains where --budget "
        "allows it.",
        section="Transfer",
        names=("strategies",),
    )
    plan: str = option(
        "", "A plan.json that `jeoni plan` wrote, or its run folder: do what it says.", section="Transfer"
    )
    test_fraction: float = option(
        0.2, "The share kept as test set when none is given.", bounds=Bounds(0, 1, open_low=True, open_high=True)
    )
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    repeats: int | None = option(None, REDRAWN, bounds=REDRAWN_BOUNDS)
    drop_suspects: bool = option(
        False, "Leave items whose label is probably wrong out of training; none is left out of what scores."
    )
    control: bool = option(True, "Also measure an untrained backbone on the same folds.")
    control_items: int = option(
        1000,
        "The most examples that the untrained backbone is run on; a number above that of the examples takes all.",
        bounds=Bounds(100, 10_000_000),
    )
    pictures: bool = option(True, PICTURES, section="Output")
