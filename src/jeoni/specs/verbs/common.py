"""What the specs of several verbs have in common."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.specs.backbone import BackboneOptions, ComputeOptions
from jeoni.specs.data import ColumnOptions, LanguageOptions, LeakOptions, SeedOptions
from jeoni.specs.options import Bounds, Spec

__all__ = ["FOLDS", "FOLD_BOUNDS", "PICTURES", "REDRAWN", "REDRAWN_BOUNDS", "CommonSpec"]

FOLDS = "Folds of the training part that decide every choice."
FOLD_BOUNDS = Bounds(2, 1000)
REDRAWN = "How often the folds are drawn anew; left out, the data's size decides."
REDRAWN_BOUNDS = Bounds(1, 1000)
PICTURES = "Also make the report's pictures; without them a short run is shorter still."


@dataclass(frozen=True, kw_only=True)
class CommonSpec(Spec, LeakOptions, ColumnOptions, BackboneOptions, ComputeOptions, SeedOptions, LanguageOptions):
    """The options of every verb that reads data and runs them through a backbone."""
