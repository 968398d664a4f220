"""The fit of a dense task: detection, segmentation, keypoints, anomalies."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jeoni import plugins
from jeoni.assessment.split import Split, split_examples
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.annotations import are_annotations
from jeoni.data.annotations.read import format_of
from jeoni.data.fitted_on import FittedOn
from jeoni.dense.assess import DenseAssessment, assess_dense, to_learn_from
from jeoni.dense.frames import framed
from jeoni.dense.model import DenseModel
from jeoni.dense.mosaic import MOSAIC
from jeoni.dense.protocol import DenseTask
from jeoni.dense.reading import TASKS
from jeoni.dense.scoring import difference_of, evaluate_evidence
from jeoni.dense.transfer import OF_STAGES, STRATEGIES, Transfer, build_dense_head, default_head, of_head_alone
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.amounts import said_of_few_groups, said_score
from jeoni.evaluation.compare import sentence
from jeoni.evaluation.evaluate import Evaluation
from jeoni.explain.places.tables import write_place_tables
from jeoni.explain.places.writing import write_places
from jeoni.features.extract import Request
from jeoni.locale import Said, language_of, paragraph, translated
from jeoni.planning.budget import MARGIN
from jeoni.planning.dense_cost import LEAST, arms_for
from jeoni.planning.dense_outcome import said_of_rule
from jeoni.planning.dense_profile import marked_in
from jeoni.planning.dense_rules import choose_by_rule
from jeoni.runs import RunFolder
from jeoni.runs.records import DenseMetrics, PlanRecord
from jeoni.specs import CompareSpec, FitSpec, PlanSpec, Recipe
from jeoni.types import Dataset
from jeoni.verbs.session.dense_candidates import arms_of_candidates, in_frames, priced_candidates, scale_to, tiles_of
from jeoni.verbs.session.dense_limits import keep_dense_limits, tell_of_maps, within_disk
from jeoni.verbs.session.dense_reading import read_places
from jeoni.verbs.session.planned import PLAN, check_same_data, planned_spec
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.record import cut_record, data_digest, training_record
from jeoni.verbs.session.session import Prepared, Session

__all__ = ["DenseFit", "fit_dense", "is_about_places", "refuse_image_size", "start_of", "transfer_of"]

DEFAULT = ("plan", "auto")  # strategies that leave the choice to the task


@dataclass(frozen=True)
class DenseFit:
    """The outcome of :func:`fit_dense`.

    Attributes:
        run: the run folder.
        model: ready to predict.
        metrics: the content of ``metrics.json``.
        timings: seconds by step.
        counts: how many pictures were read, used, tested on and skipped.
    """

    run: Path
    model: DenseModel
    metrics: dict[str, Any]
    timings: dict[str, float | None]
    counts: dict[str, int]


def is_about_places(data: Any, spec: FitSpec | CompareSpec) -> bool:
    """Whether data will be read for a dense task, as far as that can be seen without reading them.

    Args:
        data: as the user handed it over.
        spec: may name a dense task.
    """
    if spec.task != "auto":
        return spec.task in plugins.names(TASKS)
    if isinstance(data, Dataset):
        return are_annotations(data.targets)
    if not isinstance(data, (str, os.PathLike)):
        return False
    try:
        return bool(format_of(Path(data)))
    except (DataError, OSError, ValueError):  # said where it is read
        return False


def refuse_image_size(spec: FitSpec | CompareSpec | PlanSpec) -> None:
    """For data without places marked in them.

    Raises:
        ConfigError: a size was said, or how keypoints are scored.
    """
    sigma = getattr(spec, "oks_sigma", None)
    if sigma is not None:
        raise ConfigError(Said("dense.no_sigma", value=f"{sigma:g}"))
    if getattr(spec, "augment", "") == MOSAIC:
        raise ConfigError(Said("dense.mosaic_whole"))
    if spec.tile:
        raise ConfigError(Said("dense.tile_whole", value=repr(spec.tile)))
    if spec.image_size:
        raise ConfigError(Said("dense.size_whole", value=repr(spec.image_size)))


def transfer_of(task: DenseTask, strategy: str, head: str, settings: Mapping[str, Any], recipe: Recipe) -> Transfer:
    """How options say that a backbone is transferred to a dense task.

    Args:
        task: what is predicted.
        strategy: its id; ``plan`` and ``auto`` leave it to the task.
        head: its id; ``auto`` is the task's own.
        settings: hyper-parameters of the head.
        recipe: what the user said of the training.

    Raises:
        ConfigError: a strategy or a head that dense tasks do not have, or a cut that the strategy does not take.
    """
    strategy = "probe" if strategy in DEFAULT else strategy
    if strategy not in STRATEGIES:
        raise ConfigError(Said("dense.no_strategy", strategy=repr(strategy), task=task.id, known=", ".join(STRATEGIES)))
    if recipe.frozen != "auto" and strategy != "finetune":
        raise ConfigError(Said("dense.no_frozen", value=repr(recipe.frozen), strategy=strategy))
    for name in OF_STAGES if strategy == "probe" else ():
        if getattr(recipe, name) is not None:
            raise ConfigError(Said("dense.no_stages", name=name, value=f"{getattr(recipe, name):g}"))
    named = default_head(task, head)
    own = _of_head(settings)
    mosaic = recipe.augment == MOSAIC
    if mosaic:
        recipe = replace(recipe, augment="auto")  # views of mosaics are as those of other pictures
    return Transfer(task, build_dense_head(task, named, own), named, strategy, recipe, mosaic=mosaic)


def _of_head(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("head."): value for name, value in settings.items()}


def start_of(transfer: Transfer, backbone: Backbone, seed: int) -> Backbone:
    """What a training starts from: random weights where that is the strategy."""
    if transfer.strategy != "scratch":
        return backbone
    return replace(framed(untrained_twin(backbone, seed)), name=backbone.name)


def fit_dense(
    session: Session,
    dataset: Dataset,
    data: Any,
    *,
    out: str | Path | None,
    overwrite: bool,
    resume: bool,
    given: PlanRecord | None = None,
) -> DenseFit:
    """Transfer to pictures with annotations of places.

    Args:
        session: of the fit; its step ``read`` is over.
        dataset: as a format's reader gave it.
        data: what the user handed over, for the record.
        out: the run folder, if it was named.
        overwrite: replace a run that is there.
        resume: continue it.
        given: a plan that was made before, whose options the session's are.

    Raises:
        DataError: data that cannot be used, or others than those of the plan.
        ConfigError: an option that cannot be used.
    """
    assert isinstance(session.spec, FitSpec)
    spec = session.spec
    with session.step("read"):
        places = read_places(dataset, spec)
        dataset, task = places.data, places.task
        transfer = transfer_of(task, spec.strategy, spec.head, spec.settings, spec.recipe)
    folder = out or RunFolder.named_for(dataset.name)
    with session.recording({"data": data}, folder, overwrite=overwrite, resume=resume):
        context = session.context
        with session.step("load"):
            plain = choose_backbone(dataset, spec)
            backbone = in_frames(plain, dataset, task, spec)
        if spec.strategy == PLAN and spec.budget:
            with session.step("plan"):
                spec, transfer = _planned(session, dataset, task, plain, backbone)
                backbone = in_frames(plain, dataset, task, spec)
        with session.step("load"):
            transfer = transfer.on(backbone, spec.head, _of_head(spec.settings))
            transfer = replace(transfer, tiles=tiles_of(dataset, backbone))
            start = start_of(transfer, backbone, spec.seed)
            transfer.check(start)
            untrained = framed(untrained_twin(backbone, spec.seed)) if spec.control else None
        n = len(dataset)
        transfer = within_disk(transfer, spec.disk_bytes, 2 if untrained else 1)
        probe = replace(transfer, strategy="probe", recipe=of_head_alone(transfer.recipe))
        arms = arms_for(dataset, spec, [(transfer, start), *([(probe, untrained)] if untrained else [])])
        with session.step("calibrate"):
            tell_of_maps(session, transfer, start, n)
            if not keep_dense_limits(session, dataset, arms):
                arms, untrained = arms[:1], None
        requests = [Request(arm.backbone, arm.transfer.taps(arm.backbone, n)) for arm in arms]
        ready = session.prepare(dataset, requests, places.findings)
        if given is not None:
            check_same_data(given, data_digest(ready.data, ready.seen), ready.data.name)
        with session.step("check"):
            split = split_examples(
                ready.data, ready.seen, ready.checked, folds=spec.folds, repeats=1, test_fraction=spec.test_fraction,
                least=LEAST, seed=spec.seed,
            )  # fmt: skip
        with session.step("fit"):
            found = assess_dense(transfer, start, split.train, split.test, context)
            session.spent = dict(context.spent.seconds)
        control = None
        if untrained is not None:
            with session.step("control"):
                control = assess_dense(probe, untrained, split.train, split.test, context, keep_model=False)
        with session.step("evaluate"):
            metrics = _metrics(task, found, control, split, spec)
        return _written(session, spec, ready, split, found, metrics, start, dataset)


def _planned(
    session: Session, data: Dataset, task: DenseTask, plain: Backbone, usual: Backbone
) -> tuple[FitSpec, Transfer]:
    """What the table of rules takes in the time that there is, where no strategy was named."""
    spec, deadline = session.spec, session.context.deadline
    assert isinstance(spec, FitSpec) and deadline is not None
    arms = arms_of_candidates(data, task, plain, usual, spec)
    priced = priced_candidates(session, data, arms, control=spec.control, pictures=spec.pictures)
    learned = int(task.learns_from(data.targets)[data.part != "test"].sum())
    if not (data.part == "test").any() and len(data) >= LEAST:
        learned = round(learned * (1 - spec.test_fraction))
    profile = marked_in(task, data.targets[task.known(data.targets)])
    side = None if profile.sides is None else profile.sides.median * scale_to(usual, data)
    limit = MARGIN * deadline.left_s
    chosen, rule = choose_by_rule(list(arms), learned, [one.price.final_s for one in priced.values()], side, limit)
    session.console.say(Said("dense.taken", name=chosen.name, reason=said_of_rule(rule, learned)))
    spec = planned_spec(spec, chosen.options)
    session.spec = spec
    return spec, transfer_of(task, spec.strategy, spec.head, spec.settings, spec.recipe)


def _metrics(
    task: DenseTask, found: DenseAssessment, control: DenseAssessment | None, split: Split, spec: FitSpec
) -> dict[str, Any]:
    """The content of ``metrics.json``."""
    groups, language = split.held.groups, language_of(spec.language)
    scored = evaluate_evidence(task, found.evidence, groups, spec.seed)
    lead = _headline(task, scored)
    measure = task.metrics()[lead]
    said: list[Said] = [said_score(scored.metrics[lead], measure.title, measure.unit), *said_of_few_groups(groups)]
    if lead != task.headline:
        said.append(Said("places.unmeasured", measure=task.metrics()[task.headline].title))
    controls: dict[str, Any] = {"untrained": None, "difference": None}
    if control is not None:
        theirs = evaluate_evidence(task, control.evidence, groups, spec.seed)
        difference = difference_of(task, found.evidence, control.evidence, groups, spec.seed)
        controls["untrained"] = {name: score.as_dict() for name, score in theirs.metrics.items()}
        controls["difference"] = {name: score.as_dict() for name, score in difference.items()}
        said.append(sentence(difference[lead], measure))
    else:
        said.append(Said("no_control"))
    estimate = "cv" if split.test is None else "test"
    return {
        "task": task.id,
        "headline": lead,
        "estimate": estimate,
        "n": scored.n,
        "names": list(task.names),
        "measures": scored.measures,
        estimate: {name: score.as_dict() for name, score in scored.metrics.items()},
        "rows": [_row(row) for row in scored.breakdown],
        "control": controls,
        "details": scored.details,
        **paragraph(said, language),
    }


def _headline(task: DenseTask, scored: Evaluation) -> str:
    """The metric that leads: the task's own, or where it cannot be measured, as without defects, the first that can."""
    known = [name for name in (task.headline, *task.metrics()) if np.isfinite(scored.metrics[name].value)]
    return known[0] if known else task.headline


def _row(row: dict[str, Any]) -> dict[str, Any]:
    scores = {name: value.as_dict() for name, value in row.items() if name not in ("class", "support")}
    return {"name": row["class"], "count": row["support"], "scores": scores}


def _written(
    session: Session,
    spec: FitSpec,
    ready: Prepared,
    split: Split,
    found: DenseAssessment,
    metrics: dict[str, Any],
    backbone: Backbone,
    dataset: Dataset,
) -> DenseFit:
    """The run folder's files, and its report."""
    assert found.model is not None
    learned = to_learn_from(split.train)
    facts = _facts(ready.data, metrics, language_of(spec.language))
    model = replace(
        found.model,
        facts=facts,
        fitted_on=FittedOn.of(learned.digests),
        annotations=ready.data.format,
        class_numbers=ready.data.class_numbers,
    )
    counts = {
        "items": len(ready.data),
        "train": len(split.train),
        "test": len(split.test) if split.test else 0,
        "skipped": ready.skipped,
    }
    timings: dict[str, float | None] = {**session.clock.total()}
    if session.is_main:
        with session.step("write"):
            model.save(session.run.path / "model")
            session.run.write_record("metrics.json", DenseMetrics, metrics)
            write_place_tables(session.run, split.held.data, split.fold, model.task, found.evidence, ready.findings)
        if spec.pictures:
            with session.step("pictures"), session.optional("Pictures of what was found"):
                write_places(
                    session.run, split.held.data, split.fold, model.task, model.task.item_scores(found.evidence),
                    found.shown, backbone.input, metrics["details"].get("threshold"),
                )  # fmt: skip
        timings = session.finish(
            ready,
            backbone,
            counts,
            [dataset],
            kind="places",
            cut=cut_record(backbone, model, session.context.store),
            head={"name": model.head_id, "candidates": []},
            training=training_record(model),
            findings=dict(Counter(f.kind for f in ready.findings)),
        ).timings
    return DenseFit(session.run.final, model, metrics, timings, counts)


def _facts(data: Dataset, metrics: dict[str, Any], language: str) -> dict[str, Any]:
    """Data and scores for the model's card."""
    how = translated(Said(f"how.{metrics['estimate']}", n=f"{metrics['n']:,}"), language)
    scores = {name: one for name, one in metrics[metrics["estimate"]].items() if np.isfinite(one["value"])}
    titles = {name: _titled(metrics["measures"][name]) for name in scores}
    about = {"data": data.name, "summary": metrics["summary"], "how": how, "language": language}
    return {**about, "scores": scores, "titles": titles}


def _titled(measure: dict[str, Any]) -> str:
    """A measure's title with its unit, where it is no share."""
    return measure["title"] if measure["unit"] in ("", "%") else f"{measure['title']}, {measure['unit']}"
