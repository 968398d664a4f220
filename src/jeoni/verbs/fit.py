"""Transfer to labelled data: a model, honest scores, a report and a model folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from jeoni.assessment.control import Control, control_on_all, control_on_sample
from jeoni.assessment.holdout import assess, taps_of
from jeoni.assessment.scores import fit_metrics
from jeoni.assessment.sharing import sharing_verdicts
from jeoni.assessment.split import split_examples
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.console import console_for
from jeoni.data.checks import check_labels
from jeoni.data.fitted_on import FittedOn
from jeoni.explain.examples import write_tables
from jeoni.explain.pairs import write_pairs
from jeoni.features.extract import Request
from jeoni.locale import Said, language_of, translated
from jeoni.models.model import Model
from jeoni.planning.runs import estimate_fit
from jeoni.runs import RunFolder
from jeoni.runs.records import FitMetrics
from jeoni.specs import FitSpec
from jeoni.specs.keywords import FitKeywords
from jeoni.strategies import build_strategy, check_training
from jeoni.tasks import read_targets
from jeoni.types import Console, Dataset
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.pictures import make_pictures
from jeoni.verbs.session.reading import choose_backbone, own_test_set, read
from jeoni.verbs.session.record import cut_record, head_record, training_record
from jeoni.verbs.session.result import Metrics, RunResult
from jeoni.verbs.session.session import Session

__all__ = ["FitResult", "fit"]

SMALL = 200  # examples below which no test set is kept
SMALL_FOR_PROBE = 1000  # the same where fitting takes seconds, so that it can be repeated


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
    model: Model
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
        strategy = build_strategy(spec.strategy, spec, spec.settings)  # an unknown name is said before data are read
        check_training(spec.strategy, spec.recipe)
        dataset = read_targets(read(data, spec, test=spec.test if test is None else test), spec.task)
        findings = check_labels(dataset)
    folder = out or RunFolder.named_for(dataset.name)
    with session.recording({"data": data if test is None else dataset}, folder, overwrite=overwrite, resume=resume):
        context = session.context
        with session.step("load"):
            backbone = choose_backbone(dataset, spec)
            if not backbone.learned:  # it holds no weights: nothing to train, and no control without them
                spec = spec.changed(control=False, strategy="probe" if spec.strategy == "auto" else spec.strategy)
                strategy, session.spec = build_strategy(spec.strategy, spec, spec.settings), spec
            probe = build_strategy("probe", spec, spec.head_settings)
            untrained = untrained_twin(backbone, spec.seed) if spec.control else None
        requests = [Request(backbone, taps_of(strategy, backbone, len(dataset)))]
        of_control = Request(untrained, probe.taps(untrained, len(dataset))) if untrained else None
        sampled = len(dataset) > spec.control_items
        if of_control and not sampled:
            requests.append(of_control)
        with session.step("calibrate"), session.optional("An estimate of the time"):
            calibration = session.calibration(dataset, backbone, spec.head)
            least = {True: SMALL_FOR_PROBE, False: SMALL}
            later = of_control if sampled else None
            estimate = estimate_fit(
                calibration, strategy, probe, backbone, requests, spec, least, session.passed_s, later
            )
            session.tell(estimate)
        ready = session.prepare(dataset, requests, findings)
        with session.step("check"):
            quick = spec.strategy == "probe"
            split = split_examples(
                ready.data, ready.seen, ready.checked, folds=spec.folds, repeats=spec.repeats or (0 if quick else 1),
                test_fraction=spec.test_fraction, least=SMALL_FOR_PROBE if quick else SMALL, seed=spec.seed,
            )  # fmt: skip
        with session.step("fit"):
            found = assess(strategy, backbone, split, context)
            trained = spec.strategy != "probe" and found.model.chosen != "probe"
            probed = assess(probe, backbone, split, context) if trained else None
            sharing = sharing_verdicts(found, strategy, backbone, split, context) if spec.control else []
        control: Control | None = None
        if untrained:
            with session.step("control"):
                if sampled:
                    most = spec.control_items
                    control = control_on_sample(probe, backbone, untrained, split.train, context, most, spec.folds)
                else:
                    control = control_on_all(probe, untrained, found.predictions, split, context)
        with session.step("evaluate"):
            metrics = fit_metrics(found, control, probed, sharing, split, spec.seed, language)
        counts = {
            "items": len(ready.data),
            "train": len(split.train),
            "test": len(split.test) if split.test else 0,
            "skipped": ready.skipped,
        }
        learned_from = FittedOn.of(split.train.digests)
        model = replace(
            found.model, facts=_facts(ready.data, metrics, language), column=ready.data.column, fitted_on=learned_from
        )
        timings: dict[str, float | None] = {**session.clock.total()}
        if session.is_main:
            with session.step("write"):
                run, held, predictions = session.run, split.held, found.predictions
                model.save(run.path / "model")
                write_tables(run, held.data, split.fold, predictions, ready.findings)
                run.write_record("metrics.json", FitMetrics, metrics)
            if spec.pictures:
                part, before = "test" if split.test else "train", probed.model if probed else None
                with session.step("pictures"):
                    make_pictures(session, held, part, predictions, backbone, before, model)
                    with session.optional("Pictures of items that are alike"):
                        write_pairs(run, ready.data, ready.findings, backbone.input)
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


def _facts(data: Dataset, metrics: dict[str, Any], language: str) -> dict[str, Any]:
    """Data and scores for the model's card."""
    how = translated(Said(f"how.{metrics['estimate']}", n=f"{metrics['n']:,}"), language)
    scores = metrics[metrics["estimate"]]
    return {"data": data.name, "summary": metrics["summary"], "how": how, "scores": scores, "language": language}
