"""The options of all verbs, each declared once: command line, ``run.json`` and the report come from here.

Options that belong together are one frozen dataclass, in a file of its own; a verb's spec combines those that the verb
uses, and adds its own. No spec inherits another verb's, so that no option exists where it has no effect. No torch here:
the command line reads its options from these fields.
"""

from __future__ import annotations

from jeoni.specs.backbone import BackboneOptions, ComputeOptions, SeveralBackboneOptions, check_span
from jeoni.specs.data import (
    ColumnOptions,
    FrameOptions,
    LanguageOptions,
    LeakOptions,
    SeedOptions,
    TaskOptions,
    TestSetOptions,
)
from jeoni.specs.options import Bounds, Options, Spec, may_be_left_out, option, ordered_fields, section_of
from jeoni.specs.training import HeadOptions, Recipe, SettingOptions, TransferOptions
from jeoni.specs.verbs import (
    AdaptSpec,
    ClusterSpec,
    CommonSpec,
    CompareSpec,
    DiagnoseSpec,
    EpisodesSpec,
    EvaluateSpec,
    FitSpec,
    PlanSpec,
    PredictSpec,
    PretrainSpec,
    QuerySpec,
    ScoreSpec,
    ZeroShotSpec,
)

__all__ = [
    "AdaptSpec",
    "BackboneOptions",
    "Bounds",
    "ClusterSpec",
    "ColumnOptions",
    "CommonSpec",
    "CompareSpec",
    "ComputeOptions",
    "DiagnoseSpec",
    "EpisodesSpec",
    "EvaluateSpec",
    "FitSpec",
    "FrameOptions",
    "HeadOptions",
    "LanguageOptions",
    "LeakOptions",
    "Options",
    "PlanSpec",
    "PredictSpec",
    "PretrainSpec",
    "QuerySpec",
    "Recipe",
    "ScoreSpec",
    "SeedOptions",
    "SettingOptions",
    "SeveralBackboneOptions",
    "Spec",
    "TaskOptions",
    "TestSetOptions",
    "TransferOptions",
    "ZeroShotSpec",
    "check_span",
    "may_be_left_out",
    "option",
    "ordered_fields",
    "section_of",
]
