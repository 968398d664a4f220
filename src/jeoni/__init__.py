"""jeoni: find the pretrained knowledge worth reusing, move it in the cheapest way that works, prove that it helped.

    >>> import jeoni
    >>> jeoni.FitSpec().strategy
    'plan'

The verbs load their libraries when they are first used: importing jeoni costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jeoni._version import __version__
from jeoni.errors import (
    ConfigError,
    DataError,
    JeoniError,
    MissingExtra,
    StorageError,
    WeightsError,
)

if TYPE_CHECKING:
    from jeoni.api import (
        AdaptResult,
        ClusterResult,
        CompareResult,
        FitResult,
        PlanResult,
        PretrainResult,
        QueryResult,
        ScoreResult,
        ZeroShotResult,
        adapt,
        cluster,
        compare,
        diagnose,
        episodes,
        evaluate,
        fit,
        load_data,
        plan,
        predict,
        pretrain,
        query,
        resume,
        score,
        zero_shot,
    )
    from jeoni.estimators import TransferClassifier, TransferRegressor
    from jeoni.models.loading import load_model
    from jeoni.models.model import Model
    from jeoni.report import render as render_report
    from jeoni.specs import (
        AdaptSpec,
        ClusterSpec,
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
    from jeoni.types import Dataset, Interval

__all__ = [
    "AdaptResult",
    "AdaptSpec",
    "ClusterResult",
    "ClusterSpec",
    "CompareResult",
    "CompareSpec",
    "ConfigError",
    "DataError",
    "Dataset",
    "DiagnoseSpec",
    "EpisodesSpec",
    "EvaluateSpec",
    "FitResult",
    "FitSpec",
    "Interval",
    "JeoniError",
    "MissingExtra",
    "Model",
    "PlanResult",
    "PlanSpec",
    "PredictSpec",
    "PretrainResult",
    "PretrainSpec",
    "QueryResult",
    "QuerySpec",
    "ScoreResult",
    "ScoreSpec",
    "StorageError",
    "TransferClassifier",
    "TransferRegressor",
    "WeightsError",
    "ZeroShotResult",
    "ZeroShotSpec",
    "__version__",
    "adapt",
    "cluster",
    "compare",
    "diagnose",
    "episodes",
    "evaluate",
    "fit",
    "load_data",
    "load_model",
    "plan",
    "predict",
    "pretrain",
    "query",
    "render_report",
    "resume",
    "score",
    "zero_shot",
]

_PLACES = {  # of what is neither a verb nor its options or result
    "Dataset": "jeoni.types",
    "Interval": "jeoni.types",
    "Model": "jeoni.models.model",
    "TransferClassifier": "jeoni.estimators",
    "TransferRegressor": "jeoni.estimators",
    "load_model": "jeoni.models.loading",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name == "render_report":
        return importlib.import_module("jeoni.report").render
    if name in __all__:
        usual = "jeoni.specs" if name.endswith("Spec") else "jeoni.api"
        return getattr(importlib.import_module(_PLACES.get(name, usual)), name)
    if not name.startswith("_"):
        plugins = importlib.import_module("jeoni.plugins")
        if name in plugins.names("jeoni.verbs"):
            return plugins.load("jeoni.verbs", name)
    raise AttributeError(f"module 'jeoni' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
