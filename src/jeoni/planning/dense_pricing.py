"""What each candidate for places in pictures takes: seconds, disk and memory, from a few seconds of its own work.

Larger frames are not measured: their pixels are, and all that is computed grows with these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.dense_cost import ArmCost, DenseArm, arm_cost
from jeoni.planning.dense_memory import dense_peak_bytes
from jeoni.planning.dense_rules import DenseCandidate
from jeoni.planning.price import Price

__all__ = ["Priced", "price_candidates"]

Some = Callable[[DenseArm], Examples]
"""A few labelled pictures with the rows that an arm needs."""


@dataclass(frozen=True)
class Priced:
    """A candidate with what it takes.

    Attributes:
        arm: how it is fitted, and how often.
        cost: of its own fits, those of the control not among them.
        price: of the whole run.
    """

    arm: DenseArm
    cost: ArmCost
    price: Price


@dataclass(frozen=True)
class _Part:
    """One arm, measured in the usual frame."""

    features_s: float
    features_bytes: int
    cost: ArmCost
    memory_bytes: int

    def times(self, scale: float) -> _Part:
        """In frames of that many times the pixels."""
        cost = self.cost
        larger = ArmCost(
            scale * cost.views_s,
            scale * cost.training_s,
            scale * cost.other_s,
            cost.fits,
            round(scale * cost.disk_bytes),
            cost.kind,
            scale * cost.step_s,
        )
        return _Part(
            scale * self.features_s, round(scale * self.features_bytes), larger, round(scale * self.memory_bytes)
        )


def price_candidates(
    calibration: Calibration,
    arms: Mapping[DenseCandidate, DenseArm],
    some: Some,
    n: int,
    *,
    control: bool = True,
    pictures: bool = True,
) -> dict[DenseCandidate, Priced]:
    """Measure the candidates in the usual frame, and tell those in larger ones by their pixels.

    Args:
        calibration: measures on the data.
        arms: of each candidate, its backbone in the candidate's frame.
        some: gives a few labelled pictures.
        n: pictures that are learned from at most.
        control: whether the run has a control: the same head, trained on the untrained backbone as it stands.
        pictures: whether its report has any.
    """
    report_s = calibration.report_s(pictures)
    usual = {one: _measured(calibration, arm, some(arm), n) for one, arm in arms.items() if one.side is None}
    parts = {}
    for one in arms:
        plain = DenseCandidate(one.strategy, one.head, None, one.trains)
        parts[one] = usual[plain] if one.side is None else usual[plain].times(_pixels(arms[one]) / _pixels(arms[plain]))
    found = {}
    for one, arm in arms.items():
        part = parts[one]
        own_s = part.features_s + part.cost.seconds
        beside = parts.get(DenseCandidate("probe", one.head, one.side, one.trains)) if control else None
        control_s = beside.features_s + beside.cost.seconds if beside else 0.0
        control_bytes = beside.features_bytes + beside.cost.disk_bytes if beside else 0
        disk = part.features_bytes + part.cost.disk_bytes + control_bytes
        fold_s = part.cost.views_s + part.cost.training_s + part.cost.other_s
        price = Price(fold_s, own_s + control_s + report_s, disk_bytes=disk, memory_bytes=part.memory_bytes)
        found[one] = Priced(arm, part.cost, price)
    return found


def _measured(calibration: Calibration, arm: DenseArm, some: Examples, n: int) -> _Part:
    requests = [Request(arm.backbone, arm.transfer.taps(arm.backbone, n))]
    features_s, features_bytes = calibration.features_s(requests), calibration.features_bytes(requests)
    memory = dense_peak_bytes(arm.transfer, arm.backbone, n)
    return _Part(features_s, features_bytes, arm_cost(calibration, arm, some, n), memory)


def _pixels(arm: DenseArm) -> float:
    rows = arm.backbone.input.example_rows(1)
    return float(rows.shape[1] * rows.shape[2])
