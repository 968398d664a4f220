"""What a fit of a dense task will take: features and views of all pictures, steps of every training, predictions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.deadline import PlannedFit
from jeoni.dense.rows import map_bytes
from jeoni.dense.transfer import Transfer
from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.estimate import Estimate
from jeoni.specs import FitSpec, PlanSpec
from jeoni.types import Dataset

__all__ = ["LEAST", "ArmCost", "DenseArm", "DenseCost", "arm_cost", "arms_for", "dense_cost"]

LEAST = 60  # pictures from which on a test set is kept
FORWARD = 1 / 3  # of a step's time, without gradients


@dataclass(frozen=True)
class DenseArm:
    """One side of a run: the transfer itself, or its control.

    Attributes:
        transfer: how.
        backbone: what it starts from.
        fits: how many models are trained.
        held: pictures that each of them predicts.
    """

    transfer: Transfer
    backbone: Backbone
    fits: int
    held: int


@dataclass(frozen=True)
class ArmCost:
    """What one arm takes.

    Attributes:
        views_s: of the random views of all pictures.
        training_s: of the steps of one fit.
        other_s: of the predictions of one fit.
        fits: how many.
        disk_bytes: of the views.
        kind: of its trainings, by which a deadline knows what a step takes.
        step_s: of one step; 0 where nothing is trained.
    """

    views_s: float
    training_s: float
    other_s: float
    fits: int
    disk_bytes: int
    kind: Hashable = None
    step_s: float = 0.0

    @property
    def seconds(self) -> float:
        """In all."""
        return self.views_s + self.fits * (self.training_s + self.other_s)

    @property
    def planned(self) -> list[PlannedFit]:
        """Its fits; the views are made on the way to the first."""
        if not self.fits:
            return []
        first = PlannedFit(self.training_s, self.other_s + self.views_s)
        return [first, *[PlannedFit(self.training_s, self.other_s)] * (self.fits - 1)]


@dataclass(frozen=True)
class DenseCost:
    """What a fit takes: ``arms`` are the transfer and, where there is one, its control."""

    features_s: float
    arms: tuple[ArmCost, ...]
    report_s: float
    disk_bytes: int

    @property
    def fixed_s(self) -> float:
        """Seconds of all but the steps of trainings."""
        trained = sum(arm.fits * arm.training_s for arm in self.arms)
        return self.features_s + sum(arm.seconds for arm in self.arms) - trained + self.report_s

    @property
    def training_s(self) -> float:
        """Seconds of all trainings at full length."""
        return sum(arm.fits * arm.training_s for arm in self.arms)

    @property
    def fits(self) -> list[PlannedFit]:
        """In the order in which they are made."""
        return [fit for arm in self.arms for fit in arm.planned]

    @property
    def prices(self) -> dict[Hashable, float]:
        """Seconds of a step by the kind of training."""
        return {arm.kind: arm.step_s for arm in self.arms if arm.step_s}

    def estimate(self, before_s: float) -> Estimate:
        """By part."""
        first, *rest = self.arms
        parts = {
            "features": self.features_s + first.views_s,
            "training": first.seconds - first.views_s,
            "control": sum(arm.seconds for arm in rest),
            "report": self.report_s,
        }
        return Estimate({name: s for name, s in parts.items() if s}, before_s, (), self.disk_bytes)


def dense_cost(
    calibration: Calibration, arms: Sequence[DenseArm], some: Examples, n: int, pictures: bool = True
) -> DenseCost:
    """Measure a few seconds of each arm's work.

    Args:
        calibration: measures on the data.
        arms: the transfer, and its control.
        some: a few labelled pictures, on which steps are timed.
        n: pictures that are trained on at most.
        pictures: whether the report has any.
    """
    requests = [Request(arm.backbone, arm.transfer.taps(arm.backbone, n)) for arm in arms]
    features_s = calibration.features_s(requests)
    costs = tuple(arm_cost(calibration, arm, some, n) for arm in arms)
    disk = calibration.features_bytes(requests) + sum(arm.disk_bytes for arm in costs)
    return DenseCost(features_s, costs, calibration.report_s(pictures), disk)


def arm_cost(calibration: Calibration, arm: DenseArm, some: Examples, n: int) -> ArmCost:
    """Measure a few seconds of one arm's work; arguments as of :func:`dense_cost`."""
    transfer, backbone = arm.transfer, arm.backbone
    recipe = transfer.resolved(backbone, n)
    taps = tuple(m.tap for m in transfer.network(backbone, n).kept)
    step_s = transfer.step_s(backbone, some, calibration.context)
    if not step_s:  # nothing is trained
        return ArmCost(0.0, 0.0, transfer.memorise_s(backbone, some, n, calibration.context), arm.fits, 0)
    views_s, disk = 0.0, 0
    if taps and recipe.views:
        views_s = (
            transfer.copies * recipe.views * calibration.features_s([Request(backbone, taps, (1,), recipe.augment)])
        )
        disk = transfer.copies * recipe.views * n * map_bytes(transfer.network(backbone, n).kept)
    predicting = FORWARD * step_s * arm.held * transfer.tiles.usual / recipe.batch_size
    kind = transfer.kind(backbone)
    return ArmCost(views_s, recipe.steps * step_s, predicting, arm.fits, disk, kind, step_s)


def arms_for(data: Dataset, spec: FitSpec | PlanSpec, pairs: Sequence[tuple[Transfer, Backbone]]) -> list[DenseArm]:
    """What will be fitted, and how often; the last of several is the control, of which no model is kept.

    Args:
        data: the pictures.
        spec: folds, and the share that is kept as test set.
        pairs: the transfer with what it starts from, and perhaps its control.
    """
    n, own = len(data), int((data.part == "test").sum())
    crossed = not own and n < LEAST
    held = round(n / spec.folds) if crossed else own or round(spec.test_fraction * n)
    whole = [True, *[False] * (len(pairs) - 1)]
    return [
        DenseArm(transfer, backbone, spec.folds + keeps if crossed else 1, held)
        for (transfer, backbone), keeps in zip(pairs, whole, strict=True)
    ]
