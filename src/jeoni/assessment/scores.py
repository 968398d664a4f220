"""The scores of a fit beside those of its controls: the content of ``metrics.json``."""

from __future__ import annotations

from typing import Any

import numpy as np

from jeoni.assessment.holdout import Assessment
from jeoni.assessment.split import Split
from jeoni.evaluation.compare import paired_difference, sentence
from jeoni.evaluation.evaluate import evaluate
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.tasks import task_of
from jeoni.types import FloatArray, Interval

__all__ = ["fit_metrics"]


def fit_metrics(
    found: Assessment,
    untrained: FloatArray | None,
    probe: Assessment | None,
    sharing: list[dict[str, Any]],
    split: Split,
    seed: int,
) -> dict[str, Any]:
    """Scores, controls and the summary of a fit.

    Args:
        found: the strategy's model and predictions.
        untrained: predictions ``(repeats, n, p)`` of the same head on a backbone of random weights, if it was measured.
        probe: those of the linear probe, where the strategy is another one.
        sharing: see :func:`.sharing.sharing_verdicts`.
        split: the examples.
        seed: of the bootstrap.
    """
    data, groups = split.held.data, split.held.groups
    task, targets, n = task_of(data), data.targets, len(data)
    headline = task.metrics()[task.headline]

    def scored(predictions: FloatArray) -> dict[str, Any]:
        return evaluate(task, targets, predictions, groups, seed).as_dict()

    def against(other: FloatArray) -> dict[str, Interval]:
        return paired_difference(task, targets, found.predictions, other, groups, seed)

    result = scored(found.predictions)
    scores = result.pop("metrics")
    uninformed = np.tile(task.uninformed(split.train.data.targets), (n, 1))
    control: dict[str, Any] = {"majority": scored(uninformed)["metrics"], "untrained": None, "difference": None}
    said = [f"{_plain(scores[task.headline], headline)} No untrained control was measured."]
    if untrained is not None:
        control["untrained"] = scored(untrained)["metrics"]
        difference = against(untrained)
        control["difference"] = {k: v.as_dict() for k, v in difference.items()}
        said = [sentence(difference[task.headline], headline, n=n)]
    if probe is not None:
        control["probe"] = scored(probe.predictions)["metrics"]
        beyond = against(probe.predictions)
        control["beyond_probe"] = {k: v.as_dict() for k, v in beyond.items()}
        said.append(sentence(beyond[task.headline], headline, n=n, who="training"))
    if found.model.chosen:
        *some, last = found.model.contest
        said.append(f"Of {', '.join(some)} and {last}, {found.model.chosen} was chosen.")
    said += [f"{verdict['part']}: {verdict['sentence']}" for verdict in sharing]
    estimate = "cv" if split.test is None else "test"
    return {
        "task": task.id,
        "width": task.width,
        "headline": task.headline,
        "estimate": estimate,
        estimate: scores,
        "control": control,
        "summary": " ".join(said),
        "sharing": sharing,
        **result,
    }


def _plain(score: dict[str, float], metric: Metric) -> str:
    """``Accuracy 83.6 % (80.1 to 86.9).``"""
    factor, unit = (100, " %") if metric.unit == "%" else (1, f" {metric.unit}" if metric.unit else "")
    value, low, high = (f"{factor * score[k]:{'.1f' if factor == 100 else '.3g'}}" for k in ("value", "low", "high"))
    return f"{metric.title} {value}{unit} ({low} to {high})."
