"""jeoni: find the pretrained knowledge worth reusing, move it in the cheapest way that works, prove that it helped.

    >>> import jeoni
    >>> jeoni.FitSpec().strategy
    'probe'

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
        QueryResult,
        ZeroShotResult,
        adapt,
        cluster,
        compare,
        diagnose,
        episodes,
        evaluate,
        fit,
        load_data,
        predict,
        query,
        resume,
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
        PredictSpec,
        QuerySpec,
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
    "PredictSpec",
    "QueryResult",
    "QuerySpec",
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
    "predict",
    "query",
    "render_report",
    "resume",
    "zero_shot",
]

_PLACES = {
    "Dataset": "jeoni.types",
    "AdaptResult": "jeoni.api",
    "AdaptSpec": "jeoni.specs",
    "ClusterSpec": "jeoni.specs",
    "CompareSpec": "jeoni.specs",
    "DiagnoseSpec": "jeoni.specs",
    "EpisodesSpec": "jeoni.specs",
    "EvaluateSpec": "jeoni.specs",
    "PredictSpec": "jeoni.specs",
    "QueryResult": "jeoni.api",
    "QuerySpec": "jeoni.specs",
    "FitSpec": "jeoni.specs",
    "Interval": "jeoni.types",
    "ClusterResult": "jeoni.api",
    "CompareResult": "jeoni.api",
    "FitResult": "jeoni.api",
    "adapt": "jeoni.api",
    "cluster": "jeoni.api",
    "compare": "jeoni.api",
    "diagnose": "jeoni.api",
    "episodes": "jeoni.api",
    "evaluate": "jeoni.api",
    "fit": "jeoni.api",
    "load_data": "jeoni.api",
    "predict": "jeoni.api",
    "query": "jeoni.api",
    "resume": "jeoni.api",
    "ZeroShotResult": "jeoni.api",
    "ZeroShotSpec": "jeoni.specs",
    "zero_shot": "jeoni.api",
    "TransferClassifier": "jeoni.estimators",
    "TransferRegressor": "jeoni.estimators",
    "Model": "jeoni.models.model",
    "load_model": "jeoni.models.loading",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name == "render_report":
        return importlib.import_module("jeoni.report").render
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    if not name.startswith("_"):
        plugins = importlib.import_module("jeoni.plugins")
        if name in plugins.names("jeoni.verbs"):
            return plugins.load("jeoni.verbs", name)
    raise AttributeError(f"module 'jeoni' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
