"""Did transfer help? Strategies on the same draws of the same examples at several numbers of labels; a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from jeoni.assessment.comparison import (
    choose_measure,
    comparison_taps,
    draw_examples,
    probed_stages,
    searches_of,
    trial_rows,
    useful_budgets,
    verdict_of,
)
from jeoni.assessment.trials import Trial, run_stages, run_trials
from jeoni.console import console_for
from jeoni.data.annotations import are_annotations
from jeoni.data.checks import check_labels
from jeoni.evaluation.curves import Point
from jeoni.features.extract import Request
from jeoni.runs import RunFolder
from jeoni.runs.records import ComparisonRecord, VerdictRecord
from jeoni.specs import CompareSpec
from jeoni.specs.keywords import CompareKeywords
from jeoni.strategies import build_arm
from jeoni.tasks import read_targets
from jeoni.types import Console
from jeoni.verbs.session.dense_compare import compare_on_dense
from jeoni.verbs.session.dense_fit import is_about_places, refuse_image_size
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.limits import compared_within_limits
from jeoni.verbs.session.reading import choose_backbone, own_test_set, read
from jeoni.verbs.session.result import RunResult
from jeoni.verbs.session.session import Session

__all__ = ["CompareResult", "compare"]


@dataclass(frozen=True, repr=False)
class CompareResult(RunResult):
    """The result of a comparison.

    Attributes:
        run: the run folder.
        verdict: the content of ``verdict.json``.
        points: score and time of every strategy at every budget.
        summary: the verdict in a sentence or two.
    """

    run: Path
    verdict: dict[str, Any]
    points: list[Point]
    summary: str


@takes_options(CompareSpec)
def compare(
    data: Any,
    spec: CompareSpec | None = None,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    resume: bool = False,
    **options: Unpack[CompareKeywords],
) -> CompareResult:
    """Hold strategies against each other on the same draws, and say whether transfer helped, hurt, or cannot be told.

    Without an own test set every draw trains on all folds but one and is tested on that one, so that every example is
    a test example once. The last strategy named is the control.

    Args:
        data: as for :func:`jeoni.fit`.
        spec: all options; see :class:`jeoni.CompareSpec`.
        out: the run folder; ``runs/<data>-compare-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        resume: continue the interrupted comparison in ``out``.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used.
        ConfigError: an option that cannot be used.

    Example:
        ``jeoni.compare("photos/", strategies="probe,scratch", budgets="5,20").summary``
    """
    test = own_test_set(options)
    spec = (spec or CompareSpec()).changed(**options)
    session = Session("compare", spec, console_for(console, quiet, spec.language), command)
    with session.step("read"):
        session.check(out, overwrite=overwrite, resume=resume)
        if not is_about_places(data, spec):
            for name in spec.arms:  # an unknown name is said before data are read
                build_arm(name, spec)
        found = read(data, spec, test=spec.test if test is None else test)
    if are_annotations(found.targets):
        given = data if test is None else found
        done = compare_on_dense(session, found, given, out=out, overwrite=overwrite, resume=resume)
        return CompareResult(done.run, done.verdict, done.points, done.verdict["summary"])
    refuse_image_size(spec)
    with session.step("read"):
        strategies = {name: build_arm(name, spec) for name in spec.arms}
        dataset = read_targets(found, spec.task)
        findings = check_labels(dataset)
    with session.step("load"):
        backbone = choose_backbone(dataset, spec)
    folder = out or RunFolder.named_for(f"{dataset.name}-compare")
    with session.recording({"data": data if test is None else dataset}, folder, overwrite=overwrite, resume=resume):
        context = session.context
        request = Request(backbone, comparison_taps(strategies, backbone, dataset, spec))
        with session.step("calibrate"):
            calibration = session.calibration(dataset, backbone, spec.head)
            spec, expected = compared_within_limits(session, calibration, strategies, backbone, [request], spec)
        ready = session.prepare(dataset, [request], findings)
        examples, draws, overlap = draw_examples(ready.data, ready.seen, ready.checked, spec)
        budgets = useful_budgets(spec.sizes, examples, draws)
        with session.step("fit"):
            trials = list(
                run_trials(
                    strategies,
                    backbone,
                    examples,
                    draws,
                    budgets,
                    context,
                    folds=spec.folds,
                    halving=spec.halving,
                    expected_s=expected.seconds if expected else None,
                )
            )
        took = _seconds_of(trials, spec.arms[-1], session.clock.seconds["fit_s"], context.spent.seconds)
        session.spent = {**context.spent.seconds, **took}
        with session.step("stages"):
            probed = list(run_stages(backbone, examples, draws, context, spec.folds)) if spec.stages else []
        with session.step("evaluate"):
            measure = choose_measure(spec, examples, budgets)
            verdict, points = verdict_of(trials, examples, draws, overlap, measure, spec)
            stages = probed_stages(probed, examples, spec, measure)
        if session.is_main:
            session.run.write_csv("trials.csv", *trial_rows(trials, examples, measure))
            session.run.write_record("verdict.json", VerdictRecord, verdict)
            curves = {"points": [p.as_dict() for p in points], "stages": stages, "searches": searches_of(trials)}
            session.run.write_record("comparison.json", ComparisonRecord, curves)
            counts = {"items": len(ready.data), "used": len(examples), "draws": len(draws)}
            session.finish(ready, backbone, counts, [dataset], kind="comparison")
    return CompareResult(session.run.final, verdict, points, verdict["summary"])


def _seconds_of(trials: Sequence[Trial], control: str, fit_s: float, spent: Mapping[str, float]) -> dict[str, float]:
    """Of the strategies and of the control, as an estimate has them."""
    of_control = sum(trial.seconds for trial in trials if trial.strategy == control)
    # fits that are made at once take less than their sum
    of_control *= min(1.0, fit_s / max(fit_s, sum(trial.seconds for trial in trials)))
    others, views = max(0.0, fit_s - of_control), spent.get("views", 0.0)
    by_others = min(views, others)  # they come first, and what they computed is there for the control
    return {"strategies": others - by_others, f"control ({control})": max(0.0, of_control - (views - by_others))}
