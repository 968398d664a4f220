"""The plan that a fit follows: made on the way, or read from ``plan.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoni.assessment.split import Split, split_examples
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import check_backbone, packaged_for
from jeoni.deadline import Deadline, PlannedFit
from jeoni.errors import ConfigError, DataError, JeoniError
from jeoni.features.examples import Context
from jeoni.locale import Said, language_of
from jeoni.planning.calibration import Calibration
from jeoni.planning.candidates import WAYS, NamedBackbone
from jeoni.planning.disk import bytes_at
from jeoni.planning.outcome import plan_content, said_of
from jeoni.planning.plan import Plan, Question, make_plan, stage_taps
from jeoni.planning.pricing import Pricing
from jeoni.runs.records import PlanRecord
from jeoni.runs.typed import read_record
from jeoni.specs import CommonSpec, FitSpec
from jeoni.specs.backbone import BackboneOptions
from jeoni.types import Dataset
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.record import data_digest
from jeoni.verbs.session.session import Prepared

__all__ = [
    "PLAN",
    "SMALL",
    "SMALL_FOR_PROBE",
    "Planned",
    "check_plan",
    "check_same_data",
    "others_at_hand",
    "plan_in_fit",
    "plan_split",
    "planned_spec",
    "read_plan",
    "sharing_disk",
]

PLAN = "plan"  # in the place of a strategy: the one that the plan chooses
SMALL = 200  # examples below which no test set is kept
SMALL_FOR_PROBE = 1000  # the same where fitting takes seconds, so that it can be repeated
OTHERS_S = 30.0  # that must be left before another backbone is loaded to be looked at
LEAST_GB = 1e-6  # of rows: none is kept


@dataclass(frozen=True)
class Planned:
    """What a plan says to a fit.

    Attributes:
        options: of ``jeoni fit`` that were chosen.
        content: of ``plan.json``.
        said: why, in sentences.
        backbone: to transfer from; None where it is the one that was looked at.
        trains: whether stages are trained.
        trial: a training that was made to try it, and that its fit goes on from; None where there was none.
    """

    options: Mapping[str, str]
    content: dict[str, Any]
    said: Sequence[Said]
    backbone: Backbone | None
    trains: bool
    trial: PlannedFit | None = None


def read_plan(path: str | Path) -> PlanRecord:
    """``plan.json``, or that of a run folder.

    Raises:
        ConfigError: there is none.
        DataError: it is damaged, or of a newer version.
    """
    file = Path(path) / "plan.json" if Path(path).is_dir() else Path(path)
    if not file.exists():
        raise ConfigError(f"plan is {str(path)!r}; there is no plan.json. `jeoni plan DATA` writes one.")
    return read_record(PlanRecord, file)


def planned_spec(spec: FitSpec, options: Mapping[str, str]) -> FitSpec:
    """The options of a fit with those that a plan chose; settings of the head stay.

    Raises:
        ConfigError: an option that cannot be used.
    """
    settings = ",".join(filter(None, (spec.set, options.get("set", ""))))
    return spec.changed(**{**options, "set": settings, "plan": None})


def check_plan(plan: PlanRecord, spec: FitSpec) -> None:
    """Whether the plan can be followed at all, before data are read.

    Raises:
        ConfigError: a strategy that was named besides; a seed or task that is not the plan's.
        WeightsError: the plan's backbone is not to be had.
    """
    if spec.strategy != PLAN or spec.frozen != "auto":
        raise ConfigError(
            f"plan says to take {plan.chosen}, and strategy is {spec.strategy!r}, frozen {spec.frozen!r}; a plan is "
            "followed as it is. Leave --plan out, or the others."
        )
    if spec.seed != plan.seed:
        raise ConfigError(
            f"The plan was made with seed {plan.seed}, seed is {spec.seed}; its test set would be another one. Say "
            f"--seed {plan.seed}, or plan anew."
        )
    check_backbone(plan.options.get("backbone", "auto"), spec.weights)


def check_same_data(plan: PlanRecord, sha256: str, name: str) -> None:
    """Whether the plan was made for these data.

    Raises:
        DataError: it was not.
    """
    if plan.data_sha256 != sha256:
        raise DataError(
            f"The plan was made for other data: {plan.data} with {plan.labelled + plan.tested:,} labelled examples; "
            f"{name} differs in content, labels or order. Plan anew: jeoni plan."
        )


def plan_split(ready: Prepared, spec: CommonSpec, folds: int, test_fraction: float) -> Split:
    """The training part of what a fit splits off; the test set takes no part in a plan."""
    return split_examples(
        ready.data, ready.seen, ready.checked,
        folds=folds, repeats=1, test_fraction=test_fraction, least=SMALL, seed=spec.seed,
    )  # fmt: skip


def plan_in_fit(
    ready: Prepared,
    backbone: NamedBackbone,
    spec: FitSpec,
    context: Context,
    calibration: Calibration,
    least: Mapping[bool, int],
) -> Planned:
    """Choose for a fit, from what is in the store; with a deadline what trains takes part in a race.

    Args:
        ready: the examples, with the pooled features of the backbone.
        backbone: to transfer from.
        spec: the options.
        context: store, engine, seed, and the deadline of the whole fit: without one nothing that trains is tried.
        calibration: measures what candidates take.
        least: examples from which on a test set is kept, for a probe (True) and for what is trained (False).
    """
    split = plan_split(ready, spec, spec.folds, spec.test_fraction)
    deadline, asked = context.deadline, sharing_disk(spec.changed(strategy=None, plan=None), ready.data, backbone)
    pricing = None if deadline is None else Pricing(calibration, asked, len(split.train), least)
    others = others_at_hand(ready.data, spec, backbone, deadline)
    question = Question(
        split.train, [backbone, *others], asked, context, pricing, deadline, thorough=deadline is not None
    )
    found = make_plan(question)
    tested = len(split.test) if split.test else 0
    sha256, language = data_digest(ready.data, ready.seen), language_of(spec.language)
    content = plan_content(
        found, question, ready.data, sha256, tested=tested, budget_s=spec.budget_s, language=language
    )
    chosen = found.chosen.candidate
    other = chosen.source.backbone if chosen.source is not backbone else None
    options = {name: value for name, value in chosen.options.items() if other is not None or name != "backbone"}
    price = found.chosen.price
    trial = price.trial if price is not None and found.chosen.tried else None
    return Planned(options, content, _reasons(found, question), other, chosen.trains, trial)


def others_at_hand(
    data: Dataset, options: BackboneOptions, first: NamedBackbone, deadline: Deadline | None
) -> list[NamedBackbone]:
    """The other packaged backbones that suit the data, where none was named and there is time for a look.

    Their features are computed only where their turn in the race comes.

    Args:
        data: all examples.
        options: of the backbone.
        first: the default one.
        deadline: of the run; without one there is no look at others.
    """
    if deadline is None or options.backbone != "auto" or options.weights or data.modality == "vector":
        return []
    found = []
    for name in packaged_for(data):
        if name != first.name and deadline.left_s > OTHERS_S:
            with suppress(JeoniError):  # such as one that does not take recordings of this length
                found.append(NamedBackbone(name, choose_backbone(data, options.changed(backbone=name))))
    return found


def sharing_disk(spec: FitSpec, data: Dataset, backbone: NamedBackbone) -> FitSpec:
    """With a limit of the disk, each candidate that trains may keep an equal part of what pooled features leave."""
    if spec.disk_bytes is None:
        return spec
    taps = stage_taps(backbone.backbone, True)
    pooled = 2 * len(data) * sum(bytes_at(data, backbone.backbone, tap) for tap in taps)  # of the control as well
    trained = sum(way.trains for way in WAYS.values())
    room = max(0.0, spec.disk_bytes - pooled) / trained / 1e9
    return spec.changed(cache_gb=min(spec.cache_gb, max(room, LEAST_GB)))


def _reasons(plan: Plan, question: Question) -> list[Said]:
    """Why, without what the scores of the fit say themselves: how good it is, and what transfer added."""
    return [one for one in said_of(plan, question)[1:] if one.id not in ("planning.similar", "planning.little")]
