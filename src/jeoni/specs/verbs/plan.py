"""The options of `jeoni plan`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from jeoni.specs.backbone import SeveralBackboneOptions
from jeoni.specs.budget import BudgetOptions
from jeoni.specs.data import FrameOptions, TaskOptions, TestSetOptions
from jeoni.specs.options import Bounds, option
from jeoni.specs.training import TransferOptions
from jeoni.specs.verbs.common import FOLD_BOUNDS, FOLDS, PICTURES, REDRAWN, REDRAWN_BOUNDS, CommonSpec
from jeoni.specs.verbs.fit import FitSpec

__all__ = ["PlanSpec"]


@dataclass(frozen=True, kw_only=True)
class PlanSpec(
    SeveralBackboneOptions, CommonSpec, TaskOptions, FrameOptions, TestSetOptions, TransferOptions, BudgetOptions
):
    """Everything that decides a plan.

    Example:
        >>> PlanSpec(budget="10m").budget_s
        600.0
    """

    section: ClassVar[str] = "Evaluation"

    test_fraction: float = option(
        0.2,
        "The share that a fit would keep as test set when none is given; a plan does not look at it.",
        bounds=Bounds(0, 1, open_low=True, open_high=True),
    )
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    repeats: int | None = option(None, REDRAWN, bounds=REDRAWN_BOUNDS)
    costs: bool = option(True, "Also measure what the candidates that train would take.")
    pictures: bool = option(True, PICTURES, section="Output")

    @property
    def of_fit(self) -> FitSpec:
        """The options of the fit that is planned, for its first backbone."""
        shared = {f.name for f in fields(FitSpec)} & {f.name for f in fields(self)}
        given = {name: getattr(self, name) for name in shared}
        return FitSpec(**{**given, "backbone": self.backbones[0]})
