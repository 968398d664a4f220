"""The options of `jeoni evaluate`."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.specs.backbone import ComputeOptions
from jeoni.specs.data import ColumnOptions, LanguageOptions, SeedOptions, SigmaOptions, SubjectOptions
from jeoni.specs.options import Spec

__all__ = ["EvaluateSpec"]


@dataclass(frozen=True, kw_only=True)
class EvaluateSpec(Spec, ColumnOptions, SubjectOptions, ComputeOptions, SigmaOptions, SeedOptions, LanguageOptions):
    """Everything that decides how a saved model is scored."""
