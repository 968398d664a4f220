"""What a candidate of a race will take: one fold, and the whole fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jeoni.assessment.holdout import taps_of
from jeoni.deadline import PlannedFit
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.candidates import Candidate
from jeoni.planning.cost import Fits, cost_of, predictions_s
from jeoni.planning.plan import Expected
from jeoni.planning.price import Price
from jeoni.specs import FitSpec
from jeoni.strategies import build_strategy
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.expected import expected_trial
from jeoni.strategies.finetuning.tuning import can_tell

__all__ = ["expected_by"]


def expected_by(calibration: Calibration, spec: FitSpec, train: int, least: Mapping[bool, int]) -> Expected:
    """Prices of candidates.

    Args:
        calibration: measures on the data; one serves all candidates.
        spec: the options of the fit.
        train: examples that are learned from.
        least: examples from which on a test set is kept, for a probe (True) and for what is trained (False).
    """
    of = len(calibration.data)
    inside = round(train * (1 - 1 / spec.folds))

    def expected(candidate: Candidate) -> Price:
        backbone = candidate.source.backbone
        strategy, probe = candidate.strategy(spec), build_strategy("probe", spec, spec.head_settings)
        own = {name: value for name, value in candidate.options.items() if name not in ("backbone", "set")}
        chosen = spec.changed(**own, control=False)
        requests = [Request(backbone, taps_of(strategy, backbone, of))]
        cost = cost_of(calibration, strategy, probe, backbone, requests, chosen, least)
        head = str(getattr(strategy, "head", ""))

        def fit_of(n: int, trial: bool = False) -> PlannedFit:
            """To ``n`` examples, after which the others are predicted; or the trial that comes first in it."""
            works = [work for _, _, work in Fits({n: 1}).work(strategy, backbone, of)]
            if not works:
                return PlannedFit(0.0)
            work = works[0]
            if trial:
                work = replace(work, trainings=tuple(expected_trial(training, n) for training in work.trainings))
            other = calibration.heads_s(work, n, head, backbone.dim, 1) + predictions_s(calibration, work, train - n)
            return PlannedFit(calibration.training_s(work.trainings), other)

        fold = fit_of(inside)
        tried = isinstance(strategy, Finetune) and not candidate.control and can_tell(train)
        return Price(
            fold_s=fold.at(1.0),
            final_s=cost.seconds,
            once_s=cost.parts["features"] + cost.parts["views"],
            fold_training_s=fold.training_s,
            final_training_s=cost.training_s,
            trial=fit_of(train, trial=True) if tried else None,
            step_s=calibration.prices,
            disk_bytes=cost.disk_bytes,
            memory_bytes=cost.memory_bytes,
        )

    return expected
