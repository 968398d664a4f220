"""The plan of a fit of places in pictures: what the data are like, what candidates take, and which one is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoni.assessment.split import split_examples
from jeoni.backbones.catalog import default_backbone
from jeoni.errors import ConfigError
from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.locale import Said, language_of
from jeoni.planning.dense_cost import LEAST, DenseArm
from jeoni.planning.dense_outcome import DenseChoice, dense_plan_content
from jeoni.planning.dense_profile import dense_profile, object_px
from jeoni.planning.dense_race import least_s, race_candidates
from jeoni.planning.dense_rules import DenseCandidate, choose_by_rule
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.runs.records import PlanRecord
from jeoni.runs.typed import as_record
from jeoni.specs import PlanSpec
from jeoni.types import Dataset
from jeoni.verbs.session.dense_candidates import arms_of_candidates, frame_of, in_frames, priced_candidates
from jeoni.verbs.session.dense_reading import read_places
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.record import data_digest
from jeoni.verbs.session.session import Session

__all__ = ["DensePlanned", "plan_dense"]


@dataclass(frozen=True)
class DensePlanned:
    """The outcome of :func:`plan_dense`.

    Attributes:
        run: the run folder.
        record: the content of ``plan.json``.
    """

    run: Path
    record: PlanRecord


def plan_dense(
    session: Session, dataset: Dataset, data: Any, *, out: str | Path | None, overwrite: bool
) -> DensePlanned:
    """Look at annotated pictures, price the candidates, and choose: by rule, or with a budget by trying them.

    Args:
        session: of the plan; its step ``read`` is over.
        dataset: as a format's reader gave it.
        data: what the user handed over, for the record.
        out: the run folder, if it was named.
        overwrite: replace a run that is there.

    Raises:
        DataError: data that cannot be used.
        ConfigError: an option that cannot be used.
    """
    assert isinstance(session.spec, PlanSpec)
    spec = session.spec
    with session.step("read"):
        places = read_places(dataset, spec)
        dataset, task = places.data, places.task
        if len(spec.backbones) > 1:
            raise ConfigError(Said("dense.one_backbone", value=repr(spec.backbone)))
    folder = out or RunFolder.named_for(f"{dataset.name}-plan")
    with session.recording({"data": data, "source": ""}, folder, overwrite=overwrite):
        with session.step("load"):
            plain = choose_backbone(dataset, spec)
            usual = in_frames(plain, dataset, task, spec)
            arms = arms_of_candidates(dataset, task, plain, usual, spec)
            next(iter(arms.values())).transfer.check(usual)
        ready = session.prepare(dataset, [Request(usual, ())], places.findings)
        with session.step("check"):
            split = split_examples(
                ready.data, ready.seen, ready.checked, folds=spec.folds, repeats=1, test_fraction=spec.test_fraction,
                least=LEAST, seed=spec.seed,
            )  # fmt: skip
        with session.step("plan"):
            profile = dense_profile(ready, frame_of(usual), spec.seed)
            side = object_px(profile.measured, frame_of(usual))
            choice = _decided(session, dataset, split.train, arms, side)
        tested = len(split.test) if split.test else 0
        content = {
            **dense_plan_content(choice, task, profile, _shared(spec, dataset), language_of(spec.language)),
            "data": ready.data.name,
            "data_sha256": data_digest(ready.data, ready.seen),
            "tested": tested,
            "seed": spec.seed,
            "budget_s": spec.budget_s,
            "seconds": round(session.passed_s, 1),
        }
        if session.is_main:
            with session.step("write"):
                session.run.write_record("plan.json", PlanRecord, content)
                write_issues(session.run, ready.findings)
            counts = {"items": len(ready.data), "train": len(split.train), "test": tested, "skipped": ready.skipped}
            known = dict(Counter(f.kind for f in ready.findings))
            session.finish(ready, usual, counts, [dataset], kind="planning", findings=known)
    return DensePlanned(session.run.final, as_record(PlanRecord, content, exact=False))


def _shared(spec: PlanSpec, data: Dataset) -> dict[str, str]:
    """The options of a fit that all candidates have in common."""
    name = default_backbone(data) if spec.backbone == "auto" else spec.backbone
    said = {"image_size": spec.image_size, "tile": spec.tile}
    return {"backbone": name, **{option: value for option, value in said.items() if value}}


def _decided(
    session: Session,
    data: Dataset,
    train: Examples,
    arms: Mapping[DenseCandidate, DenseArm],
    object_side: float | None,
) -> DenseChoice:
    """By trying, where a budget allows it, else by rule."""
    spec, deadline, candidates = session.spec, session.context.deadline, list(arms)
    assert isinstance(spec, PlanSpec)
    wanted = spec.costs or deadline is not None
    priced = priced_candidates(session, data, arms, pictures=spec.pictures) if wanted else {}
    seconds = [priced[one].price.final_s if one in priced else None for one in candidates]
    chosen, rule = choose_by_rule(candidates, len(train), seconds, object_side)
    needed = None
    if deadline is not None and (least := least_s(priced)) is not None and least > deadline.left_s:
        needed = session.passed_s + least
    race = race_candidates(priced, train, session.context) if deadline is not None else None
    return DenseChoice(
        candidates,
        priced,
        race.chosen if race else chosen,
        rule,
        race,
        len(train),
        asked=deadline is not None,
        needed_s=needed,
    )
