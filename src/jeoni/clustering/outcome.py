"""The outcome of a clustering: scores where labels exist, the verdict on pretraining, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.clustering.number import Proposal
from jeoni.clustering.representations import Representation, stability_gain, stability_of
from jeoni.clustering.scores import paired_scores, scores_of, table_of
from jeoni.clustering.typical import Typicality
from jeoni.evaluation.amounts import amount_of
from jeoni.features.examples import Examples
from jeoni.locale import Said, paragraph
from jeoni.tasks.classification import class_names_of
from jeoni.types import IntArray, Interval

__all__ = ["Clustered", "clustering_metrics", "label_of"]

SHARP = "clustering_accuracy"


@dataclass(frozen=True)
class Clustered:
    """Clusters of all examples, and how they came about.

    Attributes:
        method: its id.
        clusters: ``(n,)``, from 0 on, the largest first.
        typicality: of each example.
        asked: how many were asked for; None where a number was proposed.
        proposal: what stability proposes; None where there are too few examples.
        representations: of the examples in ``sample``, the pretrained features first.
        sample: numbers of the examples that representations are compared on.
        scaling: how features were made ready.
        backbones: names.
        model_agrees: share of examples that the model puts in their cluster without having seen them; None without one.
    """

    method: str
    clusters: IntArray
    typicality: Typicality
    asked: int | None
    proposal: Proposal | None
    representations: Sequence[Representation]
    sample: IntArray
    scaling: str
    backbones: tuple[str, ...]
    model_agrees: float | None = None

    @property
    def number(self) -> int:
        """How many there are."""
        return int(self.clusters.max()) + 1


def label_of(cluster: int) -> str:
    """What a cluster is called until somebody gives it a name.

    Example:
        >>> label_of(0)
        'cluster 1'
    """
    return f"cluster {cluster + 1}"


def clustering_metrics(found: Clustered, examples: Examples, seed: int, language: str) -> dict[str, Any]:
    """The content of ``metrics.json``; labels, where there are some, only score.

    Args:
        found: the clusters.
        examples: that were clustered.
        seed: of the intervals.
        language: of the summary.
    """
    data = examples.data
    known = np.flatnonzero(data.targets >= 0) if data.task is not None else np.zeros(0, dtype=np.int64)
    names = class_names_of(data) if len(known) else ()
    scored: dict[str, Any] = {"scores": None, "class_names": list(names), "table": []}
    labels, table = np.zeros(0, dtype=np.int64), None
    if len(known):
        labels = data.targets[known]
        groups = _groups(examples.clusters[known])
        table = table_of(labels, found.clusters[known], (len(names), found.number))
        scores = scores_of(labels, found.clusters[known], groups, seed)
        scored |= {"scores": _as_dicts(scores), "table": table.tolist()}
        beside = _beside(found, data.targets, examples.clusters, seed)
    else:
        scores, beside = {}, {}
    arms = _arms(found.representations, beside, seed)
    said = [*_about_number(found, len(data)), *_about_labels(scores), *_verdicts(found, beside, seed)]
    return {
        "method": found.method,
        "backbones": list(found.backbones),
        "scaling": found.scaling,
        "n": len(data),
        "labelled": len(known),
        "asked": found.asked,
        "clusters": _clusters(found, names, table),
        "representations": arms,
        "compared": len(found.sample),
        **_numbers(found.proposal),
        **scored,
        "model_agrees": found.model_agrees,
        **paragraph(said, language),
    }


def _as_dicts(scores: dict[str, Interval]) -> dict[str, dict[str, float | None]]:
    return {name: _as_dict(score) for name, score in scores.items()}


def _as_dict(score: Interval) -> dict[str, float | None]:
    """For JSON, which has no NaN."""
    return {key: None if value != value else round(value, 6) for key, value in score.as_dict().items()}


def _clusters(found: Clustered, names: Sequence[str], table: Any) -> list[dict[str, Any]]:
    """Each with its size, and the class that most of its labelled items are of."""
    rows = []
    for c in range(found.number):
        members = found.clusters == c
        row = {"name": label_of(c), "size": int(members.sum())}
        row["confidence"] = round(float(found.typicality.confidence[members].mean()), 6)
        if table is not None and table[:, c].sum():
            largest = int(table[:, c].argmax())
            row |= {"class_name": names[largest], "purity": float(table[largest, c] / table[:, c].sum())}
        rows.append(row)
    return rows


def _numbers(proposal: Proposal | None) -> dict[str, Any]:
    if proposal is None:
        return {"numbers": [], "proposed": None, "sureness": ""}
    rows = [
        {name: getattr(c, name) for name in ("clusters", "stability", "low", "high", "silhouette")}
        for c in proposal.candidates
    ]
    return {"numbers": rows, "proposed": proposal.clusters, "sureness": proposal.sureness}


Beside = dict[str, tuple[dict[str, Interval], dict[str, Interval] | None]]


def _beside(found: Clustered, targets: IntArray, clusters: IntArray, seed: int) -> Beside:
    """By representation its scores, means over parts, and how much better the first one is on the same parts."""
    known = np.flatnonzero(targets[found.sample] >= 0)
    if not len(known):
        return {}
    labels, groups = targets[found.sample][known], _groups(clusters[found.sample][known])
    drawn = {r.name: [part[known] for part in r.drawn] for r in found.representations}
    first, *others = drawn
    own, gains = paired_scores(labels, drawn[first], {name: drawn[name] for name in others}, groups, seed)
    beside: Beside = {first: (own, None)}
    for name in others:
        beside[name] = (paired_scores(labels, drawn[name], {}, groups, seed)[0], gains[name])
    return beside


def _groups(clusters: IntArray) -> IntArray | None:
    return clusters if len(np.unique(clusters)) < len(clusters) else None


def _arms(representations: Sequence[Representation], beside: Beside, seed: int) -> list[dict[str, Any]]:
    first = representations[0]
    rows = []
    for one in representations:
        scores, difference = beside.get(one.name, (None, None))
        more = None if one is first else _as_dict(stability_gain(first.drawn, one.drawn, seed))
        rows.append(
            {
                "kind": one.kind,
                "name": one.name,
                "stability": _as_dict(stability_of(one.drawn, seed)),
                "scores": _as_dicts(scores) if scores else None,
                "difference": _as_dicts(difference) if difference else None,
                "more_stable": more,
            }
        )
    return rows


def _about_number(found: Clustered, n: int) -> list[Said]:
    """The headline, and where the number comes from."""
    facts = {"n": f"{n:,}", "k": f"{found.number}", "method": found.method, "on": ", ".join(found.backbones)}
    said = [Said("clustering.found", **facts)]
    proposal = found.proposal
    if proposal is None:
        return [*said, Said("clustering.too_few")] if found.asked is None else said
    told = {"proposed": f"{proposal.clusters}", "stability": f"{proposal.stability:.2f}"}
    if found.asked is None:
        said.append(Said(f"clustering.proposed_{proposal.sureness}", **told))
    elif found.asked != proposal.clusters:
        said.append(Said("clustering.asked", asked=f"{found.asked}", **told))
    if found.number < (found.asked or proposal.clusters):
        said.append(Said("clustering.fewer", wanted=f"{found.asked or proposal.clusters}", k=f"{found.number}"))
    return said


def _about_labels(scores: dict[str, Interval]) -> list[Said]:
    if not scores:
        return [Said("clustering.no_labels")]
    value, low, high = (f"{part:.1f}" for part in scores[SHARP].points())
    others = {name: f"{scores[name].value:.3f}" for name in ("nmi", "ari")}
    return [Said("clustering.accuracy", value=value, low=low, high=high, **others)]


def _verdicts(found: Clustered, beside: Beside, seed: int) -> list[Said]:
    """Pretrained features against each control: by labels where there are some, else by stability alone."""
    first, *others = found.representations
    said = []
    if others and len(found.sample) < len(found.clusters):
        said.append(Said("clustering.sampled", n=f"{len(found.sample):,}"))
    for one in others:
        gain = beside[one.name][1] if beside else None
        if gain is not None:
            said.append(_by_labels(gain[SHARP], one))
        else:
            said.append(_by_stability(stability_gain(first.drawn, one.drawn, seed), one))
    return said


def _by_labels(gain: Interval, other: Representation) -> Said:
    """The sentence on the gain in clustering accuracy; claimed only where the interval leaves out zero."""
    what = other.name if other.kind == "raw" else "untrained features"
    if gain.low > 0:
        return Said("clustering.better", what=what, amount=amount_of(gain, "Accuracy", "%"))
    if gain.high < 0:
        loss = Interval(-gain.value, -gain.high, -gain.low)
        return Said("clustering.worse", what=what, amount=amount_of(loss, "Accuracy", "%"))
    return Said("clustering.unclear", what=what, amount=amount_of(gain, "Accuracy", "%", signed=True))


def _by_stability(gain: Interval, other: Representation) -> Said:
    what = other.name if other.kind == "raw" else "untrained features"
    outcome = "more_stable" if gain.low > 0 else "less_stable" if gain.high < 0 else "as_stable"
    if outcome == "less_stable":
        gain = Interval(-gain.value, -gain.high, -gain.low)
    value, low, high = (f"{part:.2f}" for part in (gain.value, gain.low, gain.high))
    amount = Said("amount.number", value=value, low=low, high=high)
    return Said(f"clustering.{outcome}", what=what, amount=amount)
