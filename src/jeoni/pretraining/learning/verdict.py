"""Whether pretraining paid: linear probes before and after, on the same examples and folds, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.assessment.holdout import held_out_predictions
from jeoni.assessment.split import Split
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.evaluation.amounts import amount_of, in_sentence
from jeoni.evaluation.compare import paired_difference
from jeoni.evaluation.evaluate import evaluate
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.locale import Said
from jeoni.pretraining.learning.collapse import Spread
from jeoni.strategies.probe import Probe
from jeoni.tasks import task_of
from jeoni.types import FloatArray, Interval

__all__ = ["ProbeOutcome", "features_of", "probe_both", "spread_said"]

COLLAPSED = 0.5  # of the effective rank before: below it features are told to have narrowed


@dataclass(frozen=True)
class ProbeOutcome:
    """What linear probes say.

    Attributes:
        outcome: ``paid``, ``cost`` or ``unclear``.
        record: see :class:`jeoni.runs.records.pretraining.ProbeRecord`.
        said: in sentences.
    """

    outcome: str
    record: dict[str, Any]
    said: list[Said]


def probe_both(before: Backbone, after: Backbone, split: Split, context: Context) -> ProbeOutcome:
    """Probe both on the same held-out examples; the difference is paired on them.

    Args:
        before: the starting weights, whose features are in the store.
        after: the pretrained ones.
        split: the labelled examples.
        context: store, engine, seed.
    """
    task, held = task_of(split.held.data), split.held
    targets, groups = held.data.targets, held.groups
    predictions = {
        "start": held_out_predictions(Probe(), before, split, context),
        "pretrained": held_out_predictions(Probe(), after, _seen_by(after, split, context), context),
    }
    scored = {name: evaluate(task, targets, found, groups, context.seed) for name, found in predictions.items()}
    difference = paired_difference(task, targets, predictions["pretrained"], predictions["start"], groups, context.seed)
    measures = task.metrics()
    headline = measures[task.headline]
    outcome, verdict = _verdict(difference[task.headline], headline)
    contents = {name: found.as_dict() for name, found in scored.items()}
    both = {name: content["metrics"][task.headline]["value"] for name, content in contents.items()}
    n = len(held)
    told = {name: _written(value, headline.unit) for name, value in both.items()}
    title = in_sentence(headline.title)
    said = [verdict, Said("pretraining.scores", measure=title, n=f"{n:,}", **told)]
    record = {
        "task": task.id,
        "headline": task.headline,
        "estimate": "cv" if split.test is None else "test",
        "n": n,
        "labelled": len(split.train) + (len(split.test) if split.test else 0),
        **{name: content["metrics"] for name, content in contents.items()},
        "difference": {name: change.as_dict() for name, change in difference.items()},
        "measures": contents["start"]["measures"],
    }
    return ProbeOutcome(outcome, record, said)


def _seen_by(backbone: Backbone, split: Split, context: Context) -> Split:
    """The same split, with the features of another backbone in the store."""
    requests = [Request(backbone, (Tap(backbone.n, True),))]

    def seen(part: Examples) -> Examples:
        found = context.extract(part.data.items, requests)
        # the extraction is of this part alone, so its examples are numbered from 0
        return replace(part, seen=found, index=np.arange(len(part)))

    return Split(seen(split.train), seen(split.test) if split.test else None)


def _verdict(change: Interval, headline: Any) -> tuple[str, Said]:
    gain = change if headline.higher_is_better else Interval(-change.value, -change.high, -change.low)
    kind = "paid" if gain.low > 0 else "cost" if gain.high < 0 else "unclear"
    shown = Interval(-gain.value, -gain.high, -gain.low) if kind == "cost" else gain
    amount = amount_of(shown, headline.title, headline.unit, signed=kind == "unclear")
    return kind, Said(f"pretraining.{kind}", amount=amount)


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if unit == "%" else f"{value:.3g}{f' {unit}' if unit else ''}"


def spread_said(before: Spread, after: Spread) -> list[Said]:
    """How the effective rank changed; of features that collapsed, that they did."""
    if after.effective_rank < 2:
        return [Said("pretraining.collapsed", after=f"{after.effective_rank:.1f}", dim=f"{after.dim:,}")]
    values = {"before": f"{before.effective_rank:.0f}", "after": f"{after.effective_rank:.0f}"}
    if before.dim != after.dim:  # another number of columns: ranks are not to be held against each other
        return [Said("pretraining.rank_of", **values, old=f"{before.dim:,}", new=f"{after.dim:,}")]
    narrowed = after.effective_rank < COLLAPSED * before.effective_rank
    return [Said("pretraining.narrowed" if narrowed else "pretraining.rank", **values, dim=f"{after.dim:,}")]


def features_of(backbone: Backbone, examples: Examples, context: Context) -> FloatArray:
    """Pooled features ``(n, d)``, from the store where they are there."""
    tap = Tap(backbone.n, True)
    found = context.extract(examples.data.items, [Request(backbone, (tap,))])
    return found.features(backbone, tap).numpy()
