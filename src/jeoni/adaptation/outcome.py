"""The outcome of an adaptation: scores side by side, tables, and both domains in one map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jeoni.adaptation.transfer import SOURCE_ONLY, Found, drawn
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.item_columns import item_cells, item_header
from jeoni.evaluation.amounts import amount_of, said_score
from jeoni.evaluation.evaluate import evaluate as measure
from jeoni.evaluation.verdict import Verdict, class_weights, compare_pairs, unequal
from jeoni.explain import pictures
from jeoni.features.examples import Examples
from jeoni.locale import Said, language_of, paragraph
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.runs.records import DomainsRecord
from jeoni.specs import AdaptSpec
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.types import Finding, Interval

__all__ = ["adapted_metrics", "compared_metrics", "write_map", "write_tables"]


def adapted_metrics(found: Found, alone: Found, target: Examples, spec: AdaptSpec) -> dict[str, Any]:
    """The content of ``metrics.json``: the method and the source model side by side, where labels allow it."""
    names = class_names_of(target.data)
    moved = found.probs.argmax(1) != alone.probs.argmax(1)
    metrics: dict[str, Any] = {
        **_with_said(found.record),
        "class_names": list(names),
        "n": len(target),
        "moved": int(moved.sum()),
        "labelled": int((target.data.targets >= 0).sum()),
        "target": None,
        "source_only": None,
        "verdict": None,
        "verdict_balanced": None,
    }
    how, language = found.record["method"], language_of(spec.language)
    changed = Said("adapting.moved", moved=f"{int(moved.sum()):,}", n=f"{len(target):,}")
    known = np.flatnonzero(target.data.targets >= 0)
    used = found.record.get("labels")
    by_labels = [_by_labels(used, found.record)] if used and how != SOURCE_ONLY else []
    if not len(known):
        lead = _source_kept(found.record) if how == SOURCE_ONLY else Said("adapting.applied", method=how)
        return {**metrics, **paragraph([lead, *by_labels, Said("adapting.no_labels"), changed], language)}
    labels, clusters = target.data.targets[known], target.clusters[known]
    groups = clusters if len(np.unique(clusters)) < len(known) else None
    both = {
        name: measure(Classification(names), labels, one.probs[known][None], groups, spec.seed).as_dict()
        for name, one in (("target", found), ("source_only", alone))
    }
    right = [one.probs[known].argmax(1) == labels for one in (found, alone)]
    said = [said_score(Interval(**both["target"]["metrics"]["accuracy"]), "Accuracy", "%", in_target=True)]
    if how == SOURCE_ONLY:
        said.append(_source_kept(found.record))
        return {**metrics, **both, **paragraph(said, language)}
    pairs = (right[0], right[1], clusters, np.zeros(len(known), dtype=np.int64))
    verdict = compare_pairs(*pairs, seed=spec.seed)
    said.append(_gain(verdict, how))
    if unequal(labels):
        balanced = compare_pairs(*pairs, seed=spec.seed, weights=class_weights(labels))
        metrics["verdict_balanced"] = balanced.as_dict()
        if balanced.outcome != verdict.outcome:
            said.append(_otherwise(balanced))
    return {**metrics, **both, "verdict": verdict.as_dict(), **paragraph([*said, *by_labels, changed], language)}


def compared_metrics(
    founds: Mapping[str, Found], failed: Mapping[str, str], alone: Found, target: Examples, seed: int
) -> list[dict[str, Any]]:
    """The source model and several methods side by side, for ``metrics.json``.

    Args:
        founds: what each method came to, by name.
        failed: why others could not be used, by name.
        alone: the source model.
        target: with labels for scoring, where there are any.
        seed: of the intervals.
    """
    labels = target.data.targets
    known = np.flatnonzero(labels >= 0)
    clusters = target.clusters[known]
    groups = clusters if len(np.unique(clusters)) < len(known) else None
    task = Classification(class_names_of(target.data))
    compared = []
    for name, found in {SOURCE_ONLY: alone, **founds}.items():
        moved = int((found.probs.argmax(1) != alone.probs.argmax(1)).sum())
        scores = None
        if len(known):
            scores = measure(task, labels[known], found.probs[known][None], groups, seed).as_dict()["metrics"]
        compared.append({"name": name, "moved": moved, "target": scores, "note": ""})
    return compared + [{"name": name, "moved": None, "target": None, "note": why} for name, why in failed.items()]


def _with_said(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a method, and its sentences by id beside their texts."""
    told = dict(record)
    for name in ("why", "advice"):
        if isinstance(record.get(name), Said):
            told[f"{name}_said"] = [record[name].as_dict()]
    for name in ("diagnosis", "weighing"):
        part = record.get(name)
        if part:
            told[name] = {**part, "said": [one.as_dict() for one in part["sentences"] if isinstance(one, Said)]}
    return told


def _by_labels(used: dict[str, Any], record: dict[str, Any]) -> Said:
    """What the labels were for, and that they score nothing."""
    return Said("adaptation.by_labels", n=f"{used['n']:,}", why=record["why"])


def _source_kept(record: dict[str, Any]) -> Said:
    why = record.get("why", "")
    return Said("adapting.source_kept_because", why=why) if why else Said("adapting.source_kept")


def _gain(verdict: Verdict, method: str) -> Said:
    """What a method added to the accuracy of the source model, or cost."""
    if verdict.outcome == "cannot tell":
        amount = amount_of(verdict.difference, "accuracy", "%", signed=True)
        return Said("adapting.unclear", method=method, amount=amount)
    helped, d = verdict.outcome == "helped", verdict.difference
    gain = d if helped else Interval(-d.value, -d.high, -d.low)
    return Said(f"adapting.{'added' if helped else 'cost'}", method=method, amount=amount_of(gain, "accuracy", "%"))


def _otherwise(balanced: Verdict) -> Said:
    """The sentence where balanced accuracy and accuracy disagree, as where all is given to the larger class."""
    outcome = {"cannot tell": "unclear"}.get(balanced.outcome, balanced.outcome)
    amount = amount_of(balanced.difference, "balanced accuracy", "%", signed=True)
    return Said(f"adapting.balanced_{outcome}", amount=amount)


def write_tables(run: RunFolder, target: Examples, found: Found, alone: Found, findings: Sequence[Finding]) -> None:
    """``predictions.csv``, with what the source model had said, and ``issues.csv``."""
    data, names = target.data, class_names_of(target.data)
    before = alone.probs.argmax(1)
    run.write_csv(
        "predictions.csv",
        [*item_header(data), "label", "predicted", "confidence", "source_only", *(f"prob:{c}" for c in names)],
        (
            [
                *item_cells(data, i),
                names[data.targets[i]] if data.targets[i] >= 0 else "",
                names[row.argmax()],
                f"{row.max():.6f}",
                names[before[i]],
                *(f"{p:.6f}" for p in row),
            ]
            for i, row in enumerate(found.probs)
        ),
    )
    write_issues(run, findings)


def write_map(
    run: RunFolder,
    backbone: Backbone,
    source: Examples | None,
    target: Examples,
    found: Found,
    spec: AdaptSpec,
) -> None:
    """Both domains in one map, before and after."""
    if source is None:
        return
    whole = Tap(backbone.n, True)
    some = drawn(source, target, spec.seed)
    before = [e.features(backbone, whole)[index] for e, index in zip((source, target), some, strict=True)]
    names = class_names_of(target.data)
    domains = [
        {
            "domain": domain,
            "path": e.data.items.name(int(i)),
            "label": names[e.data.targets[i]] if e.data.targets[i] >= 0 else "",
            "predicted": "" if domain == "source" else names[found.probs[i].argmax()],
        }
        for domain, e, index in zip(("source", "target"), (source, target), some, strict=True)
        for i in index
    ]
    maps = []
    for rows in (before,) if found.rows is None else (before, found.rows):
        places, method = pictures.place(np.concatenate(rows), spec.seed)
        maps.append({"method": method, "points": [[round(float(x), 4), round(float(y), 4)] for x, y in places]})
    run.write_record("figures/domains.json", DomainsRecord, {"items": domains, "maps": maps})
