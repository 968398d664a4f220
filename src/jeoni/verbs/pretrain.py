"""An upstream model of one's own: pretrain a backbone on unlabelled data, and see whether it paid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from jeoni.assessment.split import Split, split_examples
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import check_backbone, default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.console import console_for
from jeoni.data.checks import check_labels, known_targets, worst_of
from jeoni.data.kinds import plural
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.locale import Said, language_of, paragraph
from jeoni.models.upstream import save_upstream
from jeoni.pretraining.learning.choice import default_method, refuse_modality
from jeoni.pretraining.learning.collapse import Spread, spread_of
from jeoni.pretraining.learning.method import Method, OwnNetwork, Pretrained, Start, build_method
from jeoni.pretraining.learning.pictures import write_samples, write_views
from jeoni.pretraining.learning.verdict import ProbeOutcome, features_of, probe_both, spread_said
from jeoni.runs import RunFolder
from jeoni.runs.records.pretraining import PretrainMetrics
from jeoni.specs import PretrainSpec
from jeoni.specs.keywords import PretrainKeywords
from jeoni.tasks import read_targets
from jeoni.types import Console, Dataset, Finding, Interval
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.limits import set_aside_for_verdict, told_of_training
from jeoni.verbs.session.reading import own_probe, read, read_maybe_labelled
from jeoni.verbs.session.record import cut_record, training_record
from jeoni.verbs.session.result import RunResult
from jeoni.verbs.session.session import Prepared, Session

__all__ = ["PretrainResult", "pretrain"]

NONE = "none"
LEAST = 1000  # labelled examples from which on a part of them is a test set
SAMPLE = 1000  # examples whose features tell whether they collapsed
ALIKE = 1e-6


@dataclass(frozen=True, repr=False)
class PretrainResult(RunResult):
    """The result of a pretraining.

    Attributes:
        run: the run folder; ``run / "model"`` is what ``fit(…, backbone=…)`` takes.
        backbone: the pretrained network.
        metrics: the content of ``metrics.json``.
        summary: whether it paid, in a sentence or two.
        outcome: ``paid``, ``cost``, ``unclear``, or ``unknown`` without labels.
        gain: of the probe's leading measure over that of the starting weights; None without labels.
    """

    run: Path
    backbone: Backbone
    metrics: dict[str, Any]
    summary: str
    outcome: str
    gain: Interval | None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        gain = None if self.gain is None else self.gain.as_dict()
        said = {"outcome": self.outcome, "gain": gain, "probe": self.metrics["probe"], "n": self.metrics["n"]}
        return {"run": str(self.run), "model": str(self.run / "model"), "summary": self.summary, **said}


@takes_options(PretrainSpec)
def pretrain(
    data: Any,
    spec: PretrainSpec | None = None,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    resume: bool = False,
    **options: Unpack[PretrainKeywords],
) -> PretrainResult:
    """Pretrain a backbone on data without labels, and say by a linear probe whether that paid.

    Args:
        data: a folder of images or recordings, a text file with one text a line, a table, features, or any of what
            ``fit`` takes; labels are not needed, and but for the method ``supervised`` teach nothing.
        spec: all options; see :class:`jeoni.PretrainSpec`.
        out: the run folder; ``runs/<data>-pretrain-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        resume: continue the interrupted run in ``out``.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option, or a method for other data.
        WeightsError: an unknown backbone.

    Example:
        jeoni pretrain photos/ --method vicreg --from efficientnet_lite0
    """
    asked = own_probe(options)
    spec = (spec or PretrainSpec()).changed(**options)
    session = Session("pretrain", spec, console_for(console, quiet, spec.language), command)
    with session.step("read"):
        _check(session, out, overwrite=overwrite, resume=resume)
        dataset, findings = _read(data, spec)
        name = default_method(dataset.modality) if spec.method == "auto" else spec.method
        method = build_method(name, spec.settings)
        refuse_modality(name, method, dataset.modality)
        labelled = _read_probe(spec.probe if asked is None else asked, spec, dataset.modality)
    folder = out or RunFolder.named_for(f"{dataset.name}-pretrain")
    with session.recording({"data": data}, folder, overwrite=overwrite, resume=resume):
        context = session.context
        with session.step("load"):
            backbone, untrained = _starting_network(dataset, spec, name, method)
        own = labelled is None and dataset.task is not None and not method.supervised
        taps = method.taps(backbone, len(dataset), spec.recipe)
        taps = tuple(dict.fromkeys((*taps, *((Tap(backbone.n, True),) if own else ()))))
        ready = session.prepare(
            dataset, [Request(backbone, taps)], findings, may_lack=np.ones(len(dataset), dtype=bool)
        )
        examples = _examples(ready, method)
        sample = _sampled(examples, spec.seed)
        with session.step("check"):
            before = _spread_before(sample, backbone, session)
            split = _own_split(ready, spec, session) if own else _split(labelled, backbone, spec, session)
        calibration = session.calibration(dataset, backbone)
        set_aside_for_verdict(session, calibration, ready.seen, len(split.train) if split else 0, spec)
        with session.step("pretrain"):
            found = method.learn(Start(backbone, examples, context, spec.recipe, untrained))
            found = _named(found, backbone, name)
        for sentence in told_of_training(found.training, spec.budget_s):
            session.console.warn(sentence)
        with session.step("evaluate"):
            after = spread_of(features_of(found.backbone, sample, context))
            verdict = probe_both(backbone, found.backbone, split, context) if split else None
            metrics = _metrics(name, found, backbone, len(examples), before, after, verdict, untrained, method, spec)
        if session.is_main:
            run = session.run
            with session.step("write"):
                facts = {"data": dataset.name, "summary": metrics["summary"], "language": language_of(spec.language)}
                save_upstream(found.backbone, run.path / "model", frozen=found.frozen, reuse=found.reuse, facts=facts)
                run.write_record("metrics.json", PretrainMetrics, metrics)
            if spec.pictures:
                with session.step("pictures"), session.optional("Pictures of views and samples"):
                    write_samples(run.path / "figures", found.samples)
                    write_views(run.path / "figures", examples, backbone, found.training)
            trained = {"cut": cut_record(backbone, found), "training": training_record(found)} if found.training else {}
            session.finish(
                ready,
                backbone,
                {"items": len(dataset), "used": len(examples), "skipped": ready.skipped},
                [dataset],
                kind="pretraining",
                findings=dict(Counter(f.kind for f in ready.findings)),
                **trained,
            )
    gain = Interval(**verdict.record["difference"][verdict.record["headline"]]) if verdict else None
    return PretrainResult(session.run.final, found.backbone, metrics, metrics["summary"], metrics["outcome"], gain)


def _check(session: Session, out: str | Path | None, *, overwrite: bool, resume: bool) -> None:
    """What every verb checks first; ``none`` is no backbone by name."""
    spec = session.spec
    assert isinstance(spec, PretrainSpec)
    if spec.backbone == NONE:
        if spec.weights:
            raise ConfigError(f"--from none draws random weights; it takes no weights file ({spec.weights}).")
        session.spec = spec.changed(backbone="auto")
    session.check(out, overwrite=overwrite, resume=resume)
    session.spec = spec
    if spec.method != "auto":
        build_method(spec.method, spec.settings)
    elif spec.settings:
        raise ConfigError("set names settings of a method; name the method too, such as --method vicreg.")


def _read(data: Any, spec: PretrainSpec) -> tuple[Dataset, list[Finding]]:
    """The data, with labels where there are some that a task can be made of."""
    found = read_maybe_labelled(data, spec)
    if found.task is None and any(cell is not None for cell in found.targets.ravel()[:100_000].tolist()):
        try:
            with_labels = read_targets(found, spec.task)
            return with_labels, check_labels(with_labels)
        except DataError:  # one class, or a column of something else: the items are all that is needed
            pass
    if found.task is not None:
        return found, check_labels(found)
    return replace(found, targets=np.full(len(found), -1, dtype=np.int64)), []


def _read_probe(probe: Any, spec: PretrainSpec, modality: str) -> tuple[Dataset, list[Finding]] | None:
    """The labelled data for the verdict, if they were given.

    Raises:
        DataError: of another modality than the data, or without labels.
    """
    if isinstance(probe, str) and not probe:
        return None
    found = read_targets(read(probe, spec), spec.task)
    if found.modality != modality:
        raise DataError(
            f"The data are {plural(modality)}, and those of --probe {plural(found.modality)}; both must be alike."
        )
    return found, check_labels(found)


def _starting_network(dataset: Dataset, spec: PretrainSpec, name: str, method: Method) -> tuple[Backbone, bool]:
    """The weights to start from, and whether they are random.

    Raises:
        ConfigError: a backbone for a method that trains a network of its own.
    """
    if isinstance(method, OwnNetwork):
        if spec.backbone not in ("auto", NONE):
            raise ConfigError(
                f"{name} trains a network of its own, from random weights; it cannot start from {spec.backbone}. Leave "
                "--from out."
            )
        return fitted_to(method.network(spec.seed), dataset, spec.seconds, spec.value_window), True
    named = default_backbone(dataset) if spec.backbone in ("auto", NONE) else spec.backbone
    check_backbone(named, spec.weights)
    backbone = fitted_to(load_backbone(named, spec.weights, spec.crop), dataset, spec.seconds, spec.value_window)
    if spec.backbone == NONE and backbone.learned:
        backbone = replace(untrained_twin(backbone, spec.seed), name=f"untrained {backbone.name}")
    return backbone, backbone.provenance.source == "untrained"


def _examples(ready: Prepared, method: Method) -> Examples:
    """Those to learn from: all that can be read, but for a test part, which teaches nothing.

    Raises:
        DataError: fewer than two.
    """
    keep = ready.checked.keep & (ready.data.part != "test")
    if method.supervised:
        keep = keep & known_targets(ready.data)
    index = np.flatnonzero(keep)
    if len(index) < 2:
        raise DataError(f"{len(index)} of {len(ready.data)} items can be learned from. {worst_of(ready.findings)}")
    folds = np.zeros((1, len(index)), dtype=np.int64)
    return Examples(ready.data.select(index), ready.checked.clusters[index], ready.seen, index, folds)


def _sampled(examples: Examples, seed: int) -> Examples:
    some = np.sort(np.random.default_rng(seed).permutation(len(examples))[:SAMPLE])
    return examples.select(some, examples.folds[:, some])


def _spread_before(sample: Examples, backbone: Backbone, session: Session) -> Spread:
    """How far the starting features are spread.

    Raises:
        DataError: all items look the same.
    """
    features = features_of(backbone, sample, session.context)
    found = spread_of(features)
    if float(features.std(0).max()) < ALIKE:
        raise DataError(
            f"All of {len(features)} items give the same features, as pictures of one colour do: there is nothing to "
            "learn. Check that the right files are read."
        )
    return found


def _own_split(ready: Prepared, spec: PretrainSpec, session: Session) -> Split | None:
    """The labelled ones among the data; None, with a warning, where they are too few to be split."""
    checked = replace(ready.checked, keep=ready.checked.keep & known_targets(ready.data))
    try:
        return _divided(replace(ready, checked=checked), spec)
    except DataError as error:
        session.console.warn(f"The labels of the data cannot say whether the pretraining paid: {error}")
        return None


def _split(
    labelled: tuple[Dataset, list[Finding]] | None, backbone: Backbone, spec: PretrainSpec, session: Session
) -> Split | None:
    """The labelled data that were given."""
    if labelled is None:
        return None
    ready = session.prepare(labelled[0], [Request(backbone, (Tap(backbone.n, True),))], labelled[1])
    return _divided(ready, spec)


def _divided(ready: Prepared, spec: PretrainSpec) -> Split:
    return split_examples(
        ready.data, ready.seen, ready.checked, folds=spec.folds, repeats=spec.repeats or 0, test_fraction=0.2,
        least=LEAST, seed=spec.seed,
    )  # fmt: skip


def _named(found: Pretrained, start: Backbone, method: str) -> Pretrained:
    """With a name and an origin that say how the weights came about."""
    backbone = found.backbone
    origin = replace(start.provenance, source="pretrained", name=f"{start.name}, {method}", sha256=backbone.fingerprint)
    return replace(found, backbone=replace(backbone, name=f"{start.name} + {method}", provenance=origin))


def _metrics(
    name: str,
    found: Pretrained,
    start: Backbone,
    n: int,
    before: Spread,
    after: Spread,
    verdict: ProbeOutcome | None,
    untrained: bool,
    method: Method,
    spec: PretrainSpec,
) -> dict[str, Any]:
    """The content of ``metrics.json``."""
    unknown = "pretraining.unknown_supervised" if method.supervised else "pretraining.unknown"
    said = verdict.said if verdict else [Said(unknown)]
    said = [*said, *spread_said(before, after)]
    return {
        "method": name,
        "start": start.name,
        "outcome": verdict.outcome if verdict else "unknown",
        "n": n,
        **paragraph(said, language_of(spec.language)),
        "untrained": untrained,
        "probe": verdict.record if verdict else None,
        "before": before.as_dict(),
        "after": after.as_dict(),
        "course": {"steps": list(found.course.steps), "terms": {k: list(v) for k, v in found.course.terms.items()}},
        "details": found.details,
        "samples": found.samples is not None,
    }
