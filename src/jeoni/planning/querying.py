"""What a query has to compute, and how long that takes by a calibration."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni import distributed
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.estimate import Cheaper, Estimate
from jeoni.specs import QuerySpec
from jeoni.training.work import Work

__all__ = ["estimate_query"]

FEW = 200  # items below which a calibration would be the longest part


def estimate_query(
    calibration: Calibration, requests: Sequence[Request], spec: QuerySpec, before_s: float
) -> Estimate | None:
    """Of ``query``; None where it is short, or several processes share it.

    Args:
        calibration: measures on the items.
        requests: features that will be computed.
        spec: the options.
        before_s: seconds that have passed.
    """
    if len(calibration.data) < FEW or distributed.world_size() > 1:
        return None
    parts = {"features": calibration.features_s(requests)}
    rest = calibration.report_s(spec.pictures and not spec.simulate)
    if not spec.simulate:
        return Estimate({**parts, "report": rest}, before_s)
    one = calibration.heads_s(Work(1), spec.budget)
    curves = len({*spec.methods, "random"}) * spec.draws
    heads = 2 * curves * len(spec.counts) * one  # to choose by, and to score
    few = Cheaper("--draws 3 --rounds 5", parts["features"] + heads * 15 / (spec.draws * len(spec.counts)) + rest)
    return Estimate({**parts, "heads": heads, "report": rest}, before_s, (few,))
