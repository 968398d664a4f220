"""Labels in one domain, the work in another: adapt, and say whether it helped; some target labels can say how."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from jeoni.adaptation.domains import domains_of
from jeoni.adaptation.outcome import adapted_metrics, compared_metrics, write_map, write_tables
from jeoni.adaptation.several import adapt_by_several
from jeoni.adaptation.transfer import Found, adapt_by, adaptation_taps, asked_methods, learned_from, source_only
from jeoni.adaptation.transfer_labelled import adapt_with_labels, labels_at
from jeoni.console import console_for
from jeoni.errors import ConfigError
from jeoni.features.extract import Request
from jeoni.locale import Said
from jeoni.models.loading import load_pooled_model
from jeoni.models.model import Model
from jeoni.planning.runs import estimate_adapt
from jeoni.runs import RunFolder
from jeoni.runs.records import AdaptMetrics
from jeoni.specs import AdaptSpec
from jeoni.specs.keywords import AdaptKeywords
from jeoni.types import Console
from jeoni.verbs.query import QueryResult
from jeoni.verbs.session.domains import read_domains, target_labels
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.record import cut_record, head_record, input_words, training_record
from jeoni.verbs.session.result import Metrics, RunResult
from jeoni.verbs.session.session import Session
from jeoni.verbs.session.target_queries import propose_of_target

__all__ = ["AdaptResult", "adapt"]


@dataclass(frozen=True, repr=False)
class AdaptResult(RunResult):
    """The result of an adaptation.

    Attributes:
        run: the run folder.
        model: ready to predict in the target domain.
        metrics: the content of ``metrics.json``; scores in the target are attributes too: ``metrics.accuracy.low``.
        summary: the outcome in a sentence or two.
        method: that was used; ``source_only`` where nothing was to be gained.
    """

    run: Path
    model: Model
    metrics: Metrics
    summary: str
    method: str


@takes_options(AdaptSpec)
def adapt(
    source: Any = None,
    target: Any = None,
    spec: AdaptSpec | None = None,
    *,
    model: Model | str | Path | None = None,
    labels: Any = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    resume: bool = False,
    **options: Unpack[AdaptKeywords],
) -> AdaptResult | QueryResult:
    """Transfer to a domain without labels: learn from the source's labels and the target's examples.

    Args:
        source: labelled data, as for :func:`jeoni.fit`.
        target: data of the same kind; their labels, if there are any, are used for scoring only.
        spec: all options; see :class:`jeoni.AdaptSpec`.
        model: a model of the source, in the place of the source itself (source-free).
        labels: of some target items: a table of items (path or text) and labels, several with commas between, or a
            dictionary. They weigh the source model, adapters and methods for few labels, whose average is the model,
            teach those that learn from labels, and score nothing. With ``query=20`` such a table is proposed instead,
            and nothing is adapted.
        out: the run folder; ``runs/<target>-adapt-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        resume: continue the interrupted run in ``out``; see :func:`jeoni.resume`.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option that cannot be used.

    Example:
        ``jeoni.adapt("mono/", "poly/", method="coral").summary``
    """
    spec = (spec or AdaptSpec()).changed(**options)
    session = Session("adapt", spec, console_for(console, quiet, spec.language), command)
    asked = {"source": source, "target": target, "model": model, "labels": labels}
    inputs = {name: "" if given is None else given for name, given in asked.items()}
    absent = {name for name, given in inputs.items() if isinstance(given, str) and not given}
    if absent - {"labels"} not in ({"source"}, {"model"}):
        raise ConfigError(Said("error.which_domains"))
    with_labels = "labels" not in absent
    _check_labels_asked(with_labels, "model" not in absent, spec)
    with session.step("read"):
        session.check(out, overwrite=overwrite, resume=resume)
        start = None if "model" in absent else model if isinstance(model, Model) else load_pooled_model(inputs["model"])
        methods = asked_methods(spec, start)  # what cannot be meant is said before anything is read, or replaced
        dataset, findings = read_domains(source, target, spec, start)
        numbers = target_labels(labels, dataset, spec.label_column) if with_labels else None
    folder = out or RunFolder.named_for(f"{dataset.name}-adapt")
    with session.recording(inputs, folder, overwrite=overwrite, resume=resume):
        context = session.context
        with session.step("load"):
            backbone = start.backbone if start else choose_backbone(dataset, spec)
        in_target = dataset.part == "test"
        sizes = int((~in_target).sum()), len(dataset)
        taps = tuple(
            dict.fromkeys(tap for method in methods.values() for tap in adaptation_taps(method, backbone, *sizes, spec))
        )
        requests = [Request(backbone, taps)]
        with session.step("calibrate"), session.optional("An estimate of the time"):
            calibration = session.calibration(dataset, backbone)
            labelled = sizes[0] or len(dataset)
            session.tell(estimate_adapt(calibration, methods, backbone, requests, labelled, spec, session.passed_s))
        ready = session.prepare(dataset, requests, findings, may_lack=in_target)
        here, there = domains_of(
            ready.data, ready.seen, ready.checked, folds=spec.folds, repeats=spec.repeats or 0, seed=spec.seed
        )
        if spec.query is not None:
            return propose_of_target(session, ready, here, there, start, backbone, input_words(inputs))
        with session.step("adapt"):
            founds, failed = dict[str, Found](), dict[str, str]()
            if numbers is not None:
                assert here is not None
                given = labels_at(there, numbers[there.index], _called(labels))
                found, alone = adapt_with_labels(methods, backbone, here, there, given, context, spec)
                there = given.hidden(there)
            else:
                alone = source_only(backbone, here, there, start, spec)
            if numbers is None and len(methods) > 1:
                found, founds, failed = adapt_by_several(methods, alone, backbone, here, there, start, context, spec)
            elif numbers is None:
                ((name, method),) = methods.items()
                found = adapt_by(name, method, alone, backbone, here, there, start, context, spec)
            fitted_on = learned_from(here, there, start, found)
            column = dataset.column or found.model.column
            found = replace(found, model=replace(found.model, column=column, fitted_on=fitted_on))
        with session.step("evaluate"):
            metrics = adapted_metrics(found, alone, there, spec)
            if founds:
                metrics["compared"] = compared_metrics(founds, failed, alone, there, spec.seed)
        if session.is_main:
            run = session.run
            with session.step("write"):
                found.model.save(run.path / "model")
                write_tables(run, there, found, alone, ready.findings)
                run.write_record("metrics.json", AdaptMetrics, metrics)
            if spec.pictures:
                with session.step("pictures"), session.optional("The map of both domains"):
                    write_map(run, backbone, here, there, found, spec)
            session.finish(
                ready,
                backbone,
                {
                    "items": len(dataset),
                    "train": len(here) if here else 0,
                    "test": len(there),
                    "skipped": ready.skipped,
                },
                input_words(inputs),
                kind="adaptation",
                cut=cut_record(backbone, found.model, session.context.store),
                head=head_record(found.model.head_id, found.model),
                training=training_record(found.model),
                findings=dict(Counter(f.kind for f in ready.findings)),
            )
    scores = Metrics(metrics, metrics["target"]["metrics"] if metrics.get("target") else {})
    return AdaptResult(session.run.final, found.model, scores, metrics["summary"], metrics["method"])


def _check_labels_asked(labels: bool, model: bool, spec: AdaptSpec) -> None:
    """Whether target labels, or a list of what to label, make sense with the rest.

    Raises:
        ConfigError: they do not; the message says what does.
    """
    if labels and spec.query is not None:
        raise ConfigError(
            f"query is {spec.query} and labels are given; a query proposes what to label, and nothing is adapted. "
            "Leave one of them out."
        )
    if labels and model:
        raise ConfigError(
            "labels and model are given; target labels choose among methods that learn from the source's examples. "
            "Give --source in the place of --model."
        )


def _called(labels: Any) -> str:
    return str(labels) if isinstance(labels, (str, Path)) else "labels"
