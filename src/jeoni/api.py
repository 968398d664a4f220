"""The verbs, as ``jeoni.NAME`` offers them."""

from __future__ import annotations

from jeoni.models.loading import load_model
from jeoni.tasks import load_data
from jeoni.verbs.adapt import AdaptResult, adapt
from jeoni.verbs.compare import CompareResult, compare
from jeoni.verbs.diagnose import diagnose
from jeoni.verbs.evaluate import evaluate
from jeoni.verbs.fit import FitResult, fit
from jeoni.verbs.predict import predict
from jeoni.verbs.pretrain import PretrainResult, pretrain
from jeoni.verbs.resume import resume

__all__ = [
    "AdaptResult",
    "CompareResult",
    "FitResult",
    "PretrainResult",
    "adapt",
    "compare",
    "diagnose",
    "evaluate",
    "fit",
    "load_data",
    "load_model",
    "predict",
    "pretrain",
    "resume",
]
