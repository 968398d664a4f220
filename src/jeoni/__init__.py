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
        CompareResult,
        FitResult,
        PretrainResult,
        adapt,
        compare,
        diagnose,
        evaluate,
        fit,
        load_data,
        predict,
        pretrain,
        resume,
    )
    from jeoni.estimators import TransferClassifier, TransferRegressor
    from jeoni.models.loading import load_model
    from jeoni.models.model import Model
    from jeoni.report import render as render_report
    from jeoni.specs import AdaptSpec, CompareSpec, DiagnoseSpec, EvaluateSpec, FitSpec, PredictSpec, PretrainSpec
    from jeoni.types import Dataset, Interval

__all__ = [
    "AdaptResult",
    "AdaptSpec",
    "CompareResult",
    "CompareSpec",
    "ConfigError",
    "DataError",
    "Dataset",
    "DiagnoseSpec",
    "EvaluateSpec",
    "FitResult",
    "FitSpec",
    "Interval",
    "JeoniError",
    "MissingExtra",
    "Model",
    "PredictSpec",
    "PretrainResult",
    "PretrainSpec",
    "StorageError",
    "TransferClassifier",
    "TransferRegressor",
    "WeightsError",
    "__version__",
    "adapt",
    "compare",
    "diagnose",
    "evaluate",
    "fit",
    "load_data",
    "load_model",
    "predict",
    "pretrain",
    "render_report",
    "resume",
]

_PLACES = {
    "Dataset": "jeoni.types",
    "AdaptResult": "jeoni.api",
    "AdaptSpec": "jeoni.specs",
    "CompareSpec": "jeoni.specs",
    "DiagnoseSpec": "jeoni.specs",
    "EvaluateSpec": "jeoni.specs",
    "PredictSpec": "jeoni.specs",
    "PretrainSpec": "jeoni.specs",
    "FitSpec": "jeoni.specs",
    "Interval": "jeoni.types",
    "CompareResult": "jeoni.api",
    "FitResult": "jeoni.api",
    "PretrainResult": "jeoni.api",
    "adapt": "jeoni.api",
    "compare": "jeoni.api",
    "diagnose": "jeoni.api",
    "evaluate": "jeoni.api",
    "fit": "jeoni.api",
    "load_data": "jeoni.api",
    "predict": "jeoni.api",
    "pretrain": "jeoni.api",
    "resume": "jeoni.api",
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
