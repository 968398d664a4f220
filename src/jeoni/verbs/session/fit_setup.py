"""What a fit begins with: backbone, strategy, controls; chosen by a plan where none was named, within its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jeoni.assessment.holdout import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.errors import ConfigError
from jeoni.planning.candidates import NamedBackbone, probe_options
from jeoni.runs.records import PlanRecord
from jeoni.specs import FitSpec
from jeoni.strategies import build_strategy, check_training
from jeoni.types import Dataset, Finding
from jeoni.verbs.session.limits import FitOnData, within_limits
from jeoni.verbs.session.planned import (
    PLAN,
    SMALL,
    SMALL_FOR_PROBE,
    Planned,
    check_same_data,
    plan_in_fit,
    planned_spec,
)
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.record import data_digest
from jeoni.verbs.session.session import Prepared, Session

__all__ = ["FitSetup", "check_strategy", "set_up"]

LEAST = {True: SMALL_FOR_PROBE, False: SMALL}


@dataclass(frozen=True)
class FitSetup:
    """A fit that can begin.

    Attributes:
        spec: the options, those among them that a plan or a limit decided.
        backbone: what is transferred from.
        strategy: how.
        probe: the linear probe, of the control and beside a trained strategy.
        untrained: the control's backbone; None without one.
        sampled: whether the control is measured on a sample of the training examples.
        ready: the examples, with the rows that are needed in the store.
        planned: what a plan said; None where the strategy was named.
    """

    spec: FitSpec
    backbone: Backbone
    strategy: Strategy
    probe: Strategy
    untrained: Backbone | None
    sampled: bool
    ready: Prepared
    planned: Planned | None

    @property
    def quick(self) -> bool:
        """Whether nothing but heads is fitted, so that folds may be drawn anew."""
        return self.spec.strategy == "probe"

    @property
    def least(self) -> int:
        """Examples from which on a test set is kept."""
        return LEAST[self.quick]


def check_strategy(spec: FitSpec) -> None:
    """Say of a strategy, a head and a recipe what can be said before data are read.

    Raises:
        ConfigError: an unknown strategy or head, options of a training where nothing is trained, or settings of a
            strategy that is not named.
    """
    waits = spec.strategy == PLAN
    own = sorted(spec.settings.keys() - spec.head_settings.keys())
    if waits and own:
        raise ConfigError(
            f"set is {spec.set!r}, and no strategy is named: which one has {own[0]}? Say --strategy too, or "
            f"head.{own[0]} if the head has it."
        )
    build_strategy("probe" if waits else spec.strategy, spec, spec.head_settings if waits else spec.settings)
    if not waits or not spec.budget:
        check_training("probe" if waits else spec.strategy, spec.recipe)


def set_up(
    session: Session, data: Dataset, findings: list[Finding], given: PlanRecord | None, *, resume: bool
) -> FitSetup:
    """Load the backbone, compute features, check the data, and let a plan choose where no strategy was named.

    Args:
        session: of the fit, its options in ``session.spec``.
        data: as it was read.
        findings: of the checks of labels.
        given: a plan that was made before.
        resume: whether the run was begun before.

    Raises:
        ConfigError: a backbone for other data, or a budget or a disk that is too small.
        DataError: too little to learn from, or a plan for other data.
    """
    assert isinstance(session.spec, FitSpec)
    spec = session.spec
    with session.step("load"):
        backbone = choose_backbone(data, spec)
        probe = probe_options(data, spec.head)
        spec = session.spec = _possible(spec, backbone, probe)
        untrained = untrained_twin(backbone, spec.seed) if spec.control else None
    planning = spec.strategy == PLAN
    asked = FitOnData(data, backbone, untrained, planned_spec(spec, probe) if planning else spec)
    with session.step("calibrate"):
        calibration = session.calibration(data, backbone, spec.head, by_stages=planning)
        chosen = within_limits(session, calibration, asked, LEAST, resume=resume, looks=planning)
    ready = session.prepare(data, chosen.requests, findings)
    if given is not None:
        check_same_data(given, data_digest(ready.data, ready.seen), ready.data.name)
    planned = None
    if planning:
        named = NamedBackbone(default_backbone(data) if spec.backbone == "auto" else spec.backbone, backbone)
        with session.step("plan"):
            planned = plan_in_fit(ready, named, spec, session.context, calibration, LEAST)
        if planned.backbone is not None:
            backbone = planned.backbone
            # where the control itself was chosen, there is nothing to hold it against
            untrained = untrained_twin(backbone, spec.seed) if spec.control and not backbone.random else None
        # what a budget gave up for a probe holds for another probe of that backbone; else it is decided anew
        anew = planned.trains or planned.backbone is not None
        limited = spec if anew else chosen.spec.changed(set=spec.set)
        chosen = FitOnData(data, backbone, untrained, planned_spec(limited, planned.options))
        if anew:
            with session.step("calibrate"):
                chosen = within_limits(session, calibration, chosen, LEAST, planned=planned)
        ready = session.with_rows(ready, chosen.requests)
        session.spec = chosen.spec
    return FitSetup(
        chosen.spec, backbone, chosen.strategy, chosen.probe, chosen.untrained, chosen.sampled, ready, planned
    )


def _possible(spec: FitSpec, backbone: Backbone, probe: Mapping[str, str]) -> FitSpec:
    """Without what a backbone has nothing for: no control where it holds no weights, no plan where nothing is known.

    Args:
        spec: what was asked for.
        backbone: that was chosen.
        probe: options of what takes the plan's place.
    """
    if not backbone.learned:
        spec = spec.changed(control=False, strategy="probe" if spec.strategy == "auto" else spec.strategy)
    if spec.strategy == PLAN and (not spec.control or backbone.random):
        spec = planned_spec(spec, probe)
    return spec
