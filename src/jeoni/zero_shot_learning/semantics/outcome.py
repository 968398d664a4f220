"""The outcome of a zero-shot classification: what was predicted, how good it is where labels tell, and beside what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.data.item_columns import item_cells, item_header
from jeoni.evaluation.amounts import amount_of
from jeoni.evaluation.evaluate import evaluate
from jeoni.evaluation.intervals import bootstrap_interval, not_too_certain, resample_weights, units_of
from jeoni.evaluation.verdict import compare_pairs
from jeoni.features.examples import Examples
from jeoni.heads.fitting.closed_form import unit_rows
from jeoni.locale import Said, language_of, paragraph
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.tasks.classification import Classification
from jeoni.types import Array, Finding, FloatArray, IntArray, Interval
from jeoni.zero_shot_learning.semantics.choice import Learned
from jeoni.zero_shot_learning.semantics.prediction import Scorer
from jeoni.zero_shot_learning.semantics.stacking import harmonic_mean, per_class_accuracy

__all__ = ["Setup", "write_tables", "zero_shot_metrics"]

RESAMPLES = 2000
SHARES = 6  # classes that are named in the summary
MOST_COMPARED = 60  # classes whose names are held against each other


@dataclass(frozen=True)
class Setup:
    """What was asked for and what was known.

    Attributes:
        method: its id.
        calibration: its id; ``none`` where there is none.
        names: of the candidates, those of seen classes first.
        seen_names: of the seen classes.
        seen_items: labelled items of seen classes.
        generalised: whether seen classes are candidates.
        texts: what was encoded of each candidate; empty where attributes tell.
        vectors: ``(candidates, a)`` of the candidates.
        scale: what cosines were multiplied by; 0 where scores are no cosines.
        seed: of the intervals.
        language: of the summary.
    """

    method: str
    calibration: str
    names: tuple[str, ...]
    seen_names: tuple[str, ...]
    seen_items: int
    generalised: bool
    texts: tuple[tuple[str, ...], ...]
    vectors: FloatArray
    scale: float
    seed: int
    language: str

    @property
    def from_seen(self) -> Array:
        """``(candidates,)`` bool: which are seen classes."""
        return np.arange(len(self.names)) < (len(self.seen_names) if self.generalised else 0)


def zero_shot_metrics(setup: Setup, scorer: Scorer, items: Examples, probs: FloatArray, rows: Array) -> dict[str, Any]:
    """The content of ``metrics.json``.

    Args:
        setup: what was asked for.
        scorer: how the items were scored.
        items: with a label where there is one.
        probs: ``(n, candidates)`` of the model.
        rows: ``(n, d)`` pooled features.
    """
    said = probs.argmax(1)
    known = np.flatnonzero(items.data.targets >= 0)
    metrics: dict[str, Any] = {
        "method": setup.method,
        "calibration": setup.calibration,
        "class_names": list(setup.names),
        "seen_names": list(setup.seen_names),
        "seen_items": setup.seen_items,
        "generalised": setup.generalised,
        "n": len(items),
        "labelled": len(known),
        "chance": 1 / len(setup.names),
        "scale": setup.scale,
        "classes": _classes(setup, scorer, said, probs),
        "similarity": _similarity(setup.vectors),
        "margin": [float(q) for q in np.quantile(_margins(probs), (0.1, 0.5, 0.9))],
        "learned": _learned(scorer.learned),
        "handicap": scorer.handicap if setup.generalised else None,
        "estimate": "test",
    }
    sentences = [_of_seen(setup, scorer.learned)] if scorer.learned else []
    if not len(known):
        counts = np.bincount(said, minlength=len(setup.names))
        lead = [_shares(setup.names, counts), Said("zero_shot.no_labels")]
        return {**metrics, "test": None, **paragraph([*lead, *sentences], language_of(setup.language))}
    scored = _scored(setup, scorer, items, probs, rows, known)
    told = scored.pop("sentences")
    return {**metrics, **scored, **paragraph([*told, *sentences], language_of(setup.language))}


def _scored(
    setup: Setup, scorer: Scorer, items: Examples, probs: FloatArray, rows: Array, known: IntArray
) -> dict[str, Any]:
    """Scores on the labelled items beside guessing, the most frequent class and the scores without calibration."""
    task, labels = Classification(setup.names), items.data.targets[known]
    clusters = items.clusters[known]
    groups = clusters if len(np.unique(clusters)) < len(known) else None
    result = evaluate(task, labels, probs[known], groups, setup.seed).as_dict()
    scores = result["metrics"]
    constant = np.tile(task.uninformed(labels), (len(known), 1))
    majority = evaluate(task, labels, constant, groups, setup.seed).as_dict()["metrics"]
    details = {k: result[k] for k in ("class_names", "confusion", "reliability", "thresholds")}
    right = probs[known].argmax(1) == labels
    sentences = [
        _correct(setup, Interval(**scores["accuracy"]), len(known)),
        _levels(setup, majority["accuracy"]["value"]),
        _against_chance(setup, Interval(**scores["balanced_accuracy"])),
    ]
    plain = None
    if scorer.plain is not None:
        before = task.decode(scorer.plain(rows[known]) / scorer.plain.temperature)
        plain = evaluate(task, labels, before, groups, setup.seed).as_dict()["metrics"]
        verdict = compare_pairs(
            right, before.argmax(1) == labels, clusters, np.zeros(len(known), dtype=np.int64), seed=setup.seed
        )
        sentences.append(_of_calibration(verdict.outcome, verdict.difference))
    parts = None
    if setup.generalised:
        parts = _seen_and_unseen(right, labels, setup.from_seen, groups, setup.seed)
        sentences.append(_harmonic(parts))
    return {
        "test": scores,
        "measures": result["measures"],
        "per_class": result["per_class"],
        "details": details,
        "majority": majority,
        "uncalibrated": plain,
        "parts": parts,
        "sentences": sentences,
    }


def _seen_and_unseen(
    right: Array, labels: IntArray, from_seen: Array, groups: IntArray | None, seed: int
) -> dict[str, Any]:
    """Mean accuracy over seen classes, over unseen ones, and their harmonic mean, with intervals."""
    weights = np.concatenate(list(resample_weights(len(labels), groups, RESAMPLES, seed)))
    drawn = {part: _class_means(weights, right, labels, np.flatnonzero(from_seen == (part == "seen")))
             for part in ("seen", "unseen")}  # fmt: skip
    of = from_seen[labels]
    value = {
        "seen": per_class_accuracy(right[of], labels[of]),
        "unseen": per_class_accuracy(right[~of], labels[~of]),
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        total = drawn["seen"] + drawn["unseen"]
        drawn["harmonic_mean"] = np.where(total == 0, 0.0, 2 * drawn["seen"] * drawn["unseen"] / total)
    value["harmonic_mean"] = harmonic_mean(value["seen"], value["unseen"])
    units = units_of(len(labels), groups)
    found = {name: bootstrap_interval(value[name], drawn[name], units, limits=(0.0, 1.0)) for name in value}
    return {name: not_too_certain(interval, units).as_dict() for name, interval in found.items()}


def _class_means(weights: Array, right: Array, labels: IntArray, classes: IntArray) -> FloatArray:
    """``(B,)`` the mean over classes of the share that is right; classes that were not drawn are left out."""
    shares = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for k in classes:
            own = weights[:, labels == k]
            shares.append((own @ right[labels == k].astype(np.float32)) / own.sum(1))
    some = np.array(shares)
    found = np.isfinite(some)
    counted = found.sum(0)
    total = np.where(found, some, 0.0).sum(0)
    return np.where(counted > 0, total / np.maximum(counted, 1), np.nan)


def _classes(setup: Setup, scorer: Scorer, said: IntArray, probs: FloatArray) -> list[dict[str, Any]]:
    """Of each candidate what was encoded, and how many items it was said of, how far ahead."""
    margins, counts = _margins(probs), np.bincount(said, minlength=len(setup.names))
    return [
        {
            "name": name,
            "seen": bool(setup.from_seen[k]),
            "texts": list(setup.texts[k]) if setup.texts else [],
            "predicted": int(counts[k]),
            "margin": float(np.median(margins[said == k])) if counts[k] else None,
            "prior": float(scorer.taken[k]) if len(scorer.taken) else None,
        }
        for k, name in enumerate(setup.names)
    ]


def _margins(probs: FloatArray) -> FloatArray:
    """How far the most probable class is ahead of the next."""
    first = np.sort(probs, axis=1)
    ahead: FloatArray = first[:, -1] - first[:, -2]
    return ahead


def _similarity(vectors: FloatArray) -> list[list[float]]:
    """Cosines between class vectors; nothing of so many that no page could show them."""
    if len(vectors) > MOST_COMPARED:
        return []
    unit = unit_rows(vectors)
    return [[round(float(c), 4) for c in row] for row in np.clip(unit @ unit.T, -1, 1)]


def _learned(learned: Learned | None) -> dict[str, Any] | None:
    if learned is None:
        return None
    accuracy, guessing = (None if np.isnan(v) else v for v in learned.accuracy)
    return {"setting": learned.setting, "folds": learned.folds, "accuracy": accuracy, "guessing": guessing}


def _correct(setup: Setup, score: Interval, n: int) -> Said:
    value, low, high = (f"{part:.1f}" for part in score.points())
    told = {"value": value, "low": low, "high": high, "n": f"{n:,}", "k": f"{len(setup.names)}"}
    if setup.generalised:
        return Said("zero_shot.correct_generalised", **told, unseen=f"{int((~setup.from_seen).sum())}")
    return Said("zero_shot.correct", **told)


def _levels(setup: Setup, majority: float) -> Said:
    return Said("zero_shot.levels", chance=f"{100 / len(setup.names):.1f}", majority=f"{100 * majority:.1f}")


def _against_chance(setup: Setup, balanced: Interval) -> Said:
    """Whether it is better than guessing, of which each class is right as often as any."""
    chance = 1 / len(setup.names)
    value, low, high = (f"{part:.1f}" for part in balanced.points())
    outcome = "unclear"
    if balanced.low > chance:
        outcome = "above"
    elif balanced.high < chance:
        outcome = "below_seen" if setup.seen_names else "below"
    return Said(f"zero_shot.{outcome}", value=value, low=low, high=high)


def _of_calibration(outcome: str, difference: Interval) -> Said:
    if outcome == "cannot tell":
        amount = amount_of(difference, "accuracy", "%", signed=True)
        return Said("zero_shot.calibration_unclear", amount=amount)
    helped = outcome == "helped"
    gain = difference if helped else Interval(-difference.value, -difference.high, -difference.low)
    kind = "added" if helped else "cost"
    return Said(f"zero_shot.calibration_{kind}", amount=amount_of(gain, "accuracy", "%"))


def _harmonic(parts: dict[str, Any]) -> Said:
    def percent(part: str, key: str = "value") -> str:
        return f"{100 * parts[part][key]:.1f}"

    return Said(
        "zero_shot.harmonic",
        seen=percent("seen"),
        unseen=percent("unseen"),
        value=percent("harmonic_mean"),
        low=percent("harmonic_mean", "low"),
        high=percent("harmonic_mean", "high"),
    )


def _of_seen(setup: Setup, learned: Learned) -> Said:
    told = {"n": f"{setup.seen_items:,}", "k": f"{len(setup.seen_names)}", "method": setup.method}
    if not learned.folds:
        return Said("zero_shot.learned_unchosen", **told)
    accuracy, guessing = (f"{100 * value:.1f}" for value in learned.accuracy)
    return Said("zero_shot.learned", **told, accuracy=accuracy, guessing=guessing)


def _shares(names: Sequence[str], counts: IntArray) -> Said:
    order = np.argsort(-counts, kind="stable")[:SHARES]
    listed = ", ".join(f"'{names[k]}' {100 * counts[k] / counts.sum():.0f} %" for k in order if counts[k])
    return Said("zero_shot.predicted", n=f"{int(counts.sum()):,}", shares=listed)


def write_tables(
    run: RunFolder, items: Examples, names: Sequence[str], probs: FloatArray, findings: Sequence[Finding]
) -> None:
    """``predictions.csv``, with how far each prediction is ahead of the next class, and ``issues.csv``."""
    data, margins = items.data, _margins(probs)
    order = np.argsort(-probs, axis=1, kind="stable")
    run.write_csv(
        "predictions.csv",
        [*item_header(data), "label", "predicted", "confidence", "margin", "next", *(f"prob:{c}" for c in names)],
        (
            [
                *item_cells(data, i),
                names[data.targets[i]] if data.targets[i] >= 0 else "",
                names[order[i, 0]],
                f"{row.max():.6f}",
                f"{margins[i]:.6f}",
                names[order[i, 1]],
                *(f"{p:.6f}" for p in row),
            ]
            for i, row in enumerate(probs)
        ),
    )
    write_issues(run, findings)
