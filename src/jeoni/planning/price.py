"""What a candidate of a race is expected to take, and how far its trainings are shortened so that it can be tried."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from jeoni.deadline import Deadline, PlannedFit
from jeoni.planning.budget import MARGIN, TELLING

__all__ = ["Price", "length_within"]

FOLDS_WANTED = 2  # of a candidate that is shortened: one fold alone is soon won by chance


@dataclass(frozen=True)
class Price:
    """What a candidate is expected to take.

    Attributes:
        fold_s: seconds of one fold of the race, trainings at full length.
        final_s: seconds of the whole fit, with ``once_s``.
        once_s: seconds of the features and random views that the first fold computes for all that follow.
        fold_training_s: of ``fold_s``, those of trainings.
        final_training_s: of ``final_s``, those of trainings.
        step_s: seconds of a step, by the kind of training.
        disk_bytes: that it adds to the feature store.
        memory_bytes: of the process at its peak, roughly.
    """

    fold_s: float
    final_s: float
    once_s: float = 0.0
    fold_training_s: float = 0.0
    final_training_s: float = 0.0
    step_s: Mapping[Hashable, float] = field(default_factory=dict, repr=False)
    disk_bytes: int = 0
    memory_bytes: int = 0

    def fold_at(self, length: float) -> float:
        """Seconds of one fold whose trainings have this share of their full length."""
        return self.fold_s - (1 - length) * self.fold_training_s

    def final_at(self, length: float) -> float:
        """Seconds of the whole fit at this share, when features and views are there."""
        return max(0.0, self.final_s - self.once_s - (1 - length) * self.final_training_s)

    def deadline_of_fold(self, length: float) -> Deadline:
        """By which a fold of this share must be done; it begins now."""
        deadline = Deadline(self.fold_at(length))
        other = self.fold_s - self.fold_training_s
        deadline.expect([PlannedFit(self.fold_training_s, other)], prices=self.step_s)
        return deadline


def length_within(price: Price, left_s: float, fit_follows: bool = True) -> float:
    """The share of their full length at which trainings of a candidate can be tried, and the winner be fitted after.

    Long enough for two folds if it can be, else for one; 0 where it would be too short to tell anything.

    Args:
        price: of the candidate.
        left_s: seconds.
        fit_follows: whether the whole fit must end by then too.

    Example:
        >>> price = Price(fold_s=110.0, final_s=200.0, once_s=50.0, fold_training_s=100.0, final_training_s=100.0)
        >>> [round(length_within(price, left_s), 2) for left_s in (1000.0, 300.0, 200.0, 100.0)]
        [1.0, 0.54, 0.26, 0.0]
    """
    for folds in range(FOLDS_WANTED, 0, -1):
        training = folds * price.fold_training_s + (price.final_training_s if fit_follows else 0.0)
        other = price.once_s + folds * price.fold_at(0.0) + (price.final_at(0.0) if fit_follows else 0.0)
        length = (MARGIN * left_s - other) / training
        if length >= TELLING:
            return min(1.0, length)
    return 0.0
