"""What the candidates of a race will take: a trial, one fold, and the whole fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jeoni.assessment.holdout import Strategy, taps_of
from jeoni.backbones.backbone import Backbone
from jeoni.deadline import PlannedFit
from jeoni.features.extract import Request
from jeoni.planning.budget import TELLING
from jeoni.planning.calibration import Calibration
from jeoni.planning.candidates import Candidate
from jeoni.planning.cost import Fits, cost_of, predictions_s
from jeoni.planning.price import Price
from jeoni.specs import FitSpec
from jeoni.strategies import build_strategy
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.expected import expected_trial
from jeoni.strategies.finetuning.tuning import can_tell
from jeoni.training.work import Work

__all__ = ["Pricing"]


@dataclass(frozen=True)
class Pricing:
    """Tells what candidates take.

    Attributes:
        calibration: measures on the data; one serves all candidates.
        spec: the options of the fit.
        train: examples that are learned from.
        least: examples from which on a test set is kept, for a probe (True) and for what is trained (False).
    """

    calibration: Calibration
    spec: FitSpec
    train: int
    least: Mapping[bool, int]

    def price(self, candidate: Candidate) -> Price:
        """Of one candidate; what is not known yet is timed."""
        backbone, spec, of = candidate.source.backbone, self.spec, len(self.calibration.data)
        strategy, probe = candidate.strategy(spec), build_strategy("probe", spec, spec.head_settings)
        own = {name: value for name, value in candidate.options.items() if name not in ("backbone", "set")}
        chosen = spec.changed(**own, control=False)
        requests = [Request(backbone, taps_of(strategy, backbone, of))]
        cost = cost_of(self.calibration, strategy, probe, backbone, requests, chosen, self.least)
        fold = self._fit(candidate, strategy, round(self.train * (1 - 1 / spec.folds)))
        # without suspects the fit is one to fewer examples, and begins with another training
        goes_on = isinstance(strategy, Finetune) and not candidate.control and not spec.drop_suspects
        return Price(
            fold_s=fold.at(1.0),
            final_s=cost.seconds,
            once_s=cost.parts["features"] + cost.parts["views"],
            fold_training_s=fold.training_s,
            final_training_s=cost.training_s,
            trial=self._fit(candidate, strategy, self.train, trial=True) if goes_on and can_tell(self.train) else None,
            step_s=self.calibration.prices,
            disk_bytes=cost.disk_bytes,
            memory_bytes=cost.memory_bytes,
        )

    def example_s(self, backbone: Backbone) -> float:
        """Seconds of one example through the whole backbone, not compiled."""
        return self.calibration.stage_cost(backbone).above(0)

    def least_s(self, candidate: Candidate) -> float:
        """Seconds that it takes at the least to price a candidate and to try it, told without timing anything."""
        strategy = candidate.strategy(self.spec)
        work = self._work(candidate, strategy, self.train)
        return sum(self.calibration.least_s(training, TELLING) for training in work.trainings)

    def _fit(self, candidate: Candidate, strategy: Strategy, n: int, trial: bool = False) -> PlannedFit:
        """To ``n`` examples, after which the others are predicted; or the trial that comes first in it."""
        work, dim = self._work(candidate, strategy, n), candidate.source.backbone.dim
        if trial:
            work = replace(work, trainings=tuple(expected_trial(training, n) for training in work.trainings))
        heads = self.calibration.heads_s(work, n, str(getattr(strategy, "head", "")), dim, 1)
        other = heads + predictions_s(self.calibration, work, self.train - n)
        return PlannedFit(self.calibration.training_s(work.trainings), other)

    def _work(self, candidate: Candidate, strategy: Strategy, n: int) -> Work:
        works = Fits({n: 1}).work(strategy, candidate.source.backbone, len(self.calibration.data))
        return works[0][2] if works else Work()
