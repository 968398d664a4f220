"""The verbs, as ``jeoni.NAME`` offers them; each is loaded, with what it needs, when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jeoni.models.loading import load_model
    from jeoni.tasks import load_data
    from jeoni.verbs.adapt import AdaptResult, adapt
    from jeoni.verbs.cluster import ClusterResult, cluster
    from jeoni.verbs.compare import CompareResult, compare
    from jeoni.verbs.diagnose import diagnose
    from jeoni.verbs.episodes import episodes
    from jeoni.verbs.evaluate import evaluate
    from jeoni.verbs.fit import FitResult, fit
    from jeoni.verbs.plan import PlanResult, plan
    from jeoni.verbs.predict import predict
    from jeoni.verbs.pretrain import PretrainResult, pretrain
    from jeoni.verbs.query import QueryResult, query
    from jeoni.verbs.resume import resume
    from jeoni.verbs.score import ScoreResult, score
    from jeoni.verbs.zero_shot import ZeroShotResult, zero_shot

__all__ = [
    "AdaptResult",
    "ClusterResult",
    "CompareResult",
    "FitResult",
    "PlanResult",
    "PretrainResult",
    "QueryResult",
    "ScoreResult",
    "ZeroShotResult",
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
    "resume",
    "score",
    "zero_shot",
]

_PLACES = {  # of what is not in a file of its verb's name
    "load_data": "jeoni.tasks",
    "load_model": "jeoni.models.loading",
    "ZeroShotResult": "jeoni.verbs.zero_shot",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = _PLACES.get(name, f"jeoni.verbs.{name.removesuffix('Result').lower()}")
    found = getattr(import_module(place), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
