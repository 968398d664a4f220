"""What a candidate of a race will take: one fold, and the whole fit."""

from __future__ import annotations

from collections.abc import Mapping

from jeoni.assessment.holdout import taps_of
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.candidates import Candidate
from jeoni.planning.cost import Fits, cost_of, predictions_s
from jeoni.planning.plan import Expected
from jeoni.planning.price import Price
from jeoni.specs import FitSpec
from jeoni.strategies import build_strategy

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
        training = other = 0.0
        for n, _, work in Fits({inside: 1}).work(strategy, backbone, of):
            training += calibration.training_s(work.trainings)
            other += calibration.heads_s(work, n, str(getattr(strategy, "head", "")), backbone.dim, 1)
            other += predictions_s(calibration, work, train - n)
        return Price(
            fold_s=training + other,
            final_s=cost.seconds,
            once_s=cost.parts["features"] + cost.parts["views"],
            fold_training_s=training,
            final_training_s=cost.training_s,
            step_s=calibration.prices,
            disk_bytes=cost.disk_bytes,
            memory_bytes=cost.memory_bytes,
        )

    return expected
