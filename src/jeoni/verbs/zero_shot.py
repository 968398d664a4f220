"""Classes that no example was seen of: from their names, descriptions or attributes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.console import console_for
from jeoni.data.checks import tell
from jeoni.data.fitted_on import FittedOn
from jeoni.explain.surest import write_surest
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.locale import Said, language_of, translated
from jeoni.models.model import Model
from jeoni.planning.runs import estimate_features
from jeoni.runs import RunFolder
from jeoni.runs.records import ZeroShotMetrics
from jeoni.specs import ZeroShotSpec
from jeoni.specs.keywords import ZeroShotKeywords
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.types import Console, Dataset
from jeoni.verbs.session.class_vectors import ClassVectors, attribute_vectors, choose_encoders, name_vectors
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.record import cut_record, head_record, input_words
from jeoni.verbs.session.result import Metrics, RunResult
from jeoni.verbs.session.session import Session
from jeoni.verbs.session.unseen import Read, parts_of, read_unseen
from jeoni.zero_shot_learning.semantics.attributes import Attributes, read_attributes
from jeoni.zero_shot_learning.semantics.class_texts import ClassText, read_classes
from jeoni.zero_shot_learning.semantics.encoder import NEUTRAL, NameEncoder
from jeoni.zero_shot_learning.semantics.meaning import hardly_said
from jeoni.zero_shot_learning.semantics.outcome import Setup, write_tables, zero_shot_metrics
from jeoni.zero_shot_learning.semantics.prediction import (
    Candidates,
    Scorer,
    build_calibration,
    build_method,
    choose_calibration,
    score_by_names,
    score_by_seen,
)
from jeoni.zero_shot_learning.semantics.protocol import NamesMethod, SeenMethod
from jeoni.zero_shot_learning.semantics.templates import parse_templates

__all__ = ["ZeroShotResult", "zero_shot"]


@dataclass(frozen=True, repr=False)
class ZeroShotResult(RunResult):
    """The result of a zero-shot classification.

    Attributes:
        run: the run folder.
        model: ready to predict.
        metrics: the content of ``metrics.json``; scores, where items have labels, are attributes too:
            ``metrics.accuracy.low``.
        summary: the outcome in a sentence or two.
        method: that was used.
    """

    run: Path
    model: Model
    metrics: Metrics
    summary: str
    method: str


@takes_options(ZeroShotSpec)
def zero_shot(
    data: Any,
    spec: ZeroShotSpec | None = None,
    *,
    classes: Any = "",
    seen: Any = "",
    attributes: Any = "",
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    resume: bool = False,
    **options: Unpack[ZeroShotKeywords],
) -> ZeroShotResult:
    """Classify items into classes that no example was seen of, by what their names mean.

    Args:
        data: items, with or without labels; labels, if there are any, are used for scoring only.
        classes: names with commas between, each perhaps with a description (``0=a bad review``); a CSV, JSON or text
            file of names and descriptions; in Python also a list, or a mapping of names to descriptions.
        seen: labelled items of other classes, from which is learned how names go with items; needed where no backbone
            puts items and names in one space.
        attributes: a CSV of numbers, a row for each class, seen or not, and a column for each attribute, in the place
            of the names' meaning.
        out: the run folder; ``runs/<data>-zero-shot-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        resume: continue the interrupted run in ``out``; see :func:`jeoni.resume`.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used; the message says how to mend them.
        ConfigError: an option that cannot be used, or classes that cannot be told apart.

    Example:
        ``jeoni.zero_shot("reviews.csv", classes="praise,complaint,question").summary``
    """
    spec = (spec or ZeroShotSpec()).changed(**options)
    session = Session("zero-shot", spec, console_for(console, quiet, spec.language), command)
    given = {"data": data, "classes": classes, "seen": seen, "attributes": attributes}
    inputs = {name: "" if value is None else value for name, value in given.items()}
    with session.step("read"):
        session.check(out, overwrite=overwrite, resume=resume)
        asked = _asked(inputs, spec)
        names = [one.name for one in asked.classes]
        found = read_unseen(data, inputs["seen"], names, spec, generalised=spec.generalised)
        named = (*(ClassText(name) for name in found.seen), *asked.classes)
    folder = out or RunFolder.named_for(f"{found.data.name}-zero-shot")
    with session.recording(inputs, folder, overwrite=overwrite, resume=resume):
        context = session.context
        with session.step("load"):
            backbone, encoder = choose_encoders(
                found.data,
                spec,
                named,
                seen=bool(found.seen),
                attributes=asked.table is not None,
                names_alone=asked.method.space == "names",
            )
        requests = [Request(backbone, (Tap(backbone.n, True),))]
        with session.step("calibrate"), session.optional("An estimate of the time"):
            calibration = session.calibration(found.data, backbone)
            session.tell(estimate_features(calibration, requests, pictures=spec.pictures, before_s=session.passed_s))
        with session.step("names"):
            if encoder is None:
                vectors = _of_attributes(asked, found)
            else:
                vectors = name_vectors(
                    named, len(names), encoder, found.data.modality, parse_templates(spec.templates), context
                )
        findings = [*found.findings, *vectors.findings]
        ready = session.prepare(found.data, requests, findings, may_lack=found.data.part == "test")
        taught, items = parts_of(ready.data, ready.seen, ready.checked)
        with session.step("fit"):
            used = _Used(asked, found, backbone, encoder, vectors, spec)
            scorer, calibrated = used.score(taught, items, context)
        first = 0 if spec.generalised else len(found.seen)
        items = replace(items, data=_of_candidates(items.data, first))
        rows = items.features(backbone, Tap(backbone.n, True)).numpy()
        model = _model(backbone, scorer, class_names_of(items.data), ready.data.column)
        probs = model.predict_features(rows)
        rare = hardly_said(class_names_of(items.data), probs.argmax(1))
        tell(rare, session.console)
        ready.findings.extend(rare)
        with session.step("evaluate"):
            setup = Setup(
                method=asked.method_id,
                calibration=calibrated,
                names=class_names_of(items.data),
                seen_names=found.seen,
                seen_items=len(taught) if taught else 0,
                generalised=spec.generalised,
                texts=vectors.texts[first:],
                vectors=vectors.values[first:],
                scale=encoder.scale if encoder and asked.method.space == "names" else 0.0,
                seed=spec.seed,
                language=spec.language,
            )
            metrics = zero_shot_metrics(setup, scorer, items, probs, rows)
        learned_from = [*(taught.digests if taught else ()), *(items.digests if calibrated == "batch" else ())]
        model = replace(
            model,
            facts=_facts(ready.data, metrics, language_of(spec.language)),
            fitted_on=FittedOn.of(learned_from),
        )
        if session.is_main:
            with session.step("write"):
                run = session.run
                model.save(run.path / "model")
                write_tables(run, items, setup.names, probs, ready.findings)
                run.write_record("metrics.json", ZeroShotMetrics, metrics)
            if spec.pictures:
                with session.step("pictures"), session.optional("Pictures of the items"):
                    write_surest(run, items, probs, backbone)
            session.finish(
                ready,
                backbone,
                {"items": len(ready.data), "train": setup.seen_items, "test": len(items), "skipped": ready.skipped},
                input_words(inputs),
                kind="zero_shot",
                cut=cut_record(backbone, model),
                head=head_record(model.head_id, model),
                findings=dict(Counter(f.kind for f in ready.findings)),
            )
    return ZeroShotResult(
        session.run.final, model, Metrics(metrics, metrics["test"] or {}), metrics["summary"], asked.method_id
    )


@dataclass(frozen=True)
class _Asked:
    """What was asked for, once it is known to make sense: said before anything is read, or replaced."""

    method: NamesMethod | SeenMethod
    method_id: str
    classes: tuple[ClassText, ...]
    table: Attributes | None


def _asked(inputs: dict[str, Any], spec: ZeroShotSpec) -> _Asked:
    given = {name: not isinstance(value, str) or bool(value) for name, value in inputs.items()}
    parse_templates(spec.templates)
    choose_calibration(spec.calibration)
    method = build_method(spec.method, spec.settings, seen=given["seen"], attributes=given["attributes"])
    table = read_attributes(inputs["attributes"]) if given["attributes"] else None
    chosen = ("eszsl" if given["seen"] else "nearest_name") if spec.method == "auto" else spec.method
    return _Asked(method, chosen, read_classes(inputs["classes"]), table)


def _of_attributes(asked: _Asked, found: Read) -> ClassVectors:
    assert asked.table is not None
    binary = asked.method.space == "seen" and asked.method.attributes
    return attribute_vectors(asked.table, found.seen, found.unseen, binary=binary)


@dataclass(frozen=True)
class _Used:
    """What a run scores with."""

    asked: _Asked
    found: Read
    backbone: Backbone
    encoder: NameEncoder | None
    vectors: ClassVectors
    spec: ZeroShotSpec

    def score(self, taught: Examples | None, items: Examples, context: Context) -> tuple[Scorer, str]:
        """How the items are scored, and the id of the calibration."""
        method, seen = self.asked.method, len(self.found.seen)
        whole = Tap(self.backbone.n, True)
        rows = items.features(self.backbone, whole).numpy()
        candidates = Candidates(self.vectors.values[:seen], self.vectors.values[seen:], self.spec.generalised)
        texts = self.found.data.modality == "text" and method.space == "names"
        name = choose_calibration(self.spec.calibration)
        calibration = build_calibration(name)
        if method.space == "names":
            assert self.encoder is not None
            neutral = self.encoder.rows(NEUTRAL, context) if texts and calibration else None
            return score_by_names(method, candidates, rows, self.encoder.scale, calibration, neutral), name
        assert taught is not None
        known = taught.features(self.backbone, whole).numpy(), taught.data.targets
        return score_by_seen(method, candidates, known, rows, calibration, self.spec.seed), name


def _of_candidates(data: Dataset, first: int) -> Dataset:
    """With the candidates as its classes: those from number ``first`` on."""
    targets = np.where(data.targets >= first, data.targets - first, -1)
    return replace(data, targets=targets, task=Classification(class_names_of(data)[first:]))


def _model(backbone: Backbone, scorer: Scorer, names: tuple[str, ...], column: str) -> Model:
    """The backbone, untouched, under a head whose weights are what was found."""
    setting = scorer.learned.setting if scorer.learned else {}
    choice = {**setting, "class_weights": "none", "temperature": scorer.scores.temperature}
    return Model(
        backbone=backbone,
        head=scorer.scores.module(),
        head_id="linear",
        task=Classification(names),
        frozen=backbone.n,
        reuse=backbone.n,
        choice=choice,
        column=column,
    )


def _facts(data: Dataset, metrics: dict[str, Any], language: str) -> dict[str, Any]:
    """Data and scores for the model's card."""
    how = translated(Said("how.test", n=f"{metrics['labelled']:,}"), language) if metrics["test"] else ""
    scores = metrics["test"] or {}
    return {"data": data.name, "summary": metrics["summary"], "how": how, "scores": scores, "language": language}
