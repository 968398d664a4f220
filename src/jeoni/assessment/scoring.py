"""Scores beside what was then measured: the content of ``metrics.json`` of ``jeoni score``, and its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.evaluation.amounts import amount_of
from jeoni.evaluation.intervals import bootstrap_interval, not_too_certain, resample_weights, units_of
from jeoni.locale import Said, paragraph
from jeoni.transferability.agreement import Order, orders
from jeoni.transferability.candidate import FEWEST, Candidate
from jeoni.transferability.scoring import Scored
from jeoni.types import FloatArray, IntArray, Interval

__all__ = ["Measured", "Sizes", "scoring_metrics", "scoring_rows"]

RESAMPLES = 2000
SHOWN = 3


@dataclass(frozen=True)
class Measured:
    """A candidate with its scores, and how right a head was with it.

    Attributes:
        candidate: its features are not needed any more.
        dim: how many features it has.
        stages: of the whole backbone.
        scores: by id.
        right: ``(n,)`` of each held-out item.
    """

    candidate: Candidate
    dim: int
    stages: int
    scores: dict[str, Scored]
    right: FloatArray


@dataclass(frozen=True)
class Sizes:
    """How many items were learned from, scored on and measured on.

    Attributes:
        train: training items.
        scored: of these, the ones that scores saw.
        test: held-out items.
        classes: of the labels.
    """

    train: int
    scored: int
    test: int
    classes: int


def scoring_metrics(
    found: Sequence[Measured],
    scores: Mapping[str, Any],
    groups: IntArray | None,
    sizes: Sizes,
    *,
    head: str,
    stages: bool,
    resamples: int,
    seed: int,
    language: str,
) -> dict[str, Any]:
    """The content of ``metrics.json``, candidates in the order of what was measured.

    Args:
        found: all candidates.
        scores: the scores by id.
        groups: ``(n,)`` held-out items that are not independent.
        sizes: how many items there are.
        head: that was measured.
        stages: whether lower stages are candidates too.
        resamples: for the intervals of scores.
        seed: of the intervals.
        language: of the summary.
    """
    ranked = sorted(found, key=lambda one: -one.right.mean())
    right = np.stack([one.right for one in ranked])
    accuracies, behind = _intervals(right, groups, seed)
    names = [one.candidate.backbone for one in ranked]
    values = {name: [_value(one.scores[name]) for one in ranked] for name in scores}
    ordered = orders(values, right, names, groups, seed=seed)
    said = _said(ranked, accuracies, behind, ordered, scores, right, groups, seed)
    return {
        "head": head,
        "n_train": sizes.train,
        "n_test": sizes.test,
        "scored_on": sizes.scored,
        "classes": sizes.classes,
        "backbones": len(set(names)),
        "stages": stages,
        "resamples": resamples,
        "candidates": [_record(*row) for row in zip(ranked, accuracies, behind, strict=True)],
        "orders": [_order_record(order, scores[order.score], ranked) for order in ordered],
        **paragraph(said, language),
    }


def scoring_rows(metrics: Mapping[str, Any]) -> tuple[list[str], list[list[object]]]:
    """The columns of ``scores.csv``, and a row for each candidate: every score with its interval where it has one."""
    candidates = metrics["candidates"]
    names = sorted(candidates[0]["scores"])
    intervals = [n for n in names if any(c["scores"][n]["low"] is not None for c in candidates)]
    columns = ["backbone", "stage", "depth", "dim", "parameters", "accuracy", "accuracy_low", "accuracy_high"]
    for name in names:
        columns += [name, *([f"{name}_low", f"{name}_high"] if name in intervals else [])]
    rows: list[list[object]] = []
    for one in candidates:
        row: list[object] = [one["backbone"], one["stage"], one["depth"], one["dim"], int(one["parameters"])]
        row += _cells(one["accuracy"], True)
        for name in names:
            row += _cells(one["scores"][name], name in intervals)
        rows.append(row)
    return columns, rows


def _cells(score: Mapping[str, float | None], whole: bool) -> list[object]:
    parts = ("value", "low", "high") if whole else ("value",)
    return ["" if score[part] is None else f"{score[part]:.6g}" for part in parts]


def _value(scored: Scored) -> float | None:
    return scored.value.value if scored.known else None


def _intervals(right: FloatArray, groups: IntArray | None, seed: int) -> tuple[list[Interval], list[Interval]]:
    """Accuracies, and how far each is behind the first, which is the best, on the same items."""
    n = right.shape[1]
    chunks = [w.astype(np.float64) for w in resample_weights(n, groups, RESAMPLES, seed)]
    weights = np.concatenate(chunks)
    total = weights.sum(1, keepdims=True)
    drawn = np.where(total > 0, weights @ right.T / np.where(total > 0, total, 1.0), np.nan)
    means, units = right.mean(1), units_of(n, groups)
    accuracies = [
        not_too_certain(bootstrap_interval(mean, samples, units, limits=(0.0, 1.0)), units)
        for mean, samples in zip(means, drawn.T, strict=True)
    ]
    behind = [bootstrap_interval(means[0] - means[k], drawn[:, 0] - drawn[:, k], units) for k in range(len(right))]
    return accuracies, behind


def _record(one: Measured, accuracy: Interval, behind: Interval) -> dict[str, Any]:
    candidate = one.candidate
    return {
        "backbone": candidate.backbone,
        "stage": candidate.stage,
        "depth": candidate.depth,
        "stages": one.stages,
        "dim": one.dim,
        "parameters": float(candidate.facts.parameters),
        "learned": candidate.facts.learned,
        "accuracy": _as_dict(accuracy),
        "behind": _as_dict(behind),
        "scores": {name: _as_dict(scored.value) for name, scored in one.scores.items()},
    }


def _order_record(order: Order, score: Any, ranked: Sequence[Measured]) -> dict[str, Any]:
    return {
        "score": order.score,
        "title": score.title,
        "needs": score.needs,
        "candidates": order.candidates,
        "backbones": order.backbones,
        "tau": _as_dict(order.tau),
        "pick": "" if order.pick is None else ranked[order.pick].candidate.name,
        "behind": _as_dict(order.behind),
        "outcome": order.outcome,
    }


def _as_dict(interval: Interval) -> dict[str, float | None]:
    """For JSON, which has no NaN."""
    return {key: None if value != value else round(value, 6) for key, value in interval.as_dict().items()}


def _said(
    ranked: Sequence[Measured],
    accuracies: Sequence[Interval],
    behind: Sequence[Interval],
    ordered: Sequence[Order],
    scores: Mapping[str, Any],
    right: FloatArray,
    groups: IntArray | None,
    seed: int,
) -> list[Said]:
    """The summary: the best candidate, who is as good, whether pretraining pays, and whether scores can be trusted."""
    best = ranked[0].candidate
    value, low, high = (f"{part:.1f}" for part in accuracies[0].points())
    if accuracies[0].low != accuracies[0].low:  # NaN: all held-out items are of one group
        return [Said("scoring.one_group", name=best.name, n=f"{len(ranked)}", value=value)]
    if len(ranked) == 1:
        return [Said("scoring.only", name=best.name, value=value, low=low, high=high)]
    said = [Said("scoring.best", name=best.name, n=f"{len(ranked)}", value=value, low=low, high=high)]
    near = sum(not gap.low > 0 for gap in behind[1:])
    said.append(Said("scoring.near", n=f"{near}", of=f"{len(ranked) - 1}") if near else Said("scoring.ahead"))
    said += _about_pretraining(ranked, right, groups, seed)
    return [*said, *_about_orders(ordered, scores, len({one.candidate.backbone for one in ranked}))]


def _about_pretraining(ranked: Sequence[Measured], right: FloatArray, groups: IntArray | None, seed: int) -> list[Said]:
    """The best trained candidate against the best one with random weights."""
    trained = [k for k, one in enumerate(ranked) if one.candidate.facts.learned]
    untrained = [k for k, one in enumerate(ranked) if not one.candidate.facts.learned]
    if not trained or not untrained:
        return []
    pair = right[[trained[0], untrained[0]]]
    gain = _intervals(pair, groups, seed)[1][1]
    outcome = "paid" if gain.low > 0 else "lost" if gain.high < 0 else "unclear"
    shown = Interval(-gain.value, -gain.high, -gain.low) if outcome == "lost" else gain
    return [Said(f"scoring.{outcome}", amount=amount_of(shown, "Accuracy", "%", signed=outcome == "unclear"))]


def _about_orders(ordered: Sequence[Order], scores: Mapping[str, Any], backbones: int) -> list[Said]:
    if backbones < FEWEST:
        return [Said("scoring.too_few", n=f"{backbones}", needed=f"{FEWEST}")]
    good = [order for order in ordered if order.outcome == "agrees"]
    wrong = [order for order in ordered if order.outcome == "opposes"]
    said = []
    if good:
        first = good[0]
        span = {"value": f"{first.tau.value:.2f}", "low": f"{first.tau.low:.2f}", "high": f"{first.tau.high:.2f}"}
        others = {"n": f"{len(good)}", "of": f"{len(ordered)}"}
        said.append(Said("scoring.ordered", score=scores[first.score].title, **span, **others))
    else:
        said.append(Said("scoring.none_ordered", of=f"{len(ordered)}"))
    if wrong:
        said.append(Said("scoring.opposed", scores=", ".join(scores[one.score].title for one in wrong[:SHOWN])))
    return said
