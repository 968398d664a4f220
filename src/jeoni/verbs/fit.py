"""Transfer to labelled data: a model, honest scores, a report and a model folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from jeoni.assessment.control import Control, control_on_all, control_on_sample
from jeoni.assessment.holdout import assess, held_out_predictions
from jeoni.assessment.scores import fit_metrics
from jeoni.assessment.sharing import sharing_verdicts
from jeoni.assessment.split import split_examples
from jeoni.assessment.suspects import DropSuspects, check_droppable, outcome_of, suspects_of
from jeoni.console import console_for
from jeoni.data.annotations import are_annotations
from jeoni.data.checks import check_labels
from jeoni.data.fitted_on import FittedOn
from jeoni.dense.model import DenseModel
from jeoni.explain.examples import write_tables
from jeoni.explain.pairs import write_pairs
from jeoni.explain.suspects import show_suspects, write_suspects
from jeoni.locale import Said, language_of, translated
from jeoni.models.model import Model
from jeoni.planning.more_labels import quick_answer
from jeoni.runs import RunFolder
from jeoni.runs.records import FitMetrics, PlanRecord
from jeoni.specs import FitSpec
from jeoni.specs.keywords import FitKeywords
from jeoni.tasks import read_targets
from jeoni.types import Console, Dataset
from jeoni.verbs.session.dense_fit import DenseFit, fit_dense, is_about_places, refuse_image_size
from jeoni.verbs.session.fit_setup import check_strategy, set_up
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.limits import told_of_training
from jeoni.verbs.session.pictures import make_pictures
from jeoni.verbs.session.planned import (
    check_plan,
    planned_spec,
    read_plan,
)
from jeoni.verbs.session.reading import own_test_set, read
from jeoni.verbs.session.record import cut_record, head_record, training_record
from jeoni.verbs.session.result import Metrics, RunResult
from jeoni.verbs.session.session import Session

__all__ = ["FitResult", "fit"]


@dataclass(frozen=True, repr=False)
class FitResult(RunResult):
    """The result of a fit.

    Attributes:
        run: the run folder.
        model: ready to predict.
        metrics: the content of ``metrics.json``; scores are attributes too: ``metrics.accuracy.low``.
        summary: the verdict in a sentence.
        timings: seconds by step.
        counts: how many examples were read, used, tested on and skipped.
    """

    run: Path
    model: Model | DenseModel
    metrics: Metrics
    summary: str
    timings: dict[str, float | None]
    counts: dict[str, int]


@takes_options(FitSpec)
def fit(
    data: Any,
    spec: FitSpec | None = None,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    resume: bool = False,
    **options: Unpack[FitKeywords],
) -> FitResult:
    """Transfer to labelled data, and say honestly how good the result is.

    Args:
        data: a folder per class, a table (CSV, TSV, JSONL, Parquet), a saved dataset or ``hub:owner/name``; in memory a
            frame of pandas or polars, a dictionary of lists, a ``datasets.Dataset``, ``(X, y)`` with lists of paths,
            texts, PIL pictures or arrays, or a torch ``Dataset`` of ``(example, label)``.
        spec: all options; see :class:`jeoni.FitSpec`.
        out: the run folder; ``runs/<data>-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        resume: continue the interrupted run in ``out``; see :func:`jeoni.resume`.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option that cannot be used.
        WeightsError: an unknown backbone.
        StorageError: a disk that is full or may not be written.

    Example:
        ``jeoni.fit("photos/").summary``
    """
    test = own_test_set(options)
    spec = (spec or FitSpec()).changed(**options)
    session = Session("fit", spec, console_for(console, quiet, spec.language), command)
    language = language_of(spec.language)
    with session.step("read"):
        session.check(out, overwrite=overwrite, resume=resume)
        given = read_plan(spec.plan) if spec.plan else None
        if given is not None:
            check_plan(given, spec)
            session.spec = spec = planned_spec(spec, given.options)
        if not is_about_places(data, spec):
            check_strategy(spec)  # an unknown name is said before data are read
        found_data = read(data, spec, test=spec.test if test is None else test)
    if are_annotations(found_data.targets):
        given_data = data if test is None else found_data
        done = fit_dense(session, found_data, given_data, out=out, overwrite=overwrite, resume=resume, given=given)
        return _of_places(done)
    refuse_image_size(spec)
    with session.step("read"):
        dataset = read_targets(found_data, spec.task)
        findings = check_labels(dataset)
        if spec.drop_suspects:
            check_droppable(dataset.task)
    folder = out or RunFolder.named_for(dataset.name)
    with session.recording({"data": data if test is None else dataset}, folder, overwrite=overwrite, resume=resume):
        context = session.context
        setup = set_up(session, dataset, findings, given, resume=resume)
        spec, backbone, strategy, ready, planned = (
            setup.spec, setup.backbone, setup.strategy, setup.ready, setup.planned
        )  # fmt: skip
        probe, untrained = setup.probe, setup.untrained
        dropping = DropSuspects(strategy, class_weights=spec.class_weights) if spec.drop_suspects else None
        fitted = dropping or strategy
        with session.step("check"):
            split = split_examples(
                ready.data, ready.seen, ready.checked, folds=spec.folds,
                repeats=spec.repeats or (0 if setup.quick else 1),
                test_fraction=spec.test_fraction, least=setup.least, seed=spec.seed,
            )  # fmt: skip
        with session.step("fit"):
            found = assess(fitted, backbone, split, context)
            plain = held_out_predictions(strategy, backbone, split, context) if dropping else None
            session.spent = dict(context.spent.seconds)
        for sentence in told_of_training(found.model.training, spec.budget_s):
            session.console.warn(sentence)
        control: Control | None = None
        with session.step("control"):
            if untrained and setup.sampled:
                control = control_on_sample(
                    probe, backbone, untrained, split.train, context, spec.control_items, spec.folds
                )
            elif untrained:
                control = control_on_all(probe, untrained, found.predictions, split, context)
            trained = spec.strategy != "probe" and found.model.chosen != "probe"
            probed = assess(probe, backbone, split, context) if trained else None
            sharing = sharing_verdicts(found, fitted, backbone, split, context) if spec.control else []
        with session.step("evaluate"):
            left_out = dropping.left_out(backbone, split.train, context) if dropping else None
            judge = probed.model if probed else found.model
            suspects = suspects_of(found, backbone, split, context, spec.class_weights, left_out, judge)
            noise = outcome_of(suspects, found, plain, split, spec.seed) if suspects else None
            more = None
            with session.optional("The learning curve"):
                more = quick_answer(split.train, backbone, spec.seed, context.store)
            reasons = planned.said if planned else ()
            metrics = fit_metrics(
                found, control, probed, sharing, split, spec.seed, language, reasons=reasons, noise=noise, more=more
            )
        if suspects:
            ready = replace(ready, findings=[*ready.findings, *suspects.findings(ready.data)])
        counts = {
            "items": len(ready.data),
            "train": len(split.train),
            "test": len(split.test) if split.test else 0,
            "skipped": ready.skipped,
        }
        unseen = set() if left_out is None else set(left_out.tolist())
        learned_from = FittedOn.of(digest for k, digest in enumerate(split.train.digests) if k not in unseen)
        model = replace(
            found.model, facts=_facts(ready.data, metrics, language), column=ready.data.column, fitted_on=learned_from
        )
        timings: dict[str, float | None] = {**session.clock.total()}
        if session.is_main:
            with session.step("write"):
                run, held, predictions = session.run, split.held, found.predictions
                model.save(run.path / "model")
                write_tables(run, held.data, split.fold, predictions, ready.findings)
                if suspects:
                    write_suspects(run, ready.data, suspects.rows(ready.data))
                run.write_record("metrics.json", FitMetrics, metrics)
                if planned is not None:
                    run.write_record("plan.json", PlanRecord, planned.content)
            if spec.pictures:
                part, before = "test" if split.test else "train", probed.model if probed else None
                with session.step("pictures"):
                    make_pictures(session, held, part, predictions, backbone, before, model)
                    with session.optional("Pictures of items that are alike"):
                        write_pairs(run, ready.data, ready.findings, backbone.input)
                    with session.optional("Pictures of suspect labels"):
                        show_suspects(run, ready.data, suspects.rows(ready.data) if suspects else [], backbone.input)
            timings = session.finish(
                ready,
                backbone,
                counts,
                [dataset],
                cut=cut_record(backbone, model, session.context.store),
                head=head_record(model.head_id, model),
                training=training_record(model),
                chosen=model.chosen,
                contest=model.contest,
                findings=dict(Counter(f.kind for f in ready.findings)),
            ).timings
    scores = Metrics(metrics, metrics[metrics["estimate"]])
    return FitResult(session.run.final, model, scores, metrics["summary"], timings, counts)


def _of_places(done: DenseFit) -> FitResult:
    metrics = Metrics(done.metrics, done.metrics[done.metrics["estimate"]])
    return FitResult(done.run, done.model, metrics, done.metrics["summary"], done.timings, done.counts)


def _facts(data: Dataset, metrics: dict[str, Any], language: str) -> dict[str, Any]:
    """Data and scores for the model's card."""
    how = translated(Said(f"how.{metrics['estimate']}", n=f"{metrics['n']:,}"), language)
    scores = metrics[metrics["estimate"]]
    return {"data": data.name, "summary": metrics["summary"], "how": how, "scores": scores, "language": language}
