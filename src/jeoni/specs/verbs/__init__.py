"""The options of each verb, a file for each: groups that it uses, and its own."""

from __future__ import annotations

from jeoni.specs.verbs.adapt import AdaptSpec
from jeoni.specs.verbs.cluster import ClusterSpec
from jeoni.specs.verbs.common import CommonSpec
from jeoni.specs.verbs.compare import CompareSpec
from jeoni.specs.verbs.diagnose import DiagnoseSpec
from jeoni.specs.verbs.episodes import EpisodesSpec
from jeoni.specs.verbs.evaluate import EvaluateSpec
from jeoni.specs.verbs.fit import FitSpec
from jeoni.specs.verbs.plan import PlanSpec
from jeoni.specs.verbs.predict import PredictSpec
from jeoni.specs.verbs.pretrain import PretrainSpec
from jeoni.specs.verbs.query import QuerySpec
from jeoni.specs.verbs.score import ScoreSpec
from jeoni.specs.verbs.zero_shot import ZeroShotSpec

__all__ = [
    "AdaptSpec",
    "ClusterSpec",
    "CommonSpec",
    "CompareSpec",
    "DiagnoseSpec",
    "EpisodesSpec",
    "EvaluateSpec",
    "FitSpec",
    "PlanSpec",
    "PredictSpec",
    "PretrainSpec",
    "QuerySpec",
    "ScoreSpec",
    "ZeroShotSpec",
]
