"""Labels in one domain, the work in another: adapt, and say whether it helped, with target labels for scoring only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jeoni.adaptation.domains import domains_of
from jeoni.adaptation.outcome import adapted_metrics, write_map, write_tables
from jeoni.adaptation.transfer import adapt_by, adaptation_taps, asked_method, learned_from, source_only
from jeoni.errors import ConfigError
from jeoni.features.extract import Request
from jeoni.locale import Said
from jeoni.models.loading import load_model
from jeoni.models.model import Model
from jeoni.runs import RunFolder
from jeoni.runs.records import AdaptMetrics
from jeoni.specs import AdaptSpec
from jeoni.types import Console, Dataset
from jeoni.verbs.session.domains import read_domains
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.record import cut_record, head_record, training_record
from jeoni.verbs.session.session import Session

__all__ = ["AdaptResult", "adapt"]


@dataclass(frozen=True)
class AdaptResult:
    """The result of an adaptation.

    Attributes:
        run: the run folder.
        model: ready to predict in the target domain.
        metrics: the content of ``metrics.json``.
        summary: the outcome in a sentence or two.
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
        console: where progress is shown.
        command: how the run was called, for the record.
        resume: continue the interrupted run in ``out``; see :func:`jeoni.resume`.
        changes: single options of ``spec``, such as ``method="coral"``.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option that cannot be used.

    Example:
        ``jeoni.adapt("mono/", "poly/", method="coral").summary``
    """
    spec = (spec or AdaptSpec()).changed(**changes)
    session = Session("adapt", spec, console, command)
    if bool(source) == bool(model) or not target:
        raise ConfigError(Said("error.which_domains"))
    with session.step("read"):
        start = None if not model else model if isinstance(model, Model) else load_model(model)
        method = asked_method(spec, start)  # what cannot be meant is said before anything is read, or replaced
        dataset, findings = read_domains(source, target, spec, start)
    folder = out or RunFolder.named_for(f"{dataset.name}-adapt")
    inputs = {"source": source, "target": target, "model": model}
    with session.recording(inputs, folder, overwrite=overwrite, resume=resume):
        context = session.context
        with session.step("read"):
            backbone = start.backbone if start else choose_backbone(dataset, spec)
        in_target = dataset.part == "test"
        taps = adaptation_taps(method, backbone, int((~in_target).sum()), len(dataset), spec)
        ready = session.prepare(dataset, [Request(backbone, taps)], findings, may_lack=in_target)
        here, there = domains_of(
            ready.data, ready.seen, ready.checked, folds=spec.folds, repeats=spec.repeats, seed=spec.seed
        )
        with session.step("adapt"):
            alone = source_only(backbone, here, there, start, spec)
            found = adapt_by(spec.method, method, alone, backbone, here, there, start, context, spec)
            fitted_on = learned_from(here, there, start, found)
            column = dataset.column or found.model.column
            found = replace(found, model=replace(found.model, column=column, fitted_on=fitted_on))
        with session.step("evaluate"):
            metrics = adapted_metrics(found, alone, there, spec)
        if session.is_main:
            run = session.run
            with session.step("write"):
                found.model.save(run.path / "model")
                write_tables(run, there, found, alone, ready.findings)
                run.write_record("metrics.json", AdaptMetrics, metrics)
                with session.optional("The map of both domains"):
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
                _arguments(source, target, model),
                kind="adaptation",
                cut=cut_record(backbone, found.model),
                head=head_record(found.model.head_id, found.model),
                training=training_record(found.model),
                findings=dict(Counter(f.kind for f in ready.findings)),
            )
    return AdaptResult(session.run.final, found.model, metrics, metrics["summary"], metrics["method"])


def _arguments(source: str | Path | Dataset, target: str | Path | Dataset, model: Any) -> list[str | Dataset]:
    """The inputs as they would be typed."""
    inputs = {"--source": source, "--target": target, "--model": "MODEL" if isinstance(model, Model) else model}
    said = [(k, v if isinstance(v, Dataset) else str(v)) for k, v in inputs.items() if v]
    return [word for pair in said for word in pair]
