"""The spine: the only place that knows the whole order, from a path to a run folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jeoni import processes, record
from jeoni.adapting import AdaptResult, adapt, diagnose
from jeoni.assess import Assessment, Strategy, by_cross_validation, by_test_set, part_of
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.comparison import CompareResult, compare
from jeoni.data.checks import Checked, check_labels, tell, unlabelled
from jeoni.data.fitted_on import FittedOn
from jeoni.data.in_memory import load_in_memory
from jeoni.data.splits import build_folds, check_clusters, repeats_for, split_test
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.compare import paired_difference, sentence
from jeoni.evaluation.evaluate import Evaluation
from jeoni.evaluation.evaluate import evaluate as measure
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Extraction, Request
from jeoni.features.store import FeatureStore
from jeoni.looks import write_explanations, write_insides
from jeoni.model import Model, load_model
from jeoni.prepare import (
    Clock,
    backbone_for,
    begin_run,
    build_strategy,
    check_training,
    columns_of,
    floor_of,
    guarded,
    harmless,
    heard,
    prepare,
    read,
    suited,
    taps_of,
    targeted,
)
from jeoni.report import render
from jeoni.runs import RunFolder, read_json
from jeoni.spec import AdaptSpec, CompareSpec, FitSpec
from jeoni.tasks import load_data, places, reread_targets, strata_of, task_of
from jeoni.tasks.classification import Classification
from jeoni.types import Array, Console, Dataset, Finding, FloatArray, IntArray, Interval, Quiet, Recording
from jeoni.write import write_pictures, write_tables

__all__ = [
    "AdaptResult",
    "CompareResult",
    "FitResult",
    "adapt",
    "compare",
    "diagnose",
    "evaluate",
    "fit",
    "load_data",
    "load_model",
    "resume",
]

SMALL = 200  # examples below which no test set is kept
SMALL_FOR_PROBE = 1000  # the same where fitting takes seconds, so that it can be repeated


@dataclass(frozen=True)
class FitResult:
    """What a run gave.

    Attributes:
        run: the run folder.
        model: ready to predict.
        metrics: the content of ``metrics.json``.
        summary: the verdict in a sentence.
        timings: seconds by step.
        counts: how many examples were read, used, tested on and skipped.
    """

    run: Path
    model: Model
    metrics: dict[str, Any]
    summary: str
    timings: dict[str, float | None]
    counts: dict[str, int]


@dataclass(frozen=True)
class _Split:
    """Training and, where there is one, test examples; ``held`` are those the scores come from."""

    train: Examples
    test: Examples | None

    @property
    def held(self) -> Examples:
        return self.test or self.train


def fit(
    data: str | Path | Dataset,
    spec: FitSpec | None = None,
    *,
    out: str | Path = "",
    overwrite: bool = False,
    console: Console | None = None,
    command: str = "",
    resume: bool = False,
    **changes: Any,
) -> FitResult:
    """Transfer to labelled data, and say honestly how good the result is.

    Args:
        data: a folder per class, a table (CSV, TSV, JSONL, Parquet), a saved dataset, ``hub:owner/name``, or a Dataset.
        spec: all options; see :class:`jeoni.FitSpec`.
        out: the run folder; ``runs/<data>-<time>`` if left out.
        overwrite: replace a run that is there.
        console: who hears of progress.
        command: how the run was called, for the record.
        resume: go on with the interrupted run in ``out``; see :func:`resume`.
        changes: single options of ``spec``, such as ``backbone="efficientnet_lite1"``.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option that cannot be used.
        WeightsError: an unknown backbone.
        StorageError: a disk that is full or may not be written.

    Example:
        ``jeoni.fit("photos/").summary``
    """
    processes.join()
    spec = (spec or FitSpec()).changed(**changes)
    console, clock = heard(console), Clock()
    with clock.step("read"):
        build_strategy(spec)  # an unknown name is said before anything is read
        check_training(spec)
        dataset = targeted(data, spec)
        findings = check_labels(dataset)
        path = Path(out) if out else RunFolder.named_for(dataset.name)
        run = begin_run(path, "fit", spec, {"data": data}, command=command, overwrite=overwrite, resume=resume)
    with guarded(run, "fit", console, clock):
        return _fit(dataset, spec, findings, run, console, clock, command)


def resume(
    run: str | Path, *, verb: str = "", console: Console | None = None
) -> FitResult | CompareResult | AdaptResult:
    """Go on with a run of ``fit``, ``compare`` or ``adapt`` that was interrupted; the result is that of an undisturbed
    one.

    Args:
        run: its folder.
        verb: ``fit``, ``compare`` or ``adapt``, if it must be a run of that.
        console: who hears of progress.

    Raises:
        ConfigError: not a run that can be gone on with, or one of another verb.

    Example:
        ``jeoni.resume("runs/photos-20261123-101500")``
    """
    folder = RunFolder.reopen(Path(run)).path
    said = _asked_for(folder / "spec.json")
    if verb not in ("", said["verb"]):
        raise ConfigError(f"{run} is a run of `jeoni {said['verb']}`; say: jeoni {said['verb']} --resume {run}")
    if None in said["inputs"].values():
        raise ConfigError(f"{run} was made from data in memory; say {said['verb']}(…, out=…, resume=True).")
    again, options = VERBS[said["verb"]]
    given: dict[str, Any] = {"out": folder, "resume": True, "console": console, "command": said["command"]}
    result: FitResult | CompareResult | AdaptResult = again(
        **said["inputs"], spec=options().changed(**said["spec"]), **given
    )
    return result


def _asked_for(path: Path) -> dict[str, Any]:
    """What :func:`jeoni.prepare.begin_run` kept of a run.

    Raises:
        DataError: the file does not hold that.
    """
    said = read_json(path)
    inputs, options = said.get("inputs"), said.get("spec")
    whole = said.get("verb") in VERBS and isinstance(said.get("command"), str)
    if not whole or not isinstance(inputs, dict) or not isinstance(options, dict):
        raise DataError(f"{path} does not say what the run was asked for; it was changed. Begin anew.", path=str(path))
    known = {"fit": {"data"}, "compare": {"data"}, "adapt": {"source", "target", "model"}}[said["verb"]]
    if set(inputs) != known or not all(given is None or isinstance(given, str) for given in inputs.values()):
        raise DataError(f"{path} does not name the inputs {', '.join(sorted(known))}. Begin anew.", path=str(path))
    return said


VERBS: dict[str, tuple[Callable[..., Any], type[FitSpec]]] = {
    "fit": (fit, FitSpec),
    "compare": (compare, CompareSpec),
    "adapt": (adapt, AdaptSpec),
}


def _fit(
    dataset: Dataset,
    spec: FitSpec,
    findings: list[Finding],
    run: RunFolder,
    console: Recording,
    clock: Clock,
    command: str,
) -> FitResult:
    """The order: extract, check, split, fit, evaluate, write."""
    with clock.step("read"):
        backbone = backbone_for(dataset, spec)
        command = command or record.command_line(spec, "fit", dataset)
        spec = suited(spec, backbone)
        strategy = build_strategy(spec)
        control = untrained_twin(backbone, spec.seed) if spec.control else None
    store = FeatureStore(console=console)
    context = Context(store, spec.engine, spec.workers, spec.strict, spec.seed, console, run.checkpoints)
    requests = [Request(backbone, taps_of(strategy, backbone, len(dataset)))]
    requests += [Request(control, floor_of(spec).taps(control, len(dataset)))] if control else []
    ready = prepare(dataset, requests, findings, spec, context, clock)
    dataset, seen, checked, findings = ready.data, ready.seen, ready.checked, ready.findings
    with clock.step("check"):
        split = _split(dataset, seen, checked, spec)
    with clock.step("fit"):
        found = _assess(strategy, backbone, split, context)
        floor = _assess(floor_of(spec), control, split, context) if control else None
        beyond = spec.strategy != "probe" and found.model.chosen != "probe"
        probe = _assess(floor_of(spec), backbone, split, context) if beyond else None
        shared = _sharing(found, strategy, backbone, split, context, spec) if spec.control else []
    with clock.step("evaluate"):
        metrics = {**_metrics(found, floor, probe, split, spec), "sharing": shared}
        metrics["summary"] = " ".join([metrics["summary"], *(f"{s['part']}: {s['sentence']}" for s in shared)])
    counts = {
        "items": len(dataset),
        "train": len(split.train),
        "test": len(split.test) if split.test else 0,
        "skipped": int(len(dataset) - checked.keep.sum()),
    }
    model = _with_facts(found.model, dataset, metrics, FittedOn.of(split.train.digests))
    if not processes.first():
        processes.wait()
        return FitResult(run.final, model, metrics, metrics["summary"], dict(clock.total()), counts)
    with clock.step("write"):
        model.save(run.path / "model")
        fold = ["test"] * len(split.held) if split.test else [str(f) for f in split.train.folds[0]]
        write_tables(run, split.held.data, fold, found.predictions, findings)
        part = "test" if split.test else "train"
        with harmless("Pictures of the examples", console):
            write_pictures(run, split.held, part, found.predictions, backbone, spec.seed)
        with harmless("Pictures of what the network sees", console):
            write_insides(run, split.held, model.backbone, spec.seed)
        with harmless("Pictures of what decided", console):
            write_explanations(run, split.held, found.predictions, probe.model if probe else None, model)
        run.write_json("metrics.json", metrics)
    data = record.data_record(dataset, counts, seen)
    made_of = {
        **record.run_record(command, spec, data, backbone, seen, clock, console.warnings),
        "cut": record.cut_record(backbone, model),
        "head": {"name": spec.head, **_plain_choice(model.choice), "candidates": model.candidates},
        "training": model.training,
        "chosen": model.chosen,
        "contest": model.contest,
        "findings": dict(Counter(f.kind for f in findings)),
    }
    run.write_draft(made_of)
    with clock.step("report"):
        render(run.path)
    timings = {**clock.total(), "images_per_s": made_of["engine"]["images_per_s"]}
    run.finish({**made_of, "timings": timings}, console.warn)
    processes.wait()
    return FitResult(run.final, model, metrics, metrics["summary"], timings, counts)


def evaluate(
    model: Model | str | Path,
    data: Any,
    spec: FitSpec | None = None,
    *,
    console: Console | None = None,
) -> Evaluation:
    """Score a saved model on labelled data it did not see; where it saw some in fitting, the others are scored apart.

    Args:
        model: a model, or its folder.
        data: labelled data of any kind that :func:`fit` takes, or a table in memory; classes by the model's names.
        spec: names of the columns, the engine, the seed.
        console: who hears of progress.

    Raises:
        DataError: a class the model does not know; no labels.
    """
    spec, console = spec or FitSpec(), console or Quiet()
    model = model if isinstance(model, Model) else load_model(model)
    dataset = data if isinstance(data, Dataset) else _read_for(model, data, spec)
    dataset = reread_targets(dataset, model.task)
    said = model.predict(dataset, Context(FeatureStore(console=console), spec.engine, spec.workers, console=console))
    known = model.task.known(dataset.targets)
    tell(unlabelled(dataset.items, said.readable & ~known), console)
    use = said.readable & known
    if not use.any():
        raise DataError("None of the data has a label; `jeoni predict` works without labels, evaluate needs them.")
    scored = known[said.readable]
    targets, values, seen = dataset.targets[use], said.values[scored], said.seen[scored]
    groups = None if dataset.groups is None else dataset.groups[use]

    def score(which: Array) -> Evaluation:
        of_groups = None if groups is None else groups[which]
        return measure(model.task, targets[which], values[which], of_groups, spec.seed)

    unseen = score(~seen) if 0 < seen.sum() < len(seen) else None
    return replace(score(np.ones_like(seen)), seen=int(seen.sum()), unseen=unseen)


def _read_for(model: Model, data: Any, spec: FitSpec) -> Dataset:
    """What such a model takes, of the column that it was fitted on if there is one."""
    modality = model.backbone.input.modality
    if isinstance(data, (str, os.PathLike)):
        return read(str(data), spec, modality=modality, kept=model.column)
    return load_in_memory(data, modality, columns=columns_of(spec, modality, model.column), labelled=True)


def _split(data: Dataset, seen: Extraction, checked: Checked, spec: FitSpec) -> _Split:
    """The user's own test part, or a fifth, or none of few examples; folds for the rest.

    Raises:
        DataError: the test part left a class without a training example.
    """
    usable, strata = np.flatnonzero(checked.keep), strata_of(data)
    own = data.part[usable] == "test"
    if not own.any():
        check_clusters(checked.clusters[usable])
    enough = SMALL_FOR_PROBE if spec.strategy == "probe" else SMALL
    if not own.any() and len(usable) >= enough:
        own = split_test(strata[usable], checked.clusters[usable], spec.test_fraction, spec.seed)
    train, test = usable[~own], usable[own]
    _check_trained(data, train)
    repeats = spec.repeats or (repeats_for(len(train)) if spec.strategy == "probe" else 1)
    folds = build_folds(strata[train], checked.clusters[train], spec.folds, repeats, spec.seed)
    unfolded = np.zeros((1, len(test)), dtype=np.int64)
    return _Split(
        Examples(data.select(train), checked.clusters[train], seen, train, folds),
        Examples(data.select(test), checked.clusters[test], seen, test, unfolded) if len(test) else None,
    )


def _check_trained(data: Dataset, train: IntArray) -> None:
    """
    Raises:
        DataError: the test part left a class without a training example.
    """
    if not isinstance(data.task, Classification):
        return
    present = np.bincount(data.targets[train], minlength=data.task.width)
    missing = [name for name, k in zip(data.task.class_names, present, strict=True) if not k]
    if missing:
        raise DataError(
            f"All examples of a class went to the test part: {', '.join(missing[:5])}. They are near-identical, or of "
            "one group, with those of other classes; give a test part of your own, or more examples."
        )


def _assess(strategy: Strategy, backbone: Backbone, split: _Split, context: Context) -> Assessment:
    if split.test is None:
        return by_cross_validation(strategy, backbone, split.train, context)
    return by_test_set(strategy, backbone, split.train, split.test, context)


NOTHING_SHARED = (
    "each task has a head of its own on the same frozen features; nothing else is shared, so nothing can be gained or "
    "lost by it. To share what is trained: --strategy finetune."
)


def _sharing(
    found: Assessment, strategy: Strategy, backbone: Backbone, split: _Split, context: Context, spec: FitSpec
) -> list[dict[str, Any]]:
    """Of several tasks, whether training them together was better than training each alone, in a sentence each."""
    task = task_of(split.held.data)
    if task.parts and found.model.frozen == backbone.n:
        return [{"part": ", ".join(task.parts), "sentence": NOTHING_SHARED, "difference": None}]
    verdicts, columns = [], places(len(part.columns) for part in task.parts.values())
    for (name, part), place in zip(task.parts.items(), columns, strict=True):
        train, _ = part_of(split.train, name)
        test, known = part_of(split.held, name)
        alone = _assess(strategy, backbone, _Split(train, test if split.test else None), context)
        together = found.predictions[:, known, place]
        gains = paired_difference(part, test.data.targets, together, alone.predictions, test.groups, spec.seed)
        gain, metric = gains[part.headline], part.metrics()[part.headline]
        said = sentence(gain, metric, n=len(test), who="sharing")
        verdicts.append({"part": name, "sentence": said, "difference": gain.as_dict()})
    return verdicts


def _metrics(
    found: Assessment, floor: Assessment | None, probe: Assessment | None, split: _Split, spec: FitSpec
) -> dict[str, Any]:
    """The content of ``metrics.json``."""
    data, seed = split.held.data, spec.seed
    task, targets, n = task_of(data), data.targets, len(data)
    groups = split.held.groups

    def scored(predictions: FloatArray) -> dict[str, Any]:
        return measure(task, targets, predictions, groups, seed).as_dict()

    def against(other: FloatArray) -> dict[str, Interval]:
        return paired_difference(task, targets, found.predictions, other, groups, seed)

    result = scored(found.predictions)
    how = "cv" if split.test is None else "test"
    uninformed = np.tile(task.uninformed(split.train.data.targets), (n, 1))
    headline = task.metrics()[task.headline]
    control: dict[str, Any] = {"majority": scored(uninformed)["metrics"], "untrained": None, "difference": None}
    summary = f"{_plain(result['metrics'][task.headline], headline)} No untrained control was measured."
    if floor is not None:
        control["untrained"] = scored(floor.predictions)["metrics"]
        difference = against(floor.predictions)
        control["difference"] = {k: v.as_dict() for k, v in difference.items()}
        summary = sentence(difference[task.headline], headline, n=n)
    if probe is not None:
        control["probe"] = scored(probe.predictions)["metrics"]
        beyond = against(probe.predictions)
        control["beyond_probe"] = {k: v.as_dict() for k, v in beyond.items()}
        summary = f"{summary} {sentence(beyond[task.headline], headline, n=n, who='training')}"
    if found.model.chosen:
        *some, last = found.model.contest
        summary = f"{summary} Of {', '.join(some)} and {last}, {found.model.chosen} was chosen."
    scores = result.pop("metrics")
    return {
        "task": task.id,
        "width": task.width,
        "headline": task.headline,
        "estimate": how,
        how: scores,
        "control": control,
        "summary": summary,
        **result,
    }


def _plain_choice(choice: dict[str, Any]) -> dict[str, Any]:
    """What the folds decided about one head; several tasks or labels have a choice each, which stands in the model."""
    return {name: value for name, value in choice.items() if not isinstance(value, (dict, list))}


def _plain(score: dict[str, float], metric: Metric) -> str:
    """``Accuracy 83.6 % (80.1 to 86.9).``"""
    factor, unit = (100, " %") if metric.unit == "%" else (1, f" {metric.unit}" if metric.unit else "")
    value, low, high = (f"{factor * score[k]:{'.1f' if factor == 100 else '.3g'}}" for k in ("value", "low", "high"))
    return f"{metric.title} {value}{unit} ({low} to {high})."


def _with_facts(model: Model, data: Dataset, metrics: dict[str, Any], fitted_on: FittedOn) -> Model:
    how = {
        "test": f"On {metrics['n']} held-out examples.",
        "cv": f"Repeated cross-validation on {metrics['n']} examples; of so few no separate test set was kept.",
    }[metrics["estimate"]]
    facts = {"data": data.name, "summary": metrics["summary"], "how": how, "scores": metrics[metrics["estimate"]]}
    return replace(model, facts=facts, column=data.column, fitted_on=fitted_on)
