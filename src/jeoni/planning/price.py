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
        once_s: seconds of the features and random views that are computed once for all that follows.
        fold_training_s: of ``fold_s``, those of trainings.
        final_training_s: of ``final_s``, those of trainings.
        trial: what comes first in the whole fit, a training on a part of the examples; None where there is none.
        step_s: seconds of a step, by the kind of training.
        disk_bytes: that it adds to the feature store.
        memory_bytes: of the process at its peak, roughly.
    """

    fold_s: float
    final_s: float
    once_s: float = 0.0
    fold_training_s: float = 0.0
    final_training_s: float = 0.0
    trial: PlannedFit | None = None
    step_s: Mapping[Hashable, float] = field(default_factory=dict, repr=False)
    disk_bytes: int = 0
    memory_bytes: int = 0

    @property
    def fold(self) -> PlannedFit:
        """A fold of the race."""
        return PlannedFit(self.fold_training_s, self.fold_s - self.fold_training_s)

    @property
    def first(self) -> PlannedFit:
        """What a candidate begins with: its trial, or a fold."""
        return self.trial or self.fold

    @property
    def rest(self) -> PlannedFit:
        """The whole fit when features and views are there, and the trial, where there is one."""
        training, other = self.final_training_s, self.final_s - self.final_training_s - self.once_s
        if self.trial is not None:
            training, other = training - self.trial.training_s, other - self.trial.other_s
        return PlannedFit(max(0.0, training), max(0.0, other))

    def deadline_of(self, fit: PlannedFit, length: float) -> Deadline:
        """By which a fit that begins now must be done, when its trainings have this share of their full length."""
        deadline = Deadline(fit.at(length))
        deadline.expect([fit], prices=self.step_s)
        return deadline


def length_within(price: Price, left_s: float, fit_follows: bool = True) -> float:
    """The share of their full length at which trainings of a candidate can be tried, and the winner be fitted after.

    Long enough for the trial; where there is none, for two folds if it can be, else for one. 0 where it would be too
    short to tell anything.

    Args:
        price: of the candidate.
        left_s: seconds.
        fit_follows: whether the whole fit must end by then too.

    Example:
        >>> price = Price(fold_s=110.0, final_s=200.0, once_s=50.0, fold_training_s=100.0, final_training_s=100.0)
        >>> [round(length_within(price, left_s), 2) for left_s in (1000.0, 300.0, 200.0, 100.0)]
        [1.0, 0.54, 0.39, 0.0]
    """
    last = price.rest if fit_follows else PlannedFit(0.0)
    for rounds in (1,) if price.trial else range(FOLDS_WANTED, 0, -1):
        training = rounds * price.first.training_s + last.training_s
        other = price.once_s + rounds * price.first.other_s + last.other_s
        length = (MARGIN * left_s - other) / training if training else 0.0
        if length >= TELLING:
            return min(1.0, length)
    return 0.0
