"""Labels in one domain, the work in another: adapt, and say whether it helped, with target labels for scoring only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jeoni import processes, record
from jeoni.adaptation.adapt_backbone import taps_of_method
from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.alignment import Alignment
from jeoni.adaptation.diagnosis import Diagnosis
from jeoni.adaptation.diagnosis import diagnose as diagnose_rows
from jeoni.adaptation.methods import build_method
from jeoni.adapting.domains import domains_of, joined
from jeoni.adapting.outcome import adapted_metrics, write_map, write_tables
from jeoni.adapting.ways import SOURCE_ONLY, check_options, check_source, chosen, head_of, source_only
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.fitted_on import FittedOn
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.model import Model, load_model
from jeoni.prepare import Clock, backbone_for, begin_run, guarded, harmless, heard, prepare
from jeoni.report import render
from jeoni.runs import RunFolder
from jeoni.spec import AdaptSpec
from jeoni.tasks.classification import class_names_of
from jeoni.types import Console, Dataset, Finding, Recording

__all__ = ["AdaptResult", "adapt", "diagnose"]


@dataclass(frozen=True)
class AdaptResult:
    """What an adaptation gave.

    Attributes:
        run: the run folder.
        model: ready to predict in the target domain.
        metrics: the content of ``metrics.json``.
        summary: what came of it, in a sentence or two.
        method: that was used; ``source_only`` where nothing was to be gained.
    """

    run: Path
    model: Model
    metrics: dict[str, Any]
    summary: str
    method: str


def adapt(
    source: str | Path | Dataset = "",
    target: str | Path | Dataset = "",
    spec: AdaptSpec | None = None,
    *,
    model: Model | str | Path = "",
    out: str | Path = "",
    overwrite: bool = False,
    console: Console | None = None,
    command: str = "",
    resume: bool = False,
    **changes: Any,
) -> AdaptResult:
    """Transfer to a domain without labels: learn from the source's labels and the target's examples.

    Args:
        source: labelled data, as for :func:`jeoni.fit`.
        target: data of the same kind; their labels, if there are any, are used for scoring only.
        spec: all options; see :class:`jeoni.AdaptSpec`.
        model: a model of the source, in the place of the source itself (source-free).
        out: the run folder; ``runs/<target>-adapt-<time>`` if left out.
        overwrite: replace a run that is there.
        console: who hears of progress.
        command: how the run was called, for the record.
        resume: go on with the interrupted run in ``out``; see :func:`jeoni.resume`.
        changes: single options of ``spec``, such as ``method="coral"``.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option that cannot be used.

    Example:
        ``jeoni.adapt("mono/", "poly/", method="coral").summary``
    """
    processes.join()
    spec = (spec or AdaptSpec()).changed(**changes)
    console, clock = heard(console), Clock()
    if bool(source) == bool(model) or not target:
        raise ConfigError("Say the target, and either the source or a model of it.")
    with clock.step("read"):
        start = None if not model else model if isinstance(model, Model) else load_model(model)
        method = _method(spec, start)  # what cannot be meant is said before anything is read, or replaced
        dataset, findings = joined(source, target, spec, start)
        path = Path(out) if out else RunFolder.named_for(f"{dataset.name}-adapt")
        inputs = {"source": source, "target": target, "model": model}
        run = begin_run(path, "adapt", spec, inputs, command=command, overwrite=overwrite, resume=resume)
        command = command or _command(spec, source, target, model)
    with guarded(run, "adapt", console, clock):
        return _adapt(dataset, spec, start, method, findings, run, console, clock, command)


def diagnose(
    source: str | Path | Dataset,
    target: str | Path | Dataset,
    spec: AdaptSpec | None = None,
    *,
    console: Console | None = None,
    **changes: Any,
) -> Diagnosis:
    """What kind of shift lies between two domains, and how large it is; nothing is trained and nothing written.

    Args:
        source: labelled data, as for :func:`adapt`.
        target: data of the same kind; labels, if there are any, only tell whether the classes themselves changed.
        spec: options of reading and of the backbone.
        console: who hears of progress.
        changes: single options of ``spec``.

    Raises:
        DataError: data that cannot be used, or too few of them.

    Example:
        ``print(*jeoni.diagnose("mono/", "poly/").sentences, sep="\\n")``
    """
    spec = (spec or AdaptSpec()).changed(**changes)
    console = heard(console)
    dataset, findings = joined(source, target, spec, None)
    backbone = backbone_for(dataset, spec)
    context = Context(FeatureStore(console=console), spec.engine, spec.workers, spec.strict, spec.seed, console)
    whole, there = Tap(backbone.n, True), dataset.part == "test"
    ready = prepare(dataset, [Request(backbone, (whole,))], findings, spec, context, Clock(), may_lack=there)
    here, goal = domains_of(dataset, ready.seen, ready.checked, spec)
    assert here is not None
    names = np.array([*class_names_of(here.data), ""])
    try:
        return diagnose_rows(
            here.features(backbone, whole).numpy(),
            names[here.data.targets],
            goal.features(backbone, whole).numpy(),
            yt=names[goal.data.targets],
            seed=spec.seed,
        )
    except ValueError as error:
        raise DataError(str(error)) from error


def _command(spec: AdaptSpec, source: str | Path | Dataset, target: str | Path | Dataset, model: Any) -> str:
    """What would be typed."""
    inputs = {"--source": source, "--target": target, "--model": "MODEL" if isinstance(model, Model) else model}
    said = [(k, v if isinstance(v, Dataset) else str(v)) for k, v in inputs.items() if v]
    return record.command_line(spec, "adapt", *(word for pair in said for word in pair))


def _adapt(
    dataset: Dataset,
    spec: AdaptSpec,
    start: Model | None,
    method: Adapter | Alignment | None,
    findings: list[Finding],
    run: RunFolder,
    console: Recording,
    clock: Clock,
    command: str,
) -> AdaptResult:
    """The order: extract, check, adapt, evaluate, write."""
    with clock.step("read"):
        backbone = start.backbone if start else backbone_for(dataset, spec)
    store = FeatureStore(console=console)
    context = Context(store, spec.engine, spec.workers, spec.strict, spec.seed, console, run.checkpoints)
    there = dataset.part == "test"
    taps = _taps(method, backbone, int((~there).sum()), len(dataset), spec)
    ready = prepare(dataset, [Request(backbone, taps)], findings, spec, context, clock, may_lack=there)
    source, target = domains_of(dataset, ready.seen, ready.checked, spec)
    with clock.step("adapt"):
        alone = source_only(backbone, source, target, start, spec)
        found = chosen(spec.method, method, alone, backbone, source, target, start, context, spec)
        learned = _learned_from(source, target, start, found.record.get("method") != SOURCE_ONLY)
        column = dataset.column or found.model.column
        found = replace(found, model=replace(found.model, column=column, fitted_on=learned))
    with clock.step("evaluate"):
        metrics = adapted_metrics(found, alone, target, spec)
    if not processes.first():
        processes.wait()
        return AdaptResult(run.final, found.model, metrics, metrics["summary"], metrics["method"])
    counts = {
        "items": len(dataset),
        "train": len(source) if source else 0,
        "test": len(target),
        "skipped": int(len(dataset) - ready.checked.keep.sum()),
    }
    with clock.step("write"):
        found.model.save(run.path / "model")
        write_tables(run, target, found, alone, ready.findings)
        run.write_json("metrics.json", metrics)
        with harmless("The map of both domains", console):
            write_map(run, backbone, source, target, found, spec)
    data = record.data_record(dataset, counts, ready.seen)
    made_of = {
        "kind": "adaptation",
        **record.run_record(command, spec, data, backbone, ready.seen, clock, console.warnings),
        "cut": record.cut_record(backbone, found.model),
        "head": {"name": found.model.head_id, **found.model.choice},
        "training": found.model.training,
        "findings": dict(Counter(f.kind for f in ready.findings)),
    }
    run.write_draft(made_of)
    with clock.step("report"):
        render(run.path)
    run.finish(made_of, console.warn)
    processes.wait()
    return AdaptResult(run.final, found.model, metrics, metrics["summary"], metrics["method"])


def _learned_from(source: Examples | None, target: Examples, start: Model | None, adapted: bool) -> FittedOn:
    """The source, or what the model in its place was fitted on; and the target, though without its labels."""
    found = start.fitted_on if start is not None else FittedOn()
    parts = [part for part in (source, target if adapted else None) if part is not None]
    return found.with_those(FittedOn.of(digest for part in parts for digest in part.digests))


def _method(spec: AdaptSpec, start: Model | None) -> Adapter | Alignment | None:
    """The method that was asked for; without the source ``auto`` tries SHOT. None: nothing, or what ``auto`` finds.

    Raises:
        ConfigError: a name, a setting, an option, a head or a start that the method cannot be used with.
    """
    head_of(spec)
    name = "shot" if start is not None and spec.method == "auto" else spec.method
    method = None if name in ("auto", SOURCE_ONLY) else build_method(name, spec.settings)
    if method is not None:
        check_source(name, method, start)
    check_options(name, method, spec, start)
    return method


def _taps(
    method: Adapter | Alignment | None, backbone: Backbone, source: int, both: int, spec: AdaptSpec
) -> tuple[Tap, ...]:
    whole = Tap(backbone.n, True)
    if isinstance(method, Alignment):
        return tuple(dict.fromkeys((*taps_of_method(method, backbone, source, both, spec.recipe), whole)))
    return (whole,)
