"""The time and the disk that a fit may take: options that keep them, what is said of it, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from jeoni.assessment.holdout import Strategy, taps_of
from jeoni.assessment.trials import fit_name
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import cut
from jeoni.console.durations import duration
from jeoni.data.splits import repeats_for
from jeoni.deadline import PlannedFit
from jeoni.errors import ConfigError
from jeoni.features.extract import Extraction, Request
from jeoni.locale import Said
from jeoni.planning.budget import LEAST, MARGIN, Kept, keep_budget, keep_trials
from jeoni.planning.calibration import Calibration
from jeoni.planning.cost import Cost, cost_of
from jeoni.planning.disk import room_at_the_cut
from jeoni.planning.estimate import Estimate
from jeoni.planning.runs import Trials, estimate_compare, estimate_fit
from jeoni.specs import CompareSpec, FitSpec, PretrainSpec
from jeoni.specs.amounts import write_duration
from jeoni.strategies import build_strategy
from jeoni.training.work import Work
from jeoni.types import Dataset
from jeoni.verbs.session.planned import Planned
from jeoni.verbs.session.session import Session

__all__ = ["FitOnData", "compared_within_limits", "set_aside_for_verdict", "told_of_training", "within_limits"]

SPREAD = 1000  # examples whose features are looked at again after a pretraining
FOLDS = 5
UNKNOWN_S = 0.02  # of an example's features, where all were in the store


@dataclass(frozen=True)
class FitOnData:
    """A fit by its options on given data: its strategies, and the features that they need.

    Attributes:
        data: all examples.
        backbone: what is transferred from.
        untrained: the control's; None without one.
        spec: the options.
    """

    data: Dataset
    backbone: Backbone
    untrained: Backbone | None
    spec: FitSpec

    def changed(self, spec: FitSpec) -> FitOnData:
        """The same with other options."""
        return replace(self, spec=spec, untrained=self.untrained if spec.control else None)

    @cached_property
    def strategy(self) -> Strategy:
        """That was asked for."""
        return build_strategy(self.spec.strategy, self.spec, self.spec.settings)

    @cached_property
    def probe(self) -> Strategy:
        """The linear probe: the strategy, if that is one, and that of the control and beside a trained strategy."""
        if self.spec.strategy == "probe":
            return self.strategy
        return build_strategy("probe", self.spec, self.spec.head_settings)

    @property
    def requests(self) -> list[Request]:
        """Features to compute: the backbone's, and the control's behind them."""
        requests = [Request(self.backbone, taps_of(self.strategy, self.backbone, len(self.data)))]
        control = self._of_control
        return [*requests, control] if control is not None and not self.sampled else requests

    @property
    def sampled(self) -> bool:
        """Whether the untrained backbone is run on a sample of the training examples only, once these are known."""
        return len(self.data) > self.spec.control_items

    @property
    def control(self) -> Request | None:
        """The control's features, where they are computed for a sample only."""
        return self._of_control if self.sampled else None

    @property
    def _of_control(self) -> Request | None:
        if self.untrained is None:
            return None
        return Request(self.untrained, self.probe.taps(self.untrained, len(self.data)))

    @property
    def pooled(self) -> list[Request]:
        """The pooled features alone."""
        return [replace(r, taps=tuple(tap for tap in r.taps if tap.pooled)) for r in self.requests]

    def cost(self, calibration: Calibration, least: Mapping[bool, int]) -> Cost:
        """What it takes; see :func:`.cost_of`."""
        return cost_of(
            calibration, self.strategy, self.probe, self.backbone, self.requests, self.spec, least, self.control
        )


def within_limits(
    session: Session,
    calibration: Calibration,
    fit: FitOnData,
    least: Mapping[bool, int],
    *,
    resume: bool = False,
    planned: Planned | None = None,
    looks: bool = False,
) -> FitOnData:
    """Tell how long a fit will take; with a budget or a limit of the disk, one that keeps them.

    Args:
        session: of the run; its deadline learns what is to come.
        calibration: measures on the data.
        fit: as it was asked for.
        least: examples from which on a test set is kept, for a probe (True) and for what is trained (False).
        resume: whether it was begun before; then it is finished even where its budget is used up.
        planned: the plan that chose it, within the same budget; then it is made even where the plan used that up.
        looks: whether a plan looks at the data first.

    Raises:
        ConfigError: a budget or a disk that is too small for anything; the message names the smallest that would do.
    """
    if fit.spec.disk_bytes is not None:
        fit = _within_disk(calibration, fit, fit.spec.disk_bytes)
    if session.context.deadline is None:
        with session.optional("An estimate of the time"):
            session.tell(
                estimate_fit(
                    calibration,
                    fit.strategy,
                    fit.probe,
                    fit.backbone,
                    fit.requests,
                    fit.spec,
                    least,
                    session.passed_s,
                    fit.control,
                    looks,
                )
            )
        return fit
    used_up = "budget.used_up_by_plan" if planned else "budget.used_up" if resume else ""
    return _within_time(session, calibration, fit, least, used_up, planned.trial if planned else None)


def _within_disk(calibration: Calibration, fit: FitOnData, limit: int) -> FitOnData:
    work = getattr(fit.strategy, "work", None)
    trainings = work(fit.backbone, len(fit.data), len(fit.data)).trainings if work else ()
    deepest = min(trainings, key=lambda training: training.frozen, default=None)
    tap = cut(deepest.backbone, deepest.frozen).tap if deepest else fit.pooled[0].taps[0]
    views = deepest.views if deepest else 0
    room = room_at_the_cut(limit, calibration, fit.pooled, tap, views, fit.spec.cache_gb)
    return fit.changed(fit.spec.changed(cache_gb=room)) if trainings else fit


def _within_time(
    session: Session,
    calibration: Calibration,
    fit: FitOnData,
    least: Mapping[bool, int],
    used_up: str,
    trial: PlannedFit | None,
) -> FitOnData:
    """See :func:`within_limits`.

    Args:
        session: of the run.
        calibration: measures on the data.
        fit: as it was asked for.
        least: examples from which on a test set is kept.
        used_up: the id of what is said where not even the least fits, and the fit is made; none raises.
        trial: a training that was made already, and that the fit goes on from.
    """
    deadline = session.context.deadline
    assert deadline is not None

    def price(spec: FitSpec) -> Cost:
        return fit.changed(spec).cost(calibration, least).after(trial)

    n, trained = len(fit.data), fit.spec.strategy != "probe"
    crossed = not (fit.data.part == "test").any() and n < least[not trained]
    price(fit.spec)  # measuring takes its time too: what is left is known after it
    try:
        kept = keep_budget(fit.spec, deadline.left_s, price, n, crossed)
    except ConfigError:
        if not used_up:
            raise
        kept = Kept(fit.spec, price(fit.spec), LEAST)
        needed = kept.cost.seconds - (1 - LEAST) * kept.cost.training_s
        session.console.warn(Said(used_up, budget=duration(deadline.budget_s), needed=duration(needed / MARGIN)))
        deadline.extend(needed / MARGIN)
    deadline.expect(kept.cost.fits, kept.after_s + (1 - MARGIN) * deadline.left_s, calibration.prices)
    for sentence in kept.said:
        session.console.warn(sentence)
    parts = {**kept.cost.parts, "training": kept.share * kept.cost.parts["training"]}
    session.tell(Estimate(parts, session.passed_s, (), kept.cost.disk_bytes, kept.cost.memory_bytes))
    return fit.changed(kept.spec)


def compared_within_limits(
    session: Session,
    calibration: Calibration,
    strategies: Mapping[str, Strategy],
    backbone: Backbone,
    requests: Sequence[Request],
    spec: CompareSpec,
) -> tuple[CompareSpec, Trials | None]:
    """Tell how long a comparison will take; with a budget, options that keep it.

    Raises:
        ConfigError: a budget that is too small for anything; the message names the smallest that would do.
    """
    deadline = session.context.deadline
    if deadline is None:
        trials = None
        with session.optional("An estimate of the time"):
            trials = estimate_compare(calibration, strategies, backbone, requests, spec, session.passed_s)
            session.tell(trials.estimate if trials else None)
        return spec, trials

    def price(options: CompareSpec) -> Trials:
        found = estimate_compare(calibration, strategies, backbone, requests, options, session.passed_s)
        assert found is not None  # with a budget there is always one
        return found

    price(spec)  # measuring takes its time too: what is left is known after it
    kept = keep_trials(spec, deadline.left_s, price)
    after = kept.after_s + (1 - MARGIN) * deadline.left_s
    deadline.expect(kept.fits(fit_name), after, calibration.prices)
    for sentence in kept.said:
        session.console.warn(sentence)
    session.tell(kept.trials.estimate)
    return kept.spec, kept.trials


def set_aside_for_verdict(
    session: Session, calibration: Calibration, seen: Extraction, labelled: int, spec: PretrainSpec
) -> None:
    """Of a pretraining's time, keep what its verdict and its report will take.

    Args:
        session: of the run.
        calibration: measures on the data.
        seen: the extraction, by which the seconds of an example's features are known.
        labelled: examples that two probes are fitted to; 0 without a verdict.
        spec: the options.

    Raises:
        ConfigError: nothing would be left to train in; the message names the smallest budget that would do.
    """
    deadline = session.context.deadline
    if deadline is None:
        return
    each = seen.seconds / seen.computed if seen.computed else UNKNOWN_S
    heads = calibration.heads_s(Work(2 * repeats_for(labelled) * FOLDS), labelled) if labelled else 0.0
    after = each * (labelled + min(SPREAD, len(calibration.data))) + heads
    after += calibration.report_s(spec.pictures)
    left = MARGIN * deadline.left_s - after
    if left <= 0:
        passed = session.passed_s
        raise ConfigError(
            Said(
                "budget.too_small",
                budget=repr(spec.budget),
                passed=duration(passed),
                needed=write_duration(1.2 * (passed + after)),
            )
        )
    deadline.expect([PlannedFit(1.0)], after + (1 - MARGIN) * deadline.left_s)
    deadline.begin_fit()


def told_of_training(training: Mapping[str, object], budget_s: float | None) -> Sequence[Said]:
    """What the budget did to the training whose weights were taken."""
    limit = training.get("limit")
    if not limit or budget_s is None:
        return []
    steps, full = training["steps"], training["full_steps"]
    return [Said(f"budget.{limit}", budget=duration(budget_s), steps=f"{steps:,}", full=f"{full:,}")]
