"""The options of each verb, a file for each: groups that it uses, and its own."""

from __future__ import annotations

from jeoni.specs.verbs.adapt import AdaptSpec
from jeoni.specs.verbs.common import CommonSpec
from jeoni.specs.verbs.compare import CompareSpec
from jeoni.specs.verbs.diagnose import DiagnoseSpec
from jeoni.specs.verbs.evaluate import EvaluateSpec
from jeoni.specs.verbs.fit import FitSpec
from jeoni.specs.verbs.predict import PredictSpec
from jeoni.specs.verbs.pretrain import PretrainSpec

__all__ = [
    "AdaptSpec",
    "CommonSpec",
    "CompareSpec",
    "DiagnoseSpec",
    "EvaluateSpec",
    "FitSpec",
    "PredictSpec",
    "PretrainSpec",
]
