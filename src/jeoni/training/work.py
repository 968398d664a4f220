"""What fitting will have to compute, said beforehand: so that it can be told how long it takes."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.training.defaults import ResolvedRecipe

__all__ = ["BEST_MOMENT", "FORWARD", "Training", "Work", "evaluation_steps", "whole_steps"]

EVALUATIONS = 15  # passes over what is held out: ten while training, five for the way back to the start
FORWARD = 1 / 3  # of a step's time, without gradients
BEST_MOMENT = 0.6  # of all steps: where the held-out part stops on average; a training repeated on all goes no further


@dataclass(frozen=True)
class Training:
    """One training of the stages above a cut.

    Attributes:
        backbone: whose.
        frozen: stages below the cut.
        recipe: all its defaults resolved.
        steps: of whole batches that are expected to be made, evaluations in units of steps among them.
        statistics: whether batch normalisation uses batch statistics.
    """

    backbone: Backbone
    frozen: int
    recipe: ResolvedRecipe
    steps: float
    statistics: bool = False

    @property
    def kind(self) -> tuple[str, int, int, str, bool]:
        """Trainings of one kind take the same time for a step."""
        recipe = self.recipe
        return self.backbone.fingerprint, self.frozen, recipe.batch_size, recipe.precision, self.statistics

    @property
    def views(self) -> int:
        """Random views of each example whose rows at the cut are computed and kept."""
        return self.recipe.views if self.backbone.input.varied else 0


@dataclass(frozen=True)
class Work:
    """All that one fit has to compute.

    Attributes:
        heads: heads that are fitted to features.
        trainings: of stages.
    """

    heads: int = 0
    trainings: tuple[Training, ...] = ()

    def __add__(self, other: Work) -> Work:
        """One after the other."""
        return Work(self.heads + other.heads, (*self.trainings, *other.trainings))


def whole_steps(steps: float, n: int, batch_size: int) -> float:
    """Steps on ``n`` examples in steps of whole batches: one has no more examples than there are.

    Example:
        >>> whole_steps(40, 8, 32), whole_steps(40, 100, 32)
        (10.0, 40.0)
    """
    return steps * min(1.0, n / batch_size)


def evaluation_steps(held: int, batch_size: int) -> float:
    """What the evaluations of a held-out part take, in steps of a training.

    Example:
        >>> evaluation_steps(64, 32)
        10.0
    """
    return EVALUATIONS * FORWARD * held / batch_size
