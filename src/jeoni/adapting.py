"""Labels in one domain, the work in another: adapt, and say whether it helped, with target labels for scoring only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jeoni import pictures, processes, record
from jeoni.adaptation.auto import AutoAdaptedClassifier
from jeoni.adaptation.classifier import AdaptedClassifier
from jeoni.adaptation.deep._alignment import Alignment
from jeoni.adaptation.deep._backbone import adapt_backbone, taps_of_method
from jeoni.adaptation.diagnosis import Diagnosis
from jeoni.adaptation.diagnosis import diagnose as diagnose_rows
from jeoni.adaptation.methods import build_method, model_of
from jeoni.adaptation.shallow._adapter import Adapter
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.data.checks import Checked, check_labels, without_empty_classes
from jeoni.data.items import JoinedItems
from jeoni.data.read import load_items
from jeoni.data.splits import build_folds, repeats_for
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.evaluate import evaluate as measure
from jeoni.evaluation.verdict import compare_pairs, words
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Extraction, Request
from jeoni.features.store import FeatureStore
from jeoni.heads._estimator import HeadClassifier
from jeoni.model import Model, load_model
from jeoni.prepare import Clock, asked, backbone_for, begin_run, guarded, heard, prepare, read
from jeoni.report import render
from jeoni.runs import RunFolder
from jeoni.spec import AdaptSpec
from jeoni.training.loop import logits_of
from jeoni.training.rows import plain_rows
from jeoni.types import Array, Console, Dataset, Finding, FloatArray, IntArray
from jeoni.write import write_issues

__all__ = ["AdaptResult", "adapt", "diagnose"]

SOURCE_ONLY = "source_only"
MAP_POINTS = 400


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


@dataclass(frozen=True)
class _Found:
    """One way to predict the target.

    Attributes:
        model: whose.
        probs: ``(nt, K)`` of the target.
        rows: ``(ns, k)`` and ``(nt, k)`` where both domains lie for it; None where they lie as before.
        record: what is to be told of it.
    """

    model: Model
    probs: FloatArray
    rows: tuple[Array, Array] | None
    record: dict[str, Any]


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
        dataset, findings = _joined(source, target, spec, start)
        path = Path(out) if out else RunFolder.named_for(f"{dataset.name}-adapt")
        run = begin_run(
            path, asked("adapt", spec, command, source=source, target=target, model=model), overwrite, resume
        )
        command = command or _command(spec, source, target, model)
    with guarded(run, "adapt", console):
        return _adapt(dataset, spec, start, findings, run, console, clock, command)


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
    dataset, findings = _joined(source, target, spec, None)
    backbone = backbone_for(dataset, spec)
    context = Context(FeatureStore(console=console), spec.engine, spec.workers, spec.strict, spec.seed, console)
    whole, there = Tap(backbone.n, True), dataset.part == "test"
    ready = prepare(dataset, [Request(backbone, (whole,))], findings, spec, context, Clock(), may_lack=there)
    here, goal = _domains(dataset, ready.seen, ready.checked, spec)
    assert here is not None
    names = np.array([*here.data.class_names, ""])
    try:
        return diagnose_rows(
            here.features(backbone, whole).numpy(),
            names[here.data.labels],
            goal.features(backbone, whole).numpy(),
            yt=names[goal.data.labels],
            seed=spec.seed,
        )
    except ValueError as error:
        raise DataError(str(error)) from error


def _joined(
    source: str | Path | Dataset, target: str | Path | Dataset, spec: AdaptSpec, start: Model | None
) -> tuple[Dataset, list[Finding]]:
    """Both domains as one data set, the target as its test part, and what was found in their labels.

    Raises:
        DataError: domains of two kinds; a source without labels.
    """
    if start is not None:
        there = target if isinstance(target, Dataset) else _read_target(target, spec, start.backbone.input.modality)
        return _as_target(there, start.class_names)
    here = source if isinstance(source, Dataset) else read(source, spec)
    findings = check_labels(here)
    here = without_empty_classes(here)
    there = target if isinstance(target, Dataset) else _read_target(target, spec, here.modality)
    if there.modality != here.modality:
        raise DataError(f"The source holds {here.modality}s, the target {there.modality}s; both must be alike.")
    there, more = _as_target(there, here.class_names)
    groups = None
    if here.groups is not None or there.groups is not None:
        first = np.arange(len(here)) if here.groups is None else here.groups
        second = np.arange(len(there)) if there.groups is None else there.groups
        groups = np.concatenate([first, second + first.max(initial=0) + 1])
    return replace(
        there,
        items=JoinedItems(here.items, there.items),
        labels=np.concatenate([here.labels, there.labels]),
        groups=groups,
        part=np.concatenate([np.full(len(here), "train", dtype="<U5"), there.part]),
        findings=(*here.findings, *there.findings),
    ), [*findings, *more]


def _command(spec: AdaptSpec, source: str | Path | Dataset, target: str | Path | Dataset, model: Any) -> str:
    """What would be typed."""
    inputs = {"--source": source, "--target": target, "--model": "MODEL" if isinstance(model, Model) else model}
    said = [(k, v if isinstance(v, Dataset) else str(v)) for k, v in inputs.items() if v]
    return record.command_line(spec, "adapt", *(word for pair in said for word in pair))


def _read_target(target: str | Path, spec: AdaptSpec, modality: str) -> Dataset:
    """With labels where there are any."""
    try:
        return read(target, spec, single_class=True)
    except DataError as labelled:
        try:
            columns = {"image": spec.image_column, "text": spec.text_column, "sound": spec.audio_column}
            return load_items(target, modality, columns.get(modality, ""))
        except DataError:
            raise labelled from None


def _as_target(data: Dataset, names: tuple[str, ...]) -> tuple[Dataset, list[Finding]]:
    """With the source's class numbers; items of other classes are not scored."""
    number = {name: k for k, name in enumerate(names)}
    own = np.array([*(number.get(name, -1) for name in data.class_names), -1], dtype=np.int64)
    labels = own[data.labels]
    strange = [name for name in data.class_names if name not in number]
    findings = [
        Finding("unknown_class", "", f"the source has no class {name!r}", "its items are not scored")
        for name in strange
    ]
    part = np.full(len(data), "test", dtype="<U5")
    return replace(data, labels=labels, class_names=names, part=part), findings


def _adapt(
    dataset: Dataset,
    spec: AdaptSpec,
    start: Model | None,
    findings: list[Finding],
    run: RunFolder,
    console: Console,
    clock: Clock,
    command: str,
) -> AdaptResult:
    """The order: extract, check, adapt, evaluate, write."""
    with clock.step("read"):
        name = _named(spec, start)
        method = None if name in ("auto", SOURCE_ONLY) else build_method(name, spec.settings)
        backbone = start.backbone if start else backbone_for(dataset, spec)
    store = FeatureStore(console=console)
    context = Context(store, spec.engine, spec.workers, spec.strict, spec.seed, console, run.checkpoints)
    there = dataset.part == "test"
    taps = _taps(method, backbone, int((~there).sum()), len(dataset), spec)
    ready = prepare(dataset, [Request(backbone, taps)], findings, spec, context, clock, may_lack=there)
    source, target = _domains(dataset, ready.seen, ready.checked, spec)
    with clock.step("adapt"):
        alone = _source_only(backbone, source, target, start, spec)
        found = _chosen(name, method, alone, backbone, source, target, start, context, spec)
    with clock.step("evaluate"):
        metrics = _metrics(found, alone, target, spec)
    if not processes.first():
        processes.wait()
        return AdaptResult(run.path, found.model, metrics, metrics["summary"], metrics["method"])
    counts = {
        "items": len(dataset),
        "train": len(source) if source else 0,
        "test": len(target),
        "skipped": int(len(dataset) - ready.checked.keep.sum()),
    }
    with clock.step("write"):
        found.model.save(run.path / "model")
        _write_tables(run, target, found, alone, ready.findings)
        run.write_json("metrics.json", metrics)
        _write_map(run, backbone, source, target, found, spec)
    data = record.data_record(dataset, counts, ready.seen)
    made_of = {
        "kind": "adaptation",
        **record.run_record(command, spec, data, backbone, ready.seen, clock.total()),
        "cut": record.cut_record(backbone, found.model),
        "head": {"name": found.model.head_id, **found.model.choice},
        "training": found.model.training,
        "findings": dict(Counter(f.kind for f in ready.findings)),
    }
    run.write_json("run.json", made_of)
    with clock.step("report"):
        render(run.path)
    run.finish()
    run.point_latest()
    processes.wait()
    return AdaptResult(run.path, found.model, metrics, metrics["summary"], metrics["method"])


def _named(spec: AdaptSpec, start: Model | None) -> str:
    """The method that was meant; without the source, ``auto`` is SHOT."""
    return "shot" if start is not None and spec.method == "auto" else spec.method


def _taps(
    method: Adapter | Alignment | None, backbone: Backbone, source: int, both: int, spec: AdaptSpec
) -> tuple[Tap, ...]:
    whole = Tap(backbone.n, True)
    if isinstance(method, Alignment):
        return tuple(dict.fromkeys((*taps_of_method(method, backbone, source, both, spec.recipe), whole)))
    return (whole,)


def _domains(data: Dataset, seen: Extraction, checked: Checked, spec: AdaptSpec) -> tuple[Examples | None, Examples]:
    """Source, with folds, and target.

    Raises:
        DataError: nothing usable in one of them, or a class without a source example.
    """
    usable = np.flatnonzero(checked.keep)
    own = data.part[usable] == "test"
    train, test = usable[~own], usable[own]
    if not len(test):
        raise DataError("No target item could be read. See the issues found.")

    def part(index: IntArray, folds: IntArray) -> Examples:
        return Examples(data.select(index), checked.clusters[index], seen, index, folds)

    target = part(test, np.zeros((1, len(test)), dtype=np.int64))
    if not (data.part == "train").any():
        return None, target
    labels = data.labels[train]
    missing = [n for k, n in enumerate(data.class_names) if not (labels == k).any()]
    if missing:
        raise DataError(
            f"After the checks no usable source example is left of: {', '.join(missing[:5])}. See the issues found."
        )
    repeats = spec.repeats or repeats_for(len(train))
    return part(train, build_folds(labels, checked.clusters[train], spec.folds, repeats, spec.seed)), target


def _source_only(
    backbone: Backbone, source: Examples | None, target: Examples, start: Model | None, spec: AdaptSpec
) -> _Found:
    """What the source alone gives: a tuned, calibrated head on frozen features, or the model that was handed over."""
    whole = Tap(backbone.n, True)
    if source is None:
        assert start is not None
        return _Found(start, start.predict_features(target.features(backbone, whole)), None, {})
    head = _head(spec).fit(source.features(backbone, whole).numpy(), source.data.labels)
    model = model_of(backbone, head, None, source.data.class_names)
    return _Found(model, model.predict_features(target.features(backbone, whole)), None, {})


def _head(spec: AdaptSpec) -> HeadClassifier:
    if spec.head != "linear":
        raise ConfigError(f"head is {spec.head!r}; jeoni adapt takes the head linear only.")
    return HeadClassifier(class_weights=spec.class_weights, folds=spec.folds, random_state=spec.seed)


def _chosen(
    name: str,
    method: Adapter | Alignment | None,
    alone: _Found,
    backbone: Backbone,
    source: Examples | None,
    target: Examples,
    start: Model | None,
    context: Context,
    spec: AdaptSpec,
) -> _Found:
    """What the method gives.

    Raises:
        ConfigError: a method that needs the source, without one.
    """
    if name == SOURCE_ONLY:
        return replace(alone, record={"method": name})
    if isinstance(method, Alignment):
        if source is None and (method.uses_source or method.trained_before):
            raise ConfigError(
                f"{name} needs the source's examples. Without them: --method shot, or adabn and tent for networks with "
                "batch normalisation."
            )
        model = adapt_backbone(
            method, backbone, source, target, context, spec.recipe, class_weights=spec.class_weights, start=start
        )
        rows = _rows_after(model, backbone, source, target, context)
        return _Found(model, model.predict_features(rows[1]), rows if source else None, {"method": name})
    if source is None:
        raise ConfigError(f"{name} needs the source's examples; --method shot needs only a model.")
    whole = Tap(backbone.n, True)
    Xs, Xt = source.features(backbone, whole).numpy(), target.features(backbone, whole).numpy()
    told: dict[str, Any] = {"method": name}
    try:
        if name == "auto":
            found = AutoAdaptedClassifier(_head(spec), random_state=spec.seed).fit(Xs, source.data.labels, Xt)
            assert found.classifier_ is not None
            fitted, told = found.classifier_, _told(found)
        else:
            fitted = AdaptedClassifier(method, _head(spec)).fit(Xs, source.data.labels, Xt)
    except ValueError as error:  # what an adapter cannot use, it says in scikit-learn's manner
        raise ConfigError(f"{name}: {error}") from error
    adapter = fitted.adapter_
    moved = adapter is not None and getattr(adapter, "weights_", None) is None
    return _Found(
        model_of(backbone, fitted.estimator_, adapter, source.data.class_names),
        fitted.predict_proba(Xt),
        (adapter.transform(Xs, source=True), adapter.transform(Xt)) if adapter is not None and moved else None,
        told,
    )


def _told(found: AutoAdaptedClassifier) -> dict[str, Any]:
    """What ``auto`` did, for ``metrics.json``."""
    return {
        "method": found.chosen_,
        "why": found.why_,
        "diagnosis": None if found.diagnosis_ is None else found.diagnosis_.as_dict(),
        "tried": [{"name": t.name, "gains": found.gains_.get(t.name), "note": t.note} for t in found.tried_],
    }


def _rows_after(
    model: Model, backbone: Backbone, source: Examples | None, target: Examples, context: Context
) -> tuple[Array, Array]:
    """Pooled features of both domains behind the adapted network."""
    made = cut(model.backbone, model.frozen)
    network = made.from_rows(backbone.input).eval()
    found = []
    for examples in (source, target):
        if examples is None:
            found.append(np.zeros((0, backbone.dim), dtype=np.float32))
            continue
        rows = plain_rows(examples, backbone, made.tap, context)
        found.append(logits_of(network, rows).astype(np.float32))
    return found[0], found[1]


def _metrics(found: _Found, alone: _Found, target: Examples, spec: AdaptSpec) -> dict[str, Any]:
    """The content of ``metrics.json``: the method and the source model side by side, where labels allow it."""
    names = target.data.class_names
    moved = found.probs.argmax(1) != alone.probs.argmax(1)
    metrics: dict[str, Any] = {
        **found.record,
        "class_names": list(names),
        "n": len(target),
        "moved": int(moved.sum()),
        "labelled": int((target.data.labels >= 0).sum()),
        "target": None,
        "source_only": None,
        "verdict": None,
    }
    how = found.record["method"]
    changed = f"{int(moved.sum()):,} of {len(target):,} target items changed their class."
    known = np.flatnonzero(target.data.labels >= 0)
    if not len(known):
        said = f"The target has no labels, so nothing can be said of accuracy. {changed}"
        lead = (
            f"The source model is used as it is ({found.record.get('why', 'as asked')})." if how == SOURCE_ONLY else ""
        )
        return {**metrics, "summary": f"{lead} {said}".strip() if lead else f"{how} was applied. {said}"}
    labels, clusters = target.data.labels[known], target.clusters[known]
    groups = clusters if len(np.unique(clusters)) < len(known) else None
    both = {
        name: measure(labels, one.probs[known][None], names, groups, spec.seed).as_dict()
        for name, one in (("target", found), ("source_only", alone))
    }
    right = [one.probs[known].argmax(1) == labels for one in (found, alone)]
    accuracy = both["target"]["metrics"]["accuracy"]
    plain = (
        f"Accuracy in the target {100 * accuracy['value']:.1f} % "
        f"({100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f})."
    )
    if how == SOURCE_ONLY:
        why = found.record.get("why", "")
        return {**metrics, **both, "summary": f"The source model is used as it is{f': {why}' if why else ''}. {plain}"}
    verdict = compare_pairs(right[0], right[1], clusters, np.zeros(len(known), dtype=np.int64), seed=spec.seed)
    sentence = words(verdict, how, "the source model", "Adapting")
    return {**metrics, **both, "verdict": verdict.as_dict(), "summary": f"{sentence} {changed}"}


def _write_tables(run: RunFolder, target: Examples, found: _Found, alone: _Found, findings: Sequence[Finding]) -> None:
    """``predictions.csv``, with what the source model had said, and ``issues.csv``."""
    data, names = target.data, target.data.class_names
    before = alone.probs.argmax(1)
    run.write_csv(
        "predictions.csv",
        ["path", "label", "predicted", "confidence", "source_only", *(f"prob:{c}" for c in names)],
        (
            [
                data.items.name(i),
                names[data.labels[i]] if data.labels[i] >= 0 else "",
                names[row.argmax()],
                f"{row.max():.6f}",
                names[before[i]],
                *(f"{p:.6f}" for p in row),
            ]
            for i, row in enumerate(found.probs)
        ),
    )
    write_issues(run, findings)


def _write_map(
    run: RunFolder,
    backbone: Backbone,
    source: Examples | None,
    target: Examples,
    found: _Found,
    spec: AdaptSpec,
) -> None:
    """Both domains in one map, before and after."""
    if source is None:
        return
    whole = Tap(backbone.n, True)
    rng = np.random.default_rng(spec.seed)
    some = [np.sort(rng.permutation(len(e))[:MAP_POINTS]) for e in (source, target)]
    before = [e.features(backbone, whole)[index] for e, index in zip((source, target), some, strict=True)]
    after = before if found.rows is None else [rows[i] for rows, i in zip(found.rows, some, strict=True)]
    names = target.data.class_names
    domains = [
        {
            "domain": domain,
            "path": e.data.items.name(int(i)),
            "label": names[e.data.labels[i]] if e.data.labels[i] >= 0 else "",
            "predicted": "" if domain == "source" else names[found.probs[i].argmax()],
        }
        for domain, e, index in zip(("source", "target"), (source, target), some, strict=True)
        for i in index
    ]
    maps = []
    for rows in (before,) if found.rows is None else (before, after):
        places, method = pictures.place(np.concatenate(rows), spec.seed)
        maps.append({"method": method, "points": [[round(float(x), 4), round(float(y), 4)] for x, y in places]})
    run.write_json("figures/domains.json", {"items": domains, "maps": maps})
