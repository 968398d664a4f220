"""Did transfer help? Strategies on the same draws of the same examples at several numbers of labels; a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jeoni import processes, record
from jeoni.assess import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.checks import check_labels
from jeoni.data.splits import build_folds
from jeoni.errors import DataError
from jeoni.evaluation.curves import Outcomes, Point, compare_all, labels_needed, point
from jeoni.evaluation.verdict import MEASURES, class_weights, pigeonhole, unequal
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.prepare import (
    Clock,
    backbone_for,
    begin_run,
    build_strategy,
    guarded,
    heard,
    prepare,
    taps_of,
    targeted,
)
from jeoni.report import render
from jeoni.runs import RunFolder
from jeoni.spec import CompareSpec
from jeoni.tasks import strata_of
from jeoni.tasks.classification import class_names_of
from jeoni.trials import Draw, Trial, draws_by_fold, draws_for_test, run_stages, run_trials
from jeoni.types import Console, Dataset, FloatArray, IntArray

__all__ = ["CompareResult", "compare"]


@dataclass(frozen=True)
class CompareResult:
    """What a comparison gave.

    Attributes:
        run: the run folder.
        verdict: the content of ``verdict.json``.
        points: accuracy and time of every strategy at every budget.
        summary: the verdict in a sentence or two.
    """

    run: Path
    verdict: dict[str, Any]
    points: list[Point]
    summary: str


def compare(
    data: str | Path | Dataset,
    spec: CompareSpec | None = None,
    *,
    out: str | Path = "",
    overwrite: bool = False,
    console: Console | None = None,
    command: str = "",
    resume: bool = False,
    **changes: Any,
) -> CompareResult:
    """Hold strategies against each other on the same draws, and say whether transfer helped, hurt, or cannot be told.

    Without an own test set every draw trains on all folds but one and is tested on that one, so that every example is
    a test example once. The last strategy named is the control.

    Args:
        data: as for :func:`jeoni.fit`.
        spec: all options; see :class:`jeoni.CompareSpec`.
        out: the run folder; ``runs/<data>-compare-<time>`` if left out.
        overwrite: replace a run that is there.
        console: who hears of progress.
        command: how the run was called, for the record.
        resume: go on with the interrupted comparison in ``out``.
        changes: single options of ``spec``, such as ``budgets="5,20,all"``.

    Raises:
        DataError: data that cannot be used.
        ConfigError: an option that cannot be used.

    Example:
        ``jeoni.compare("photos/", strategies="probe,scratch", budgets="5,20").summary``
    """
    processes.join()
    spec, console, clock = (spec or CompareSpec()).changed(**changes), heard(console), Clock()
    with clock.step("read"):
        strategies = {name: build_strategy(spec.changed(strategy=name, set="")) for name in spec.arms}
        dataset = targeted(data, spec)
        findings = check_labels(dataset)
        class_names_of(dataset, "jeoni compare")
        backbone = backbone_for(dataset, spec)
        path = Path(out) if out else RunFolder.named_for(f"{dataset.name}-compare")
        run = begin_run(path, "compare", spec, {"data": data}, command=command, overwrite=overwrite, resume=resume)
    with guarded(run, "compare", console, clock):
        store = FeatureStore(console=console)
        context = Context(store, spec.engine, spec.workers, spec.strict, spec.seed, console, run.checkpoints)
        taps = _taps(strategies, backbone, dataset, spec)
        ready = prepare(dataset, [Request(backbone, taps)], findings, spec, context, clock)
        dataset = ready.data
        examples, draws, overlap = _draws(dataset, ready.seen, ready.checked.keep, ready.checked.clusters, spec)
        budgets = _useful(spec.sizes, examples, draws)
        with clock.step("fit"):
            trials = list(
                run_trials(
                    strategies, backbone, examples, draws, budgets, context, folds=spec.folds, halving=spec.halving
                )
            )
        with clock.step("stages"):
            probed = list(run_stages(backbone, examples, draws, context, spec.folds)) if spec.stages else []
        with clock.step("evaluate"):
            measure = _measure(spec, examples.data.targets, budgets)
            found = _outcomes(trials, examples, measure)
            groups = examples.groups
            points = [point(o, groups, spec.seed) for o in found]
            # the fewer are picked, the fewer do two draws have in common
            most = max(len(d.train) for d in draws)
            shared = {o.budget: overlap * o.n_train / most for o in found}
            comparisons = compare_all(found, spec.arms[-1], groups, shared, spec.seed)
            verdict = {"measure": measure, **_verdict(points, comparisons, spec)}
            stages = _stages(probed, examples, spec, measure)
        result = CompareResult(run.final, verdict, points, verdict["summary"])
        if not processes.first():
            processes.wait()
            return result
        _write(run, trials, examples, verdict, points, stages)
        counts = {"items": len(dataset), "used": len(examples), "draws": len(draws)}
        of = record.data_record(dataset, counts, ready.seen)
        command = command or record.command_line(spec, "compare", dataset)
        made_of = record.run_record(command, spec, of, backbone, ready.seen, clock, console.warnings)
        made_of = {"kind": "comparison", **made_of}
        run.write_draft(made_of)
        render(run.path)
        run.finish(made_of, console.warn)
    processes.wait()
    return result


def _taps(strategies: dict[str, Strategy], backbone: Backbone, data: Dataset, spec: CompareSpec) -> tuple[Tap, ...]:
    """What all strategies want at all budgets, and every stage's pooled output."""
    strata = strata_of(data)
    classes = len(np.unique(strata[strata >= 0]))
    sizes = [len(data) if b is None else min(len(data), b * classes) for b in spec.sizes]
    # draws leave a fold out, so that the largest training set is smaller than the data
    sizes += [round(len(data) * (1 - 1 / spec.folds))] if None in spec.sizes else []
    wanted = [t for s in strategies.values() for n in sizes for t in taps_of(s, backbone, n)]
    probed = [Tap(k, True) for k in range(1, backbone.n + 1)] if spec.stages else []
    return tuple(dict.fromkeys([*wanted, *probed]))


def _draws(
    data: Dataset, seen: Any, keep: Any, clusters: IntArray, spec: CompareSpec
) -> tuple[Examples, list[Draw], float]:
    """The examples that can be used, the draws, and how much their training parts overlap."""
    usable = np.flatnonzero(keep)
    chosen = data.select(usable)
    own = chosen.part == "test"
    count = 1 if own.all() or own.any() else spec.folds
    folds = np.zeros((1, len(usable)), dtype=np.int64)
    examples = Examples(chosen, clusters[usable], seen, usable, folds)
    if own.any():
        return examples, draws_for_test(np.flatnonzero(~own), np.flatnonzero(own), spec.repeats), 0.0
    names, strata = class_names_of(data, "jeoni compare"), strata_of(chosen)
    counts = np.bincount(strata, minlength=len(names))
    if counts.min() < 4:
        fewest = names[int(counts.argmin())]
        raise DataError(
            f"After the checks the class {fewest!r} has {counts.min()} usable examples, and 4 are needed: a comparison "
            "learns from some and tests on some in every draw."
        )
    fold = build_folds(strata, examples.clusters, spec.folds, 1, spec.seed)
    count = len(np.unique(fold))
    return (
        examples,
        draws_by_fold(strata, examples.clusters, spec.repeats, spec.folds, spec.seed),
        1 / (count - 1),
    )


def _useful(sizes: Sequence[int | None], examples: Examples, draws: Sequence[Draw]) -> list[int | None]:
    """Budgets that leave something out; the largest is all there are, if all were asked for or none is left.

    A budget above the size of every class is all there are.
    """
    most = max(int(np.bincount(examples.data.targets[d.train]).max()) for d in draws)
    kept: list[int | None] = [b for b in sizes if b is not None and b < most]
    return [*kept, None] if None in sizes or len(kept) < len(sizes) else kept


def _measure(spec: CompareSpec, labels: IntArray, budgets: Sequence[int | None]) -> str:
    """Balanced accuracy where draws with as many of every class are tested on classes that are not equally large."""
    if spec.measure != "auto":
        return spec.measure
    return MEASURES[unequal(labels) and any(b is not None for b in budgets)]


def _weights(labels: IntArray, measure: str) -> FloatArray | None:
    return None if measure == MEASURES[0] else class_weights(labels)


def _outcomes(trials: Sequence[Trial], examples: Examples, measure: str) -> list[Outcomes]:
    labels = examples.data.targets
    grouped: dict[tuple[str, int | None], list[Trial]] = {}
    for trial in trials:
        grouped.setdefault((trial.strategy, trial.budget), []).append(trial)
    return [
        Outcomes(
            strategy=strategy,
            budget=budget,
            items=np.concatenate([t.test for t in some]),
            draws=np.concatenate([np.full(len(t.test), t.draw) for t in some]),
            right=np.concatenate([t.predictions.argmax(1) == labels[t.test] for t in some]),
            loss=np.concatenate([-np.log(np.maximum(_true(t, labels), 1e-12)) for t in some]),
            n_train=float(np.mean([t.n_train for t in some])),
            seconds=float(np.median([t.seconds for t in some])),
            notes=tuple(t.note for t in some),
            learned_nothing=tuple(t.learned_nothing for t in some),
            weights=_weights(labels[np.concatenate([t.test for t in some])], measure),
        )
        for (strategy, budget), some in grouped.items()
    ]


def _true(trial: Trial, labels: IntArray) -> Any:
    return trial.predictions[np.arange(len(trial.test)), labels[trial.test]]


def _stages(
    probed: Sequence[tuple[str, int, IntArray, Any]], examples: Examples, spec: CompareSpec, measure: str
) -> list[dict[str, Any]]:
    """Accuracy of a linear probe on every stage's features, with its interval."""
    found: dict[str, list[tuple[int, IntArray, Any]]] = {}
    for name, draw, test, right in probed:
        found.setdefault(name, []).append((draw, test, right))
    records = []
    for name, some in found.items():
        tested = np.concatenate([test for _, test, _ in some])
        numbers = np.concatenate([np.full(len(test), draw) for draw, test, _ in some])
        right = np.concatenate([right for _, _, right in some])
        weights = _weights(examples.data.targets[tested], measure)
        accuracy = pigeonhole(right, examples.clusters[tested], numbers, spec.seed, weights)
        records.append({"name": name, "accuracy": accuracy.as_dict()})
    return records


def _verdict(points: Sequence[Point], comparisons: list[dict[str, Any]], spec: CompareSpec) -> dict[str, Any]:
    """The content of ``verdict.json``: the first strategy against the control at the largest budget leads."""
    control = spec.arms[-1]
    against = [c for c in comparisons if c["control"] == control]
    leading = [c for c in against if c["strategy"] == spec.arms[0]] or against
    lead = leading[-1] if leading else None
    curve = [p for p in points if p.strategy == control]
    needs = []
    for p in points:
        if p.strategy != control and curve:
            labels = labels_needed(curve, p.accuracy.value)
            slower = [q for q in curve if q.accuracy.value >= p.accuracy.value]
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
    advice = ADVICE if any(c["outcome"] == "hurt" for c in against) else []
    if any(c["reason"] for c in against):
        advice = [*advice, OTHER_CONTROL]
    return {
        "outcome": lead["outcome"] if lead else "cannot tell",
        "summary": lead["sentence"] if lead else "There was nothing to compare with the control.",
        "control": control,
        "comparisons": comparisons,
        "needs": needs,
        "advice": advice,
    }


ADVICE = [
    "Cut lower: `--strategy layer_reuse --reuse N` keeps only the stages that still help (see the plot of stages).",
    "Take another backbone, nearer to your data: `jeoni list backbones`.",
    "Hold the weights near the pretrained ones while training: `--strategy l2sp`.",
    "Do without transfer: `--strategy scratch`.",
]


OTHER_CONTROL = "Give the control a chance to learn: another `--learning-rate`, more `--steps`, or more labels."


def _write(
    run: RunFolder,
    trials: Sequence[Trial],
    examples: Examples,
    verdict: dict[str, Any],
    points: Sequence[Point],
    stages: list[dict[str, Any]],
) -> None:
    labels = examples.data.targets
    run.write_csv(
        "trials.csv",
        ["strategy", "budget", "draw", "n_train", "n_test", "seconds", "accuracy", "log_loss", "note"],
        (
            [
                t.strategy,
                "all" if t.budget is None else t.budget,
                t.draw,
                t.n_train,
                len(t.test),
                f"{t.seconds:.3f}",
                f"{(t.predictions.argmax(1) == labels[t.test]).mean():.5f}",
                f"{abs(np.log(np.maximum(_true(t, labels), 1e-12)).mean()):.5f}",
                t.note,
            ]
            for t in trials
        ),
    )
    run.write_json("verdict.json", verdict)
    run.write_json("comparison.json", {"points": [p.as_dict() for p in points], "stages": stages})
