"""What to transfer, how deep, what it costs, and whether it pays: said before anybody trains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone
from jeoni.console import console_for
from jeoni.console.durations import duration
from jeoni.data.annotations import are_annotations
from jeoni.data.checks import check_labels
from jeoni.data.kinds import plural
from jeoni.errors import ConfigError, DataError
from jeoni.explain.suspects import show_suspects, write_suspects
from jeoni.features.extract import Request
from jeoni.locale import Said, language_of
from jeoni.planning.calibration import Calibration
from jeoni.planning.candidates import NamedBackbone
from jeoni.planning.data_look import DataLook, look_at_data
from jeoni.planning.outcome import plan_content
from jeoni.planning.plan import Question, make_plan, stage_taps
from jeoni.planning.pricing import Pricing
from jeoni.planning.similarity import sample_of
from jeoni.planning.source import look_at_source
from jeoni.planning.timings import Timings
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.runs.records import PlanRecord
from jeoni.runs.typed import as_record
from jeoni.specs import PlanSpec
from jeoni.specs.amounts import write_duration
from jeoni.specs.keywords import PlanKeywords
from jeoni.tasks import read_targets
from jeoni.tasks.classification import class_names_of
from jeoni.training.work import Work
from jeoni.types import Console, Dataset
from jeoni.verbs.session.dense_fit import refuse_image_size
from jeoni.verbs.session.dense_plan import plan_dense
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.planned import SMALL, SMALL_FOR_PROBE, others_at_hand, plan_split, sharing_disk
from jeoni.verbs.session.reading import choose_backbone, own_test_set, read
from jeoni.verbs.session.record import data_digest
from jeoni.verbs.session.result import RunResult
from jeoni.verbs.session.session import Prepared, Session

__all__ = ["PlanResult", "plan"]

SAFETY = 1.2  # times what is expected, of the smallest budget that is named


@dataclass(frozen=True, repr=False)
class PlanResult(RunResult):
    """The result of a plan.

    Attributes:
        run: the run folder.
        record: the content of ``plan.json``.
        options: of :func:`jeoni.fit` that were chosen.
        summary: what was chosen, and why, in sentences.
    """

    run: Path
    record: PlanRecord
    options: dict[str, str]
    summary: str


@takes_options(PlanSpec)
def plan(
    data: Any,
    spec: PlanSpec | None = None,
    *,
    source: Any = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    **options: Unpack[PlanKeywords],
) -> PlanResult:
    """Look at the data for a minute, and say what to transfer, how deep, what that costs, and whether it pays.

    The training part of what :func:`jeoni.fit` would split off is looked at; its test set takes no part.

    Args:
        data: as for :func:`jeoni.fit`.
        spec: all options; see :class:`jeoni.PlanSpec`.
        source: labelled data of one's own that might be learned from too, as for ``data``: how far apart they are,
            which classes are shared, and whether learning from both pays.
        out: the run folder; ``runs/<data>-plan-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option that cannot be used, or a budget that is too small for anything.
        WeightsError: an unknown backbone.

    Example:
        ``jeoni.plan("photos/", budget="10m").options``
    """
    test = own_test_set(options)
    spec = (spec or PlanSpec()).changed(**options)
    session = Session("plan", spec, console_for(console, quiet, spec.language), command)
    with session.step("read"):
        session.check(out, overwrite=overwrite)
        found_data = read(data, spec, test=spec.test if test is None else test)
    if are_annotations(found_data.targets):
        if not (source is None or (isinstance(source, str) and not source)):
            raise ConfigError(Said("dense.no_source"))
        given = data if test is None else found_data
        done = plan_dense(session, found_data, given, out=out, overwrite=overwrite)
        return PlanResult(done.run, done.record, dict(done.record.options), done.record.summary)
    refuse_image_size(spec)
    with session.step("read"):
        dataset = read_targets(found_data, spec.task)
        findings = check_labels(dataset)
        upstream = _source(source, dataset, spec)
    folder = out or RunFolder.named_for(f"{dataset.name}-plan")
    inputs = {"data": data if test is None else dataset, "source": source or ""}
    with session.recording(inputs, folder, overwrite=overwrite):
        with session.step("load"):
            backbones = _named_backbones(dataset, spec)
        requests = [Request(one.backbone, stage_taps(one.backbone, stages=not k)) for k, one in enumerate(backbones)]
        context, fitted = session.context, sharing_disk(spec.of_fit, dataset, backbones[0])
        head = "linear" if spec.head == "auto" else spec.head
        timings = Timings.beside(context.store.root)
        calibration = Calibration(dataset, context, backbones[0].backbone.dim, head, by_stages=True, timings=timings)
        if context.deadline is not None:
            with session.step("calibrate"):
                _check_budget(session, calibration, requests, spec)
        ready = session.prepare(dataset, requests, findings)
        with session.step("check"):
            split = plan_split(ready, spec, spec.folds, spec.test_fraction)
        with session.step("plan"):
            tested = len(split.test) if split.test else 0
            pricing = Pricing(calibration, fitted, len(split.train), {True: SMALL_FOR_PROBE, False: SMALL})
            others = others_at_hand(dataset, fitted, backbones[0], context.deadline)
            question = Question(
                split.train, [*backbones, *others], fitted, context,
                pricing=pricing if spec.costs or context.deadline else None, deadline=context.deadline,
                fit_follows=False,
            )  # fmt: skip
            found = make_plan(question)
            looked = None
            if upstream is not None:
                sample = sample_of(split.train, spec.seed)
                looked = look_at_source(upstream, sample, backbones[0].backbone, session.context)
            look = look_at_data(ready, split.train, backbones[0].backbone, context, spec.class_weights)
            if look.suspects is not None:
                ready = replace(ready, findings=[*ready.findings, *look.suspects.findings(ready.data)])
        sha256 = data_digest(ready.data, ready.seen)
        content = plan_content(
            found, question, ready.data, sha256,
            tested=tested, budget_s=spec.budget_s, language=language_of(spec.language), source=looked, look=look,
        )  # fmt: skip
        if session.is_main:
            _write(session, ready, content, look, backbones[0].backbone, spec)
            counts = {"items": len(ready.data), "train": len(split.train), "test": tested, "skipped": ready.skipped}
            known = dict(Counter(f.kind for f in ready.findings))
            session.finish(ready, backbones[0].backbone, counts, [dataset], kind="planning", findings=known)
    record = as_record(PlanRecord, content, exact=False)
    return PlanResult(session.run.final, record, dict(found.chosen.candidate.options), content["summary"])


def _check_budget(session: Session, calibration: Calibration, requests: Sequence[Request], spec: PlanSpec) -> None:
    """Whether there is time for features, the probe and the report at least.

    Raises:
        ConfigError: there is not; the message names the smallest budget that would do.
    """
    heads = calibration.heads_s(Work(heads=spec.folds + 1), len(calibration.data))
    coming = calibration.features_s(requests) + heads + calibration.report_s(spec.pictures)
    passed = session.passed_s
    if spec.budget_s is not None and passed + coming > spec.budget_s:
        needed = write_duration(SAFETY * (passed + coming))
        raise ConfigError(Said("budget.too_small", budget=repr(spec.budget), passed=duration(passed), needed=needed))


def _write(
    session: Session, ready: Prepared, content: dict[str, Any], look: DataLook, backbone: Backbone, spec: PlanSpec
) -> None:
    """The plan, what the checks found, and the labels that are suspect, with pictures of the first."""
    run = session.run
    with session.step("write"):
        run.write_record("plan.json", PlanRecord, content)
        write_issues(run, ready.findings)
        suspects = look.suspects.rows(ready.data) if look.suspects else []
        write_suspects(run, ready.data, suspects)
    if spec.pictures:
        with session.step("pictures"), session.optional("Pictures of suspect labels"):
            show_suspects(run, ready.data, suspects, backbone.input)


def _source(source: Any, target: Dataset, spec: PlanSpec) -> Dataset | None:
    """The upstream data, read as the target was.

    Raises:
        DataError: another modality, or columns that are not there.
        ConfigError: a target that is no classification, so that labels cannot be shared.
    """
    if source is None or (isinstance(source, str) and not source):
        return None
    class_names_of(target, "A comparison with a source")
    found = read_targets(read(source, spec), "classification")
    if found.modality != target.modality:
        raise DataError(
            f"The source holds {plural(found.modality)}, the target {plural(target.modality)}; both must be alike."
        )
    return found


def _named_backbones(data: Dataset, spec: PlanSpec) -> list[NamedBackbone]:
    """Those that were named, or the default one, by the names that ``fit`` knows them by."""
    found = []
    for one in spec.of_backbones:
        name = default_backbone(data) if one.backbone == "auto" else one.backbone
        found.append(NamedBackbone(name, choose_backbone(data, replace(one, backbone=name))))
    return found
