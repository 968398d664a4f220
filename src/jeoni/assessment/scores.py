"""The scores of a fit beside those of its controls: the content of ``metrics.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from jeoni.assessment.control import Control
from jeoni.assessment.holdout import Assessment
from jeoni.assessment.sharing import SharingVerdict
from jeoni.assessment.split import Split
from jeoni.assessment.suspects import Outcome
from jeoni.evaluation.amounts import said_of_few_groups, said_score
from jeoni.evaluation.compare import paired_difference, sentence
from jeoni.evaluation.evaluate import evaluate
from jeoni.locale import Said, paragraph
from jeoni.tasks import task_of
from jeoni.types import FloatArray, Interval

__all__ = ["Told", "fit_metrics"]


class Told(Protocol):
    """What has a sentence, and a record."""

    @property
    def said(self) -> Said:
        """The sentence."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""


def fit_metrics(
    found: Assessment,
    control: Control | None,
    probe: Assessment | None,
    sharing: list[SharingVerdict],
    split: Split,
    seed: int,
    language: str = "en",
    reasons: Sequence[Said] = (),
    noise: Outcome | None = None,
    more: Told | None = None,
) -> dict[str, Any]:
    """Scores, controls and the summary of a fit.

    Args:
        found: the strategy's model and predictions.
        control: the same head on a backbone of random weights, if it was measured.
        probe: those of the linear probe, where the strategy is another one.
        sharing: see :func:`.sharing.sharing_verdicts`.
        split: the examples.
        seed: of the bootstrap.
        language: of the summary.
        reasons: why the strategy was chosen, where a plan did that.
        noise: what is said of the labels.
        more: what is said of more labels.
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
    controls: dict[str, Any] = {"majority": scored(uninformed)["metrics"], "untrained": None, "difference": None}
    score = Interval(**scores[task.headline])
    said = [said_score(score, headline.title, headline.unit), *said_of_few_groups(groups)]
    if control is not None:
        difference = control.differences(seed)
        controls |= _of_control(control, seed)
        controls["difference"] = {k: v.as_dict() for k, v in difference.items()}
        said.append(sentence(difference[task.headline], headline))
        if control.sampled:
            said.append(_sampled(control))
    else:
        said.append(Said("no_control"))
    if probe is not None:
        controls["probe"] = scored(probe.predictions)["metrics"]
        beyond = against(probe.predictions)
        controls["beyond_probe"] = {k: v.as_dict() for k, v in beyond.items()}
        said.append(sentence(beyond[task.headline], headline, who="training"))
    if found.model.chosen:
        said.append(Said("chosen", candidates=", ".join(found.model.contest), chosen=found.model.chosen))
    said += reasons
    for verdict in sharing:
        said += [Said("sharing.of", part=verdict.part), *verdict.said]
    said += noise.said if noise is not None else []
    said += [more.said] if more is not None else []
    estimate = "cv" if split.test is None else "test"
    return {
        "task": task.id,
        "width": task.width,
        "headline": task.headline,
        "estimate": estimate,
        estimate: scores,
        "control": controls,
        **paragraph(said, language),
        "sharing": [verdict.as_dict(language) for verdict in sharing],
        "label_noise": noise.as_dict() if noise is not None else None,
        "more_labels": more.as_dict() if more is not None else None,
        **result,
    }


def _of_control(control: Control, seed: int) -> dict[str, Any]:
    """Scores of the control and, on a sample, of the pretrained features there."""
    data, groups = control.examples.data, control.examples.groups
    task = task_of(data)

    def scored(predictions: FloatArray) -> dict[str, Any]:
        scores: dict[str, Any] = evaluate(task, data.targets, predictions, groups, seed).as_dict()["metrics"]
        return scores

    found: dict[str, Any] = {"untrained": scored(control.untrained)}
    if not control.sampled:
        return found
    sample = {
        "items": len(data),
        "of": control.of,
        "trained_on": control.trained_on,
        "looks": list(control.looks),
        "level": control.level,
    }
    return {**found, "pretrained": scored(control.pretrained), "sample": sample}


def _sampled(control: Control) -> Said:
    """On how many examples the control was measured, and how."""
    numbers = {"n": len(control.examples), "of": control.of, "trained_on": control.trained_on}
    return Said("control.sampled", **{name: f"{number:,}" for name, number in numbers.items()})
