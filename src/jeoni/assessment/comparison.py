"""Strategies on the same draws of the same examples at several numbers of labels: draws, outcomes and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.assessment.draws import Draw, draws_by_fold, draws_for_test
from jeoni.assessment.holdout import Strategy, taps_of
from jeoni.assessment.trials import Trial
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.checks import Checked
from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.curves import Outcomes, Point, compare_all, labels_needed, point
from jeoni.evaluation.measures import ACCURACY, BALANCED_ACCURACY, Measure
from jeoni.evaluation.verdict import class_weights, pigeonhole, unequal
from jeoni.features.examples import Examples
from jeoni.features.extract import Extraction
from jeoni.locale import Said, language_of, paragraph, translated
from jeoni.specs import CompareSpec
from jeoni.tasks import strata_of, task_of
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset, FloatArray, IntArray

__all__ = [
    "choose_measure",
    "comparison_taps",
    "draw_examples",
    "probed_stages",
    "searches_of",
    "trial_rows",
    "useful_budgets",
    "verdict_of",
    "verdict_record",
]


def comparison_taps(
    strategies: dict[str, Strategy], backbone: Backbone, data: Dataset, spec: CompareSpec
) -> tuple[Tap, ...]:
    """The taps of all strategies at all budgets, and every stage's pooled output."""
    strata = strata_of(data)
    classes = len(np.unique(strata[strata >= 0]))
    sizes = [len(data) if b is None else min(len(data), b * classes) for b in spec.sizes]
    # draws leave a fold out, so that the largest training set is smaller than the data
    sizes += [round(len(data) * (1 - 1 / spec.folds))] if None in spec.sizes else []
    wanted = [t for s in strategies.values() for n in sizes for t in taps_of(s, backbone, n)]
    probed = [Tap(k, True) for k in range(1, backbone.n + 1)] if spec.stages else []
    return tuple(dict.fromkeys([*wanted, *probed]))


def draw_examples(
    data: Dataset, seen: Extraction, checked: Checked, spec: CompareSpec
) -> tuple[Examples, list[Draw], float]:
    """The examples that can be used, the draws, and how much their training parts overlap.

    Raises:
        DataError: a class with fewer than four usable examples.
    """
    usable, clusters = np.flatnonzero(checked.keep), checked.clusters
    chosen = data.select(usable)
    own = chosen.part == "test"
    count = 1 if own.all() or own.any() else spec.folds
    folds = np.zeros((1, len(usable)), dtype=np.int64)
    examples = Examples(chosen, clusters[usable], seen, usable, folds)
    if own.any():
        return examples, draws_for_test(np.flatnonzero(~own), np.flatnonzero(own), spec.repeats), 0.0
    _check_classes(chosen)
    strata = strata_of(chosen)
    fold = build_folds(strata, examples.clusters, spec.folds, 1, spec.seed)
    count = len(np.unique(fold))
    return (
        examples,
        draws_by_fold(strata, examples.clusters, spec.repeats, spec.folds, spec.seed),
        1 / (count - 1),
    )


def _check_classes(data: Dataset) -> None:
    """Raise a DataError for a class with fewer than four examples."""
    if not isinstance(data.task, Classification):
        return
    counts = np.bincount(data.targets, minlength=data.task.width)
    if counts.min() < 4:
        fewest = data.task.class_names[int(counts.argmin())]
        raise DataError(Said("error.too_few_to_compare", name=repr(fewest), n=f"{counts.min()}"))


def useful_budgets(sizes: Sequence[int | None], examples: Examples, draws: Sequence[Draw]) -> list[int | None]:
    """Budgets that leave something out; the largest is all there are, if all were asked for or none is left.

    A budget above the size of every class (of other tasks: every stratum) is all there are.
    """
    strata = strata_of(examples.data)
    most = max(int(np.bincount(strata[d.train]).max()) for d in draws)
    kept: list[int | None] = [b for b in sizes if b is not None and b < most]
    return [*kept, None] if None in sizes or len(kept) < len(sizes) else kept


def choose_measure(spec: CompareSpec, examples: Examples, budgets: Sequence[int | None]) -> Measure:
    """The task's own measure; balanced accuracy for draws of as many of every class, tested on unequal classes.

    Raises:
        ConfigError: a measure of classes was asked for, and the task has none.
    """
    task = task_of(examples.data)
    if isinstance(task, Classification):
        alike = any(b is not None for b in budgets)
        balanced = unequal(examples.data.targets) and alike if spec.measure == "auto" else spec.measure != ACCURACY.id
        return BALANCED_ACCURACY if balanced else ACCURACY
    if spec.measure != "auto":
        raise ConfigError(f"measure is {spec.measure!r}; a {task.id} is compared by its {task.measure.title}.")
    return task.measure


def _weights(examples: Examples, index: IntArray, measure: Measure) -> FloatArray | None:
    return class_weights(examples.data.targets[index]) if measure == BALANCED_ACCURACY else None


def _scores(trial: Trial, examples: Examples, measure: Measure) -> FloatArray:
    """Of each test item in the measure's unit, higher is better."""
    return task_of(examples.data).scores(trial.predictions, examples.data.targets[trial.test]) * measure.scale


def _outcomes(trials: Sequence[Trial], examples: Examples, measure: Measure) -> list[Outcomes]:
    grouped: dict[tuple[str, int | None], list[Trial]] = {}
    for trial in trials:
        grouped.setdefault((trial.strategy, trial.budget), []).append(trial)
    return [
        Outcomes(
            strategy=strategy,
            budget=budget,
            items=(items := np.concatenate([t.test for t in some])),
            draws=np.concatenate([np.full(len(t.test), t.draw) for t in some]),
            scores=np.concatenate([_scores(t, examples, measure) for t in some]),
            n_train=float(np.mean([t.n_train for t in some])),
            seconds=float(np.median([t.seconds for t in some])),
            notes=tuple(t.note for t in some),
            learned_nothing=tuple(t.learned_nothing for t in some),
            weights=_weights(examples, items, measure),
            measure=measure,
        )
        for (strategy, budget), some in grouped.items()
    ]


def probed_stages(
    probed: Sequence[tuple[str, int, IntArray, Any]], examples: Examples, spec: CompareSpec, measure: Measure
) -> list[dict[str, Any]]:
    """The measure of a linear probe on every stage's features, with its interval."""
    found: dict[str, list[tuple[int, IntArray, Any]]] = {}
    for name, draw, test, scores in probed:
        found.setdefault(name, []).append((draw, test, scores))
    records = []
    for name, some in found.items():
        tested = np.concatenate([test for _, test, _ in some])
        numbers = np.concatenate([np.full(len(test), draw) for draw, test, _ in some])
        scores = np.concatenate([scores for _, _, scores in some]) * measure.scale
        weights = _weights(examples, tested, measure)
        score = pigeonhole(scores, examples.clusters[tested], numbers, spec.seed, weights)
        records.append({"name": name, "score": measure.of(score).as_dict()})
    return records


def searches_of(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """What each strategy that searched for its learning rate spent on that; see :class:`.SearchesRecord`."""
    records = []
    for name in dict.fromkeys(trial.strategy for trial in trials):
        own = [trial for trial in trials if trial.strategy == name and trial.search.get("seconds")]
        # several fits share one search: it is known by what it took
        made = {(one["seconds"], one["stopped"], one["n"]): one for one in (trial.search for trial in own)}
        if made:
            last = own[-1]
            records.append({
                "strategy": name,
                "fits": len(own),
                "searches": len(made),
                "seconds": round(sum(seconds for seconds, _, _ in made), 1),
                "stopped": sum(stopped for _, stopped, _ in made),
                "tried_at": (last.search["sides"] or [0])[0],
                "grown": list(last.sides),
            })  # fmt: skip
    return records


def verdict_of(
    trials: Sequence[Trial],
    examples: Examples,
    draws: Sequence[Draw],
    overlap: float,
    measure: Measure,
    spec: CompareSpec,
) -> tuple[dict[str, Any], list[Point]]:
    """The content of ``verdict.json``, and every strategy's score and time at every budget.

    Args:
        trials: all of them.
        examples: what the trials are about.
        draws: that they were made on.
        overlap: of the training parts of two draws; see :func:`draw_examples`.
        measure: see :func:`choose_measure`.
        spec: says which strategies lead, and the seed.
    """
    found, groups = _outcomes(trials, examples, measure), examples.groups
    points = [point(o, groups, spec.seed) for o in found]
    # the fewer are picked, the fewer do two draws have in common
    most = max(len(d.train) for d in draws)
    shared = {o.budget: overlap * o.n_train / most for o in found}
    comparisons = compare_all(found, spec.arms[-1], groups, shared, spec.seed)
    per = "class" if isinstance(examples.data.task, Classification) else "stratum"
    about = {"measure": measure.id, "measures": {measure.id: measure.as_dict()}, "per": per}
    return {**about, **verdict_record(points, comparisons, measure.higher_is_better, spec)}, points


def verdict_record(
    points: Sequence[Point], comparisons: list[dict[str, Any]], higher_is_better: bool, spec: CompareSpec
) -> dict[str, Any]:
    """The content of ``verdict.json``: the first strategy against the control at the largest budget leads.

    Args:
        points: of all strategies and budgets.
        comparisons: of pairs of them, with their sentences under ``said``.
        higher_is_better: of the measure.
        spec: which strategies lead, and the language.
    """
    control = spec.arms[-1]
    against = [c for c in comparisons if c["control"] == control]
    leading = [c for c in against if c["strategy"] == spec.arms[0]] or against
    lead = leading[-1] if leading else None
    curve = [p for p in points if p.strategy == control]
    needs = []
    for p in points:
        if p.strategy != control and curve:
            labels, sign = labels_needed(curve, p.score.value, higher_is_better), 1 if higher_is_better else -1
            slower = [q for q in curve if sign * q.score.value >= sign * p.score.value]
            needs.append(
                {
                    "strategy": p.strategy,
                    "budget": p.budget,
                    "n_train": p.n_train,
                    "control_needs": labels,
                    "control_seconds": min((q.seconds for q in slower), default=None),
                    "seconds": p.seconds,
                }
            )
    advised = [Said(f"advice.{id}") for id in ADVICE if any(c["outcome"] == "hurt" for c in against)]
    if any(c["reason"] for c in against):
        advised.append(Said("advice.control"))
    said = lead["said"] if lead else [Said("verdict.nothing")]
    language = language_of(spec.language)
    return {
        "outcome": lead["outcome"] if lead else "cannot tell",
        **paragraph(said, language),
        "control": control,
        "comparisons": [_as_record(c, language) for c in comparisons],
        "needs": needs,
        "advice": [translated(one, language) for one in advised],
        "advised": [one.as_dict() for one in advised],
    }


ADVICE = ("lower", "backbone", "l2sp", "scratch")  # where transfer hurt


def _as_record(comparison: dict[str, Any], language: str) -> dict[str, Any]:
    """A comparison of ``verdict.json``, its sentence in a language."""
    told = paragraph(comparison["said"], language)
    return {**comparison, "sentence": told["summary"], "said": told["said"]}


def trial_rows(trials: Sequence[Trial], examples: Examples, measure: Measure) -> tuple[list[str], list[list[object]]]:
    """The columns of ``trials.csv``, and a row for each trial."""
    task = task_of(examples.data)
    metrics = ["accuracy", "log_loss"] if isinstance(task, Classification) else [measure.id]
    columns = ["strategy", "budget", "draw", "n_train", "n_test", "seconds", *metrics, "note"]
    rows: list[list[object]] = []
    for t in trials:
        scores = _scores(t, examples, measure)
        values = [scores.mean() if measure.higher_is_better else -scores.mean()]
        if isinstance(task, Classification):
            true = t.predictions[np.arange(len(t.test)), examples.data.targets[t.test]]
            values += [abs(np.log(np.maximum(true, 1e-12)).mean())]
        budget = "all" if t.budget is None else t.budget
        written = [f"{value:.5f}" for value in values]
        rows.append([t.strategy, budget, t.draw, t.n_train, len(t.test), f"{t.seconds:.3f}", *written, t.note])
    return columns, rows
