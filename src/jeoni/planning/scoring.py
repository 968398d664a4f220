"""What scoring backbones has to compute, and how long that takes by a calibration."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni import distributed
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.estimate import Cheaper, Estimate
from jeoni.specs import ScoreSpec
from jeoni.training.work import Work

__all__ = ["estimate_score"]

FEW = 200  # items below which a calibration would be the longest part


def estimate_score(
    calibration: Calibration, requests: Sequence[Request], spec: ScoreSpec, before_s: float
) -> Estimate | None:
    """Of ``score``; None where it is short, or several processes share it. The scores count as a head each time.

    Args:
        calibration: measures on the items.
        requests: features that will be computed.
        spec: the options.
        before_s: seconds that have passed.
    """
    n = len(calibration.data)
    if n < FEW or distributed.world_size() > 1:
        return None
    candidates = sum(len(request.taps) for request in requests)
    features = calibration.features_s(requests)
    heads = 2 * candidates * calibration.heads_s(Work(1), round(n * (1 - spec.test_fraction)))
    rest = calibration.report_s(False)
    top_only = Cheaper("no --stages", features + heads * len(requests) / candidates + rest)
    return Estimate(
        {"features": features, "heads": heads, "report": rest}, before_s, (top_only,) if spec.stages else ()
    )
